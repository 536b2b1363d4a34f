"""Texts of a template in which references to functions stay visible.

The text of an ARN does not say which of two functions of the same name it means; the reference that made it does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.intrinsics.resolver import UnknownValueError, intrinsic_call
from samlocal.documents.node import Node, Unknown
from samlocal.errors import TemplateError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.cloudformation.stack.stack import Stack

QUALIFIER_TYPES: Final = frozenset({"AWS::Lambda::Alias", "AWS::Lambda::Version"})
MARK: Final = re.compile("\0([0-9]+)\0")
# What `Fn::GetAtt` names of functions, and of versions and aliases; None stands for `Ref`.
_FUNCTION_ARNS: Final = frozenset({None, "Arn"})
_QUALIFIER_ARNS: Final = frozenset({None, "AliasArn", "FunctionArn"})
_MAX_REFERENCES: Final = 100  # from one to the next, through parameters and outputs
_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")


@frozen
class Resource:
    """A resource that a value refers to."""

    stack: Stack
    logical_id: str


@frozen
class MarkedText:
    """A text in which a mark stands for each reference to a function, and for each unknown value.

    `MARK` matches a mark, and its group is the index in `marked`.
    """

    text: str
    marked: tuple[Resource | Unknown, ...] = ()

    @property
    def shown(self) -> str:
        """The text for people."""
        return MARK.sub("…", self.text)


def mark_references(stack: Stack, node: Node) -> MarkedText:
    """Return a value as text, with marks for references to functions, versions and aliases.

    Raises:
        ProjectError: A part of it is invalid.
    """
    marked: list[Resource | Unknown] = []
    parts: list[str] = []
    for piece in _pieces(stack, node, 0):
        if isinstance(piece, str):
            parts.append(piece)
        else:
            parts.append(f"\0{len(marked)}\0")
            marked.append(piece)
    return MarkedText(text="".join(parts), marked=tuple(marked))


# The APIs that SAM generates for events that name none.
IMPLICIT_APIS: Final = frozenset({"ServerlessRestApi", "ServerlessHttpApi"})


def referred_resources(stack: Stack, node: Node, depth: int = 0) -> Iterator[Resource]:
    """Yield the resources that a value refers to, also within `Fn::Join` and `Fn::Sub`.

    Raises:
        ProjectError: A part of it is invalid.
    """
    stack, node, depth = find_origin(stack, node, depth)
    match intrinsic_call(node):
        case ("Fn::Join", Node(value=(_, Node(value=tuple(items))))):
            for item in items:
                yield from referred_resources(stack, item, depth + 1)
        case ("Fn::Sub", argument):
            for part in _parts_of_sub(argument):
                if isinstance(part, Node):
                    yield from referred_resources(stack, part, depth + 1)
        case ("Ref", Node(value=str(name))) if name in stack.resources or name in IMPLICIT_APIS:
            yield Resource(stack=stack, logical_id=name)
        case ("Fn::GetAtt", argument) if names := attribute_names(argument):
            if names[0] in stack.resources:
                yield Resource(stack=stack, logical_id=names[0])


def _pieces(stack: Stack, node: Node, depth: int) -> Iterator[str | Resource | Unknown]:
    """Yield the parts of a text; a reference to a function, a version or an alias is a part of its own."""
    stack, node, depth = find_origin(stack, node, depth)
    match intrinsic_call(node):
        case ("Fn::Sub", argument):
            for part in _parts_of_sub(argument):
                if isinstance(part, str):
                    yield part
                else:
                    yield from _pieces(stack, part, depth + 1)
        case ("Fn::Join", Node(value=(Node(value=str(delimiter)), Node(value=tuple(items))))):
            for number, item in enumerate(items):
                if number:
                    yield delimiter
                yield from _pieces(stack, item, depth + 1)
        case call:
            resource = _referenced(stack, node) if call else None
            yield resource or _resolved(stack, node)


def _parts_of_sub(argument: Node) -> Iterator[str | Node]:
    """Yield the texts and the values that `Fn::Sub` joins."""
    template, variables = argument, argument
    if isinstance(argument.value, tuple) and argument.value:
        template, variables = argument.value[0], argument.value[-1]
    text = template.text("the text of `Fn::Sub`")
    end = 0
    for match in _VARIABLE.finditer(text):
        yield text[end : match.start()]
        end = match.end()
        name = match[1].strip()
        if name.startswith("!"):
            yield "${" + name[1:] + "}"
        else:
            yield variables.get(name) or reference_in_sub(template, name)
    yield text[end:]


def reference_in_sub(at: Node, name: str) -> Node:
    """Return the reference that `${NAME}` stands for in `Fn::Sub`."""
    logical_id, dot, attribute = name.partition(".")
    return at.with_data({"Fn::GetAtt": [logical_id, attribute]} if dot else {"Ref": name})


def _resolved(stack: Stack, node: Node) -> str | Unknown:
    resolved = stack.resolver.resolve(node)
    if isinstance(resolved.value, Unknown):
        return resolved.value
    return resolved.text("a part of a function's URI")


def find_origin(stack: Stack, node: Node, depth: int = 0) -> tuple[Stack, Node, int]:
    """Follow a value through conditions, and through parameters and outputs of nested stacks.

    Returns the stack and the value that it leads to, and `depth` with the number of steps.

    Raises:
        TemplateError: It leads back to itself.
    """
    for count in range(depth, _MAX_REFERENCES):
        following = _next(stack, node)
        if following is None:
            return stack, node, count
        stack, node = following
    raise TemplateError("this value refers to itself", place=node.place)


def _next(stack: Stack, node: Node) -> tuple[Stack, Node] | None:
    match intrinsic_call(node):
        case ("Fn::If", Node(value=(Node(value=str(name)) as condition, then, otherwise))):
            try:
                return stack, then if stack.condition(name, condition) else otherwise
            except UnknownValueError:
                return None
        case ("Ref", Node(value=str(name))) if name in stack.parameters and stack.parent:
            parent, logical_id = stack.parent
            given = parent.properties(logical_id).get("Parameters")
            value = given.get(name) if given else None
            return (parent, value) if value else None
        case ("Fn::GetAtt", argument) if names := attribute_names(argument):
            child = stack.children.get(names[0])
            value = _output(child, names[1]) if child else None
            return (child, value) if child and value else None
        case _:
            return None


def _output(stack: Stack, attribute: str) -> Node | None:
    section = stack.section("Outputs")
    output = section.get(attribute.removeprefix("Outputs.")) if section else None
    return output.get("Value") if output else None


def attribute_names(argument: Node) -> tuple[str, str] | None:
    """Return the logical id and the attribute of `Fn::GetAtt`; None if they are not plain text."""
    match argument.value:
        case (Node(value=str(logical_id)), Node(value=str(attribute))):
            return logical_id, attribute
        case str(text):
            logical_id, _, attribute = text.partition(".")
            return logical_id, attribute
        case _:
            return None


def _referenced(stack: Stack, node: Node) -> Resource | None:
    """Return the function, version or alias that a value refers to; None if it is something else."""
    attribute = None
    match intrinsic_call(node):
        case ("Ref", Node(value=str(name))):
            pass
        case ("Fn::GetAtt", argument) if names := attribute_names(argument):
            name, attribute = names
            if ".".join(names) in stack.generated.referable:  # SAM's `Function.Alias`
                name, attribute = ".".join(names), None
        case _:
            return None
    logical_id = name if name in stack.resources else stack.generated.referable.get(name, name)
    kind = stack.resource_type(logical_id) or ""
    allowed = _QUALIFIER_ARNS if kind in QUALIFIER_TYPES else _FUNCTION_ARNS
    is_one = kind in QUALIFIER_TYPES or (logical_id in stack.resources and _is_function(kind))
    return Resource(stack=stack, logical_id=logical_id) if is_one and attribute in allowed else None


def _is_function(kind: str) -> bool:
    return kind.startswith(("AWS::Lambda::", "AWS::Serverless::")) and kind.endswith("Function")
