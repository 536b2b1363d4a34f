"""Nested stacks: resources of a template that are templates themselves.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-application.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stack.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.intrinsics.missing_values import unknown_because, unknown_diagnostic
from samlocal.cloudformation.intrinsics.resolver import find_unknown
from samlocal.cloudformation.stack.resource_metadata import metadata, resource_id
from samlocal.cloudformation.stack.stack import Given, Stack
from samlocal.cloudformation.stack.unread_stack import UnreadStack
from samlocal.documents.document import load
from samlocal.documents.local_paths import local_path
from samlocal.documents.node import Unknown
from samlocal.errors import TemplateError, TemplateNotFoundError

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.documents.document import Document
    from samlocal.documents.node import Node

_LOCATIONS: Final = {
    "AWS::Serverless::Application": "Location",
    "AWS::CloudFormation::Stack": "TemplateURL",
}
_REMOTE: Final = ("s3://", "https://", "http://")
_MAX_STACKS: Final = 500
_MAX_DEPTH: Final = 30


class NestedStackLoader:
    """Opens nested stacks at any depth; each file is read once."""

    def __init__(self) -> None:
        self._documents: dict[Path, Document] = {}
        self._count = 0

    def open(self, stack: Stack, *, within: tuple[Path, ...] = ()) -> None:
        """Open the stacks nested in `stack`; `within` are the templates of the stacks around it.

        A stack that cannot be read is added to `stack.unread`.

        Raises:
            TemplateError: there are too many nested stacks.
        """
        here = (*within, stack.document.path)
        for logical_id in stack.resources:
            property_name = _LOCATIONS.get(stack.resource_type(logical_id) or "")
            if property_name is None or stack.exists(logical_id) is False:
                continue
            self._count += 1
            if self._count > _MAX_STACKS or len(here) > _MAX_DEPTH:
                raise TemplateError(
                    "there are too many nested stacks", place=stack.place_of(logical_id)
                )
            opened = self._opened(stack, logical_id, property_name, here)
            if isinstance(opened, UnreadStack):
                stack.unread[logical_id] = opened
            else:
                stack.children[logical_id] = opened
                self.open(opened, within=here)

    def _opened(
        self, stack: Stack, logical_id: str, property_name: str, within: tuple[Path, ...]
    ) -> Stack | UnreadStack:
        try:
            location = _location(stack, logical_id, property_name)
            if isinstance(location.value, Unknown):
                return _unread(logical_id, location, location.value, is_error=False)
            child = self._child(stack, logical_id, location, within)
            _ = child.resources
        except TemplateError as error:
            unknown = unknown_because(error)
            return _unread(logical_id, stack.resources[logical_id], unknown, is_error=True)
        return child

    def _child(
        self, stack: Stack, logical_id: str, location: Node, within: tuple[Path, ...]
    ) -> Stack:
        text = location.text("the location of a nested stack")
        named = text.removeprefix("file://")
        path = local_path(stack.directory, named, location.place).resolve()
        self._count += 1
        if path in {outer.resolve() for outer in within}:
            raise TemplateError(f"`{text}` is nested in itself", place=location.place)
        name = _name(stack, logical_id)
        return Stack(
            self._load(path, text, location),
            given=_given(stack, logical_id),
            context=stack.context,
            external=stack.external,
            boundary=stack.boundary,
            path=f"{stack.path}/{name}" if stack.path else name,
            parent=(stack, logical_id),
        )

    def _load(self, path: Path, text: str, location: Node) -> Document:
        if path not in self._documents:
            try:
                self._documents[path] = load(path)
            except TemplateNotFoundError as exc:
                raise TemplateError(
                    f"no template at `{text}`", place=location.place, hint=f"looked for `{path}`"
                ) from exc
        return self._documents[path]


def _name(stack: Stack, logical_id: str) -> str:
    """Return a nested stack's id, as in sam, or its logical id if the id is not unique."""
    name = resource_id(stack.resources[logical_id])
    taken = {child.path.rpartition("/")[2] for child in stack.children.values()}
    return logical_id if name is None or name in taken or name in stack.resources else name


def _unread(logical_id: str, node: Node, unknown: Unknown, *, is_error: bool) -> UnreadStack:
    diagnostic = unknown_diagnostic(f"skipping the nested stack `{logical_id}`", node, unknown)
    return UnreadStack(logical_id=logical_id, diagnostic=diagnostic, is_error=is_error)


def _location(stack: Stack, logical_id: str, property_name: str) -> Node:
    """Return the location of a nested template, or why it is not on this machine."""
    resource = stack.resources[logical_id]
    section = resource.get("Metadata")
    asset = section.get("aws:asset:path") if section else None
    if asset and metadata(resource, "aws:asset:property") == property_name:
        return asset
    node = stack.properties(logical_id).get(property_name)
    node = stack.resolver.reduce(node) if node else None
    text = node.optional_text() if node else None
    if node is not None and text is not None and not text.startswith(_REMOTE):
        return node
    if node and isinstance(node.value, Unknown):
        return node
    reason = f"`{text or property_name}` is not on this machine"
    if node and (application := node.get("ApplicationId")):
        reason = f"it is the application {_application_id(stack, application)}"
    place = node.place if node else stack.place_of(logical_id)
    return resource.with_value(Unknown(reason=reason, place=place))


def _application_id(stack: Stack, node: Node) -> str:
    """Return the id of an application in the AWS Serverless Application Repository, for a message."""
    node = stack.resolver.resolve(node)
    known = f"`{node.optional_text()}`" if node.optional_text() else f"({node.kind})"
    return f"{known} of the AWS Serverless Application Repository"


def _given(stack: Stack, logical_id: str) -> Given:
    """Return a function that gives a nested stack's parameter values from its parent."""

    def given(name: str) -> str | Unknown | None:
        section = stack.properties(logical_id).get("Parameters")
        section = stack.resolver.reduce(section) if section else None
        if section and isinstance(section.value, Unknown):
            return section.value
        node = section.get(name) if section else None
        if node is None:
            return None
        node = stack.resolver.resolve(node)
        if unknown := find_unknown(node):
            return unknown
        if isinstance(node.value, tuple):
            return ",".join(item.text(f"an item of `{name}`") for item in node.value)
        return None if node.value is None else node.text(f"parameter `{name}`")

    return given
