"""A call of a deployed function, as Lambda's Invoke takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, get_args

from samlocal.errors import UsageError
from samlocal.frozen_dataclass import frozen
from samlocal.invocation import InvocationType
from samlocal.suggestions import did_you_mean, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LogType = Literal["None", "Tail"]

# Those of https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html that a user may set, with their values.
_PARAMETERS: Final[Mapping[str, tuple[str, ...]]] = {
    "ClientContext": (),
    "DurableExecutionName": (),
    "InvocationType": get_args(InvocationType),
    "LogType": get_args(LogType),
    "Qualifier": (),
    "TenantId": (),
}
_SET_OTHERWISE: Final = {
    "FunctionName": "RESOURCE_ID names the function",
    "Payload": "`--event` and `--event-file` name the event",
}


@frozen
class DeployedCall:
    """One invocation of the function that `function`, a name or an ARN, names.

    `parameters` are the other members of the request, such as `Qualifier`; their `ClientContext` is base64.
    """

    function: str
    payload: bytes
    parameters: Mapping[str, str]

    @property
    def invocation_type(self) -> str:
        return self.parameters.get("InvocationType", "RequestResponse")

    @property
    def request(self) -> dict[str, object]:
        """All members of the request."""
        return {**self.parameters, "FunctionName": self.function, "Payload": self.payload}


def read_parameters(given: Iterable[str], **options: str | None) -> dict[str, str]:
    """Return the parameters of `KEY=VALUE` texts, and of options that are not None.

    Raises:
        UsageError: A text is malformed, or names no parameter of Invoke; a value is not one that Lambda
            takes; or a text and an option give different values.
    """
    parameters: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise UsageError(f"`--parameter {text}` is not KEY=VALUE")
        _check_name(name)
        _set(parameters, name, value)
    for name, chosen in options.items():
        if chosen is not None:
            _set(parameters, name, chosen)
    return parameters


def _set(parameters: dict[str, str], name: str, value: str) -> None:
    values = _PARAMETERS[name]
    if values and value not in values:
        raise UsageError(
            f"`{value}` is not a value of `{name}`",
            hint=did_you_mean(value, values) or f"the values are {quoted(values)}",
        )
    if parameters.setdefault(name, value) != value:
        raise UsageError(
            f"`{name}` has two values: `{parameters[name]}` and `{value}`", hint="keep one of them"
        )


def _check_name(name: str) -> None:
    if name in _PARAMETERS:
        return
    if name in _SET_OTHERWISE:
        raise UsageError(f"`--parameter` cannot set `{name}`", hint=_SET_OTHERWISE[name])
    raise UsageError(
        f"Invoke has no parameter `{name}`",
        hint=did_you_mean(name, _PARAMETERS) or f"it has {quoted(_PARAMETERS)}",
    )
