"""A template's `Parameters`: their types, constraints and values.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.intrinsics.dynamic_references import ExternalValues, Reference
from samlocal.documents.node import Unknown
from samlocal.errors import MissingParameter, MissingParameterError, ParameterError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from samlocal.documents.node import Node

_SSM_VALUE: Final = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")
_LIST: Final = re.compile(r"CommaDelimitedList|List<.+>")
_NUMBERS: Final = frozenset({"Number", "List<Number>"})


@frozen
class Parameter:
    """One entry of a template's `Parameters`."""

    name: str
    type: str
    node: Node

    @property
    def ssm_type(self) -> str | None:
        """For an SSM parameter type, the type of the value in SSM."""
        match = _SSM_VALUE.fullmatch(self.type)
        return match[1] if match else None

    @property
    def is_list(self) -> bool:
        return _LIST.fullmatch(self.ssm_type or self.type) is not None


def read_parameters(section: Node | None) -> dict[str, Parameter]:
    """Return the parameters that a template's `Parameters` section declares.

    Raises:
        TemplateError: the section, or one of its entries, is not a mapping.
    """
    if section is None:
        return {}
    parameters: dict[str, Parameter] = {}
    for name, node in section.entries("`Parameters`").items():
        node.entries(f"parameter `{name}`")
        kind = node.get("Type")
        parameters[name] = Parameter(
            name=name, type=kind.text(f"the type of `{name}`") if kind else "String", node=node
        )
    return parameters


def parameter_value(
    parameter: Parameter, given: str | Unknown | None, external: ExternalValues
) -> str | list[str] | Unknown:
    """Return a parameter's value: the given one, or else its `Default`.

    For an SSM parameter type, that is the name of the SSM parameter, and `external` has its value.

    Raises:
        ParameterError: it has no value, or one that its declaration does not allow.
    """
    value = _default(parameter) if given is None else given
    if value is None:
        raise MissingParameterError(
            f"parameter `{parameter.name}` has no value",
            place=parameter.node.place,
            hint=f"give it one: --parameter-overrides {parameter.name}=…",
        )
    if isinstance(value, str):
        _check(parameter, _split(value) if parameter.is_list else [value])
    if isinstance(value, str) and parameter.ssm_type:
        value = external.get(Reference(service="ssm", name=value))
    if isinstance(value, Unknown) or not parameter.is_list:
        return value
    return _split(value)


def value_or_unknown(
    parameter: Parameter,
    given: str | Unknown | None,
    external: ExternalValues,
    *,
    nested_in: str | None,
) -> str | list[str] | Unknown:
    """Return a parameter's value; one without a value is unknown, which may not matter to a function.

    `nested_in` is the nested stack that the parameter belongs to. A given value for an SSM parameter
    type is the value itself, as in sam, unless a source has an SSM parameter of that name.

    Raises:
        ParameterError: the given value is not allowed by the declaration.
    """
    if isinstance(given, str) and nested_in is None:
        external.provenance.add([f"--parameter-overrides {parameter.name}"])
        if parameter.ssm_type and not external.is_name(Reference(service="ssm", name=given)):
            return _split(given) if parameter.is_list else given
    try:
        value = parameter_value(parameter, given, external)
    except ParameterError as error:
        if given is not None and nested_in is None:
            raise
        has_none = isinstance(error, MissingParameterError)
        missing = MissingParameter(
            name=parameter.name,
            place=error.place or parameter.node.place,
            refused=None if has_none else error.message,
            hint=None if has_none else error.hint,
            nested_in=nested_in,
        )
        return Unknown(reason=missing.problem, missing=(missing,))
    if isinstance(value, Unknown) and parameter.ssm_type and nested_in is None:
        return _with_remedy(value, parameter)
    return value


def _with_remedy(unknown: Unknown, parameter: Parameter) -> Unknown:
    remedy = f"give the value: --parameter-overrides {parameter.name}=…"
    return replace(unknown, hint=f"{remedy}; or {unknown.hint}" if unknown.hint else remedy)


def _split(text: str) -> list[str]:
    return [item.strip() for item in text.split(",")] if text else []


def _default(parameter: Parameter) -> str | None:
    node = parameter.node.get("Default")
    if node is None:
        return None
    if isinstance(node.value, tuple):
        return ",".join(item.text(f"an item of `{parameter.name}`") for item in node.value)
    return "" if node.value is None else node.text(f"the default of `{parameter.name}`")


def _check(parameter: Parameter, values: Sequence[str]) -> None:
    for value in values:
        _check_number(parameter, value)
        _check_choice(parameter, value)
        _check_pattern(parameter, value)
        _check_length(parameter, value)


def _refused(parameter: Parameter, value: str, key: str, expected: str) -> ParameterError:
    description = parameter.node.get("ConstraintDescription")
    explanation = description.optional_text() if description else None
    node = parameter.node.get(key) or parameter.node
    return ParameterError(
        f"parameter `{parameter.name}` cannot be {f'`{value}`' if value else 'empty'}",
        place=node.place,
        hint=explanation or expected,
    )


def _check_number(parameter: Parameter, value: str) -> None:
    if parameter.type not in _NUMBERS:
        return
    try:
        number = float(value)
    except ValueError:
        raise _refused(parameter, value, "Type", "it must be a number") from None
    for key, word, sign in (("MinValue", "least", 1), ("MaxValue", "most", -1)):
        limit = _limit(parameter, key)
        if limit is not None and sign * (number - limit) < 0:
            raise _refused(parameter, value, key, f"it must be at {word} {limit:g}")


def _check_choice(parameter: Parameter, value: str) -> None:
    allowed = parameter.node.get("AllowedValues")
    if allowed is None:
        return
    choices = [item.text("an allowed value") for item in allowed.items("`AllowedValues`")]
    if value not in choices:
        listed = ", ".join(f"`{choice}`" for choice in choices)
        raise _refused(parameter, value, "AllowedValues", f"allowed values: {listed}")


def _check_pattern(parameter: Parameter, value: str) -> None:
    node = parameter.node.get("AllowedPattern")
    pattern = node.optional_text() if node else None
    if pattern is None:
        return
    try:
        matches = re.fullmatch(pattern, value)
    except re.error:  # CloudFormation uses Java's patterns, which have forms that Python lacks
        return
    if not matches:
        raise _refused(parameter, value, "AllowedPattern", f"it must match `{pattern}`")


def _check_length(parameter: Parameter, value: str) -> None:
    if parameter.is_list:
        return
    for key, word, sign in (("MinLength", "least", 1), ("MaxLength", "most", -1)):
        limit = _limit(parameter, key)
        if limit is not None and sign * (len(value) - limit) < 0:
            raise _refused(parameter, value, key, f"it must have at {word} {limit:g} characters")


def _limit(parameter: Parameter, key: str) -> float | None:
    node = parameter.node.get(key)
    if node is None:
        return None
    text = node.text(f"`{key}`")
    try:
        return float(text)
    except ValueError:
        raise ParameterError(f"`{key}` must be a number, not `{text}`", place=node.place) from None
