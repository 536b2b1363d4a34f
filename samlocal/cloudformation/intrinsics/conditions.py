"""Conditions with three values: true, false and unknown.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.intrinsics.missing_values import combined
from samlocal.cloudformation.intrinsics.resolver import UnknownValueError
from samlocal.documents.node import Unknown, scalar_text
from samlocal.errors import TemplateError
from samlocal.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from samlocal.cloudformation.intrinsics.resolver import Resolver
    from samlocal.documents.node import Node

_MAX_OPERANDS: Final = 10


def evaluate_condition(condition: Node, resolver: Resolver) -> bool:
    """Return whether a condition is true.

    Raises:
        TemplateError: it is not a condition.
        UnknownValueError: it depends on a value that cannot be resolved locally.
    """
    if isinstance(condition.value, bool):  # another function has already evaluated it
        return condition.value
    if not isinstance(condition.value, dict) or len(condition.value) != 1:
        raise TemplateError(f"a condition cannot be {condition.kind}", place=condition.place)
    ((name, argument),) = condition.value.items()
    match name:
        case "Condition":
            return resolver.scope.condition(argument.text("a condition"), condition)
        case "Fn::Equals":
            return equals(argument, resolver)
        case "Fn::Not":
            (operand,) = _operands(argument, name, 1, 1)
            return not evaluate_condition(operand, resolver)
        case "Fn::And":
            return not _any(_operands(argument, name, 2, _MAX_OPERANDS), resolver, wanted=False)
        case "Fn::Or":
            return _any(_operands(argument, name, 2, _MAX_OPERANDS), resolver, wanted=True)
        case _:
            raise TemplateError(f"`{name}` is not a condition function", place=condition.place)


class NamedConditions:
    """The `Conditions` of a template, each evaluated once."""

    def __init__(self, section: Callable[[], Node | None], resolver: Resolver) -> None:
        self._section = section
        self._resolver = resolver
        self._decided: dict[str, bool | Unknown] = {}
        self._being_decided: list[str] = []

    def evaluate(self, name: str, at: Node) -> bool:
        """Return whether a condition is true.

        Raises:
            TemplateError: there is no such condition, or it depends on itself.
            UnknownValueError: it depends on a value that cannot be resolved locally.
        """
        if name not in self._decided:
            self._decided[name] = self._decide(name, at)
        decided = self._decided[name]
        if isinstance(decided, Unknown):
            raise UnknownValueError(decided)
        return decided

    def _decide(self, name: str, at: Node) -> bool | Unknown:
        section = self._section()
        conditions = section.entries("`Conditions`") if section else {}
        if name not in conditions:
            hint = did_you_mean(name, conditions)
            raise TemplateError(f"no condition `{name}`", place=at.place, hint=hint)
        if name in self._being_decided:
            raise TemplateError(f"condition `{name}` depends on itself", place=at.place)
        self._being_decided.append(name)
        try:
            return evaluate_condition(conditions[name], self._resolver)
        except UnknownValueError as exc:
            return exc.unknown
        finally:
            self._being_decided.pop()


def equals(argument: Node, resolver: Resolver) -> bool:
    """Return whether two values are the same, as text."""
    operands = _operands(argument, "Fn::Equals", 2, 2)
    # A condition only chooses between values: its own inputs are not the source of the result.
    (left, right), used = resolver.scope.external.provenance.of(resolver.all_known, operands)
    for trace in used:
        if not isinstance(trace, str):
            resolver.scope.add_diagnostic(trace)
    return _comparable(left.plain()) == _comparable(right.plain())


def _comparable(value: object) -> object:
    match value:
        case str() | int() | float():
            return scalar_text(value)
        case list():
            return [_comparable(item) for item in value]
        case dict():
            return {key: _comparable(entry) for key, entry in value.items()}
        case _:
            return value


def _any(operands: Iterable[Node], resolver: Resolver, *, wanted: bool) -> bool:
    """Return whether an operand is `wanted`; an unknown one does not matter if another is."""
    unknowns: list[Unknown] = []
    for operand in operands:
        try:
            if evaluate_condition(operand, resolver) is wanted:
                return True
        except UnknownValueError as exc:
            unknowns.append(exc.unknown)
    if unknowns:
        raise UnknownValueError(combined(unknowns))
    return False


def _operands(argument: Node, name: str, least: int, most: int) -> tuple[Node, ...]:
    operands = argument.items(f"the argument of `{name}`")
    if not least <= len(operands) <= most:
        expected = str(least) if least == most else f"{least} to {most}"
        raise TemplateError(
            f"`{name}` takes {expected} values, not {len(operands)}", place=argument.place
        )
    return operands
