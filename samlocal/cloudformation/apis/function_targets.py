"""The functions that URIs, ARNs and references in a template call.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-integration-types.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-apigateway-method-integration.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.marked_text import (
    MARK,
    QUALIFIER_TYPES,
    MarkedText,
    Resource,
    mark_references,
)
from samlocal.cloudformation.functions.index import read_entries
from samlocal.cloudformation.intrinsics.missing_values import combined, unknown_diagnostic
from samlocal.cloudformation.stack.qualifiers import arn_of
from samlocal.cloudformation.stack.stack import FUNCTION_TYPES, Stack
from samlocal.diagnostics import Diagnostic, error_diagnostic
from samlocal.documents.node import Unknown
from samlocal.errors import ProjectError, TemplateError
from samlocal.function import FunctionEntry
from samlocal.project.apis import FunctionTarget
from samlocal.suggestions import did_you_mean, quoted

if TYPE_CHECKING:
    from samlocal.documents.node import Node

_INVOCATIONS: Final = "invocations"
_STREAMING_INVOCATIONS: Final = "response-streaming-invocations"
_URI: Final = re.compile(
    rf"""
    arn: [^:]* :apigateway: [^:]* :lambda:path/
    (?P<version> [^/]+ ) /functions/ (?P<function> .+ )
    / (?: {_INVOCATIONS} | {_STREAMING_INVOCATIONS} ) /?
    """,
    re.VERBOSE,
)
# A function's name or ARN, as Lambda takes it. A mark stands for a value that is not text.
_FUNCTION: Final = re.compile(
    r"""
    (?: (?: arn:[^:]*:lambda: )? (?: [a-z0-9-]*: )? (?: [^:]+: )? function: )?
    (?P<name> [^:/\s]+ )
    (?: : (?P<qualifier> [^:/\s]+ ) )?
    """,
    re.VERBOSE,
)
_STAGE_VARIABLE: Final = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}")

# Returns the functions of a stack, with the logical ids that they have in it.
ReadEntries = Callable[[Stack], Sequence[FunctionEntry]]


class FunctionTargets:
    """The functions of a project's stacks, for what calls them.

    A reference is followed to the function itself, through parameters and outputs of nested stacks, so that functions
    of the same name in several stacks are told apart. `read` gives the functions of a stack.
    """

    def __init__(self, stacks: Sequence[Stack], read: ReadEntries = read_entries) -> None:
        self._stacks = stacks
        self._read = read

    def of_uri(
        self, stack: Stack, node: Node, variables: Mapping[str, str] | None = None
    ) -> FunctionTarget | Diagnostic:
        """Return the function of an integration's or an authorizer's URI, or why there is none.

        The URI is `arn:PARTITION:apigateway:REGION:lambda:path/2015-03-31/functions/ARN/invocations`, that of
        `2021-11-15` which streams, or a function's ARN. `variables` are the values of `${stageVariables.NAME}`.
        """
        return self._of(stack, node, variables or {}, is_uri=True)

    def of_reference(
        self, stack: Stack, node: Node, variables: Mapping[str, str] | None = None
    ) -> FunctionTarget | Diagnostic:
        """Return the function of a name, an ARN or a reference to a function, an alias or a version.

        Where there is none, return why.
        """
        return self._of(stack, node, variables or {}, is_uri=False)

    def _of(
        self, stack: Stack, node: Node, variables: Mapping[str, str], *, is_uri: bool
    ) -> FunctionTarget | Diagnostic:
        try:
            marked = mark_references(stack, node)
            text = _with_stage_variables(marked.text, variables, node)
            if is_uri and (uri := _URI.fullmatch(text)):
                text = uri["function"]
            return self._target(stack, node, MarkedText(text=text, marked=marked.marked))
        except ProjectError as error:
            return error_diagnostic(error)

    def _target(self, stack: Stack, node: Node, called: MarkedText) -> FunctionTarget | Diagnostic:
        match = _FUNCTION.fullmatch(called.text)
        name, qualifier = (match["name"], match["qualifier"]) if match else ("", None)
        used = {mark[0]: called.marked[int(mark[1])] for mark in MARK.finditer(called.text)}
        if unknowns := [each for each in used.values() if isinstance(each, Unknown)]:
            message = "the function that is called here cannot be resolved"
            return unknown_diagnostic(message, node, combined(unknowns))
        resource = used.pop(name, None)
        if match is None or used:
            message = f"`{called.shown}` is not the URI or ARN of a function"
            return Diagnostic(message=message, place=node.place)
        if isinstance(resource, Resource):
            return self._of_resource(resource, qualifier, node)
        return self._of_name(stack, name, qualifier, node)

    def _of_resource(
        self, resource: Resource, qualifier: str | None, node: Node
    ) -> FunctionTarget | Diagnostic:
        stack, logical_id = resource.stack, resource.logical_id
        if entry := self._by_id.get((stack, logical_id)):
            return FunctionTarget(function=entry.full_path, qualifier=qualifier)
        if stack.resource_type(logical_id) in QUALIFIER_TYPES:
            return self._of_version_or_alias(resource)
        condition = stack.resources[logical_id].get("Condition")
        if stack.resource_type(logical_id) in FUNCTION_TYPES and condition is not None:
            return Diagnostic(
                message=f"`{logical_id}` is not part of the stack:"
                f" its condition `{condition.optional_text()}` is false",
                place=node.place,
                hint="give other values with --parameter-overrides",
            )
        return Diagnostic(
            message=f"`{logical_id}` is not a function that runs locally:"
            f" its type is `{stack.resource_type(logical_id)}`",
            place=node.place,
        )

    def _of_version_or_alias(self, resource: Resource) -> FunctionTarget | Diagnostic:
        stack, logical_id = resource.stack, resource.logical_id
        function = stack.properties(logical_id).get("FunctionName")
        if function is None:
            return Diagnostic(
                message=f"`{logical_id}` has no `FunctionName`", place=stack.place_of(logical_id)
            )
        target = self._of(stack, function, {}, is_uri=False)
        if isinstance(target, Diagnostic):
            return target
        # Of a function in another stack, samlocal has no versions: its local code runs in any case.
        arn = arn_of(stack, logical_id)
        qualifier = arn.rpartition(":")[2] if arn else None
        return FunctionTarget(function=target.function, qualifier=qualifier)

    def _of_name(
        self, stack: Stack, name: str, qualifier: str | None, node: Node
    ) -> FunctionTarget | Diagnostic:
        found = self._by_name.get(name, ())
        nearest = [entry for own, entry in found if own is stack] or [entry for _, entry in found]
        if len(nearest) == 1:
            return FunctionTarget(function=nearest[0].full_path, qualifier=qualifier)
        if nearest:
            return Diagnostic(
                message=f"`{name}` may be any of {len(nearest)} functions:"
                f" {quoted(entry.full_path for entry in nearest)}",
                place=node.place,
                hint="refer to one of them, or give them a `FunctionName`",
            )
        return Diagnostic(
            message=f"`{name}` is not a function of this project",
            place=node.place,
            hint=did_you_mean(name, self._by_name),
        )

    @cached_property
    def _entries(self) -> tuple[tuple[Stack, FunctionEntry], ...]:
        return tuple((stack, entry) for stack in self._stacks for entry in self._read(stack))

    @cached_property
    def _by_id(self) -> Mapping[tuple[Stack, str], FunctionEntry]:
        return {(stack, entry.logical_id): entry for stack, entry in self._entries}

    @cached_property
    def _by_name(self) -> Mapping[str, Sequence[tuple[Stack, FunctionEntry]]]:
        """The functions by their names in AWS; one that CloudFormation would name has its logical id."""
        found: dict[str, list[tuple[Stack, FunctionEntry]]] = {}
        for stack, entry in self._entries:
            name = entry.function_name or entry.logical_id
            found.setdefault(name, []).append((stack, entry))
        return found


def is_streaming_uri(stack: Stack, node: Node) -> bool:
    """Return whether an integration's URI says that the function's response is streamed."""
    try:
        text = mark_references(stack, node).text
    except ProjectError:  # said again when the function is looked for
        return False
    return text.rstrip("/").endswith(_STREAMING_INVOCATIONS)


def _with_stage_variables(text: str, variables: Mapping[str, str], node: Node) -> str:
    def replace(match: re.Match[str]) -> str:
        if match[1] in variables:
            return variables[match[1]]
        raise TemplateError(
            f"the stage has no variable `{match[1]}`",
            place=node.place,
            hint=did_you_mean(match[1], variables),
        )

    return _STAGE_VARIABLE.sub(replace, text)
