"""Diagnostics for properties of Lambda that samlocal does not emulate, and for what cannot be invoked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from samlocal.cloudformation.functions.properties import Properties
    from samlocal.cloudformation.stack.stack import Stack

# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html
_PROPERTIES: Final[Mapping[str, str]] = {
    "DurableConfig": "the function runs once, without checkpoints, replay or a durable context",
}
_WEB_FUNCTION_TYPES: Final = frozenset({"AWS::Serverless::WebFunction", "AWS::Lambda::WebFunction"})


def unsupported_properties(properties: Properties) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each property of a function that has no effect locally."""
    for name, instead in _PROPERTIES.items():
        if properties.resolver.may_have_value(properties.entries.get(name)):
            place = properties.node.place_of(name)
            yield Diagnostic(message=f"`{name}` is not emulated: {instead}", place=place)


def web_functions(stack: Stack) -> Mapping[str, Diagnostic]:
    """Return why each web function of a stack is not a function that can be invoked: it serves HTTP."""
    kinds = {logical_id: stack.resource_type(logical_id) for logical_id in stack.resources}
    return {
        logical_id: Diagnostic(
            message=f"`{logical_id}` is a web function (`{kind}`), which has no handler to invoke or debug",
            place=stack.place_of(logical_id),
            hint="`samlocal local start-api` runs its program and serves it",
        )
        for logical_id, kind in kinds.items()
        if kind in _WEB_FUNCTION_TYPES and stack.exists(logical_id) is not False
    }
