"""`${cf(REGION):stack.output}`: an output of a stack.

https://www.serverless.com/framework/docs/guides/variables/cf-stack
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.cloudformation.intrinsics.dynamic_references import Reference
from samlocal.errors import UnavailableValueError
from samlocal.serverless.variables.sources.stored_values import find_value

if TYPE_CHECKING:
    from samlocal.documents.node import Node
    from samlocal.serverless.variables.source import SourceRequest, Variables


def read_output(request: SourceRequest, variables: Variables) -> Node | None:
    """Return an output; one of the service's own stack is read from its `resources` if nothing else has it."""
    name = request.required_name("cf:stack.output")
    stack, dot, output = name.partition(".")
    if not dot:
        raise request.error(f"`{name}` is not an output", hint="write `cf:stack.output`")
    region = request.params[0].optional_text() if request.params else None
    reference = Reference(service="cf", name=name, region=region or variables.region)
    try:
        return find_value(request, variables, reference, key=name)
    except UnavailableValueError:
        own = None if region else _own_output(stack, output, variables)
        if own is None:
            raise
        return own


def _own_output(stack: str, output: str, variables: Variables) -> Node | None:
    if stack != _stack_name(variables):
        return None
    return variables.at("resources", "Outputs", output, "Value")


def _stack_name(variables: Variables) -> str | None:
    chosen = variables.at("provider", "stackName")
    if chosen is not None and (name := chosen.optional_text()):
        return name
    service = variables.at("service")
    return f"{service.optional_text()}-{variables.stage}" if service else None
