"""The resources of CloudFormation that make up APIs, found by the API that they belong to.

The parts of an API may be in other stacks than the API itself: the CDK distributes the methods of a large one.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from samlocal.cloudformation.apis.marked_text import Resource, referred_resources
from samlocal.cloudformation.apis.settings import skipped
from samlocal.cloudformation.functions.properties import Properties
from samlocal.cloudformation.intrinsics.resolver import intrinsic_call
from samlocal.cloudformation.stack.globals import declared_properties
from samlocal.diagnostics import Diagnostic
from samlocal.errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from samlocal.cloudformation.intrinsics.missing_values import MissingValues
    from samlocal.cloudformation.stack.stack import Stack
    from samlocal.documents.node import Node


class ApiResources:
    """The resources of a project's stacks. Those whose condition is false, or which are unreadable, do not exist."""

    def __init__(self, stacks: Sequence[Stack]) -> None:
        self._stacks = stacks
        self._owned: dict[tuple[str, str], dict[Resource | None, list[Resource]]] = {}

    def of_type(self, *kinds: str) -> tuple[Resource, ...]:
        """Return the resources of some types, in the order of the stacks and their templates."""
        return tuple(
            Resource(stack=stack, logical_id=logical_id)
            for stack in self._stacks
            for kind in kinds
            for logical_id in stack.of_type(kind)
            if stack.exists(logical_id) is not False and unreadable(stack, logical_id) is None
        )

    def unreadable(self, kind: str) -> tuple[Diagnostic, ...]:
        """Return why the resources of a type cannot be read that are left out; it is unknown to what they belong."""
        found = (
            unreadable(stack, logical_id)
            for stack in self._stacks
            for logical_id in stack.of_type(kind)
            if stack.exists(logical_id) is not False
        )
        return tuple(each for each in found if each is not None)

    def owned(self, kind: str, name: str, owner: Resource) -> Sequence[Resource]:
        """Return the resources of a type whose property `name` refers to an owner."""
        key = (kind, name)
        if key not in self._owned:
            found: dict[Resource | None, list[Resource]] = {}
            for resource in self.of_type(kind):
                node = declared_property(resource, name)
                found.setdefault(self.referred(resource.stack, node), []).append(resource)
            self._owned[key] = found
        return self._owned[key].get(owner, ())

    def referred(self, stack: Stack, node: Node | None, *kinds: str) -> Resource | None:
        """Return the resource that a value refers to: the first of some types, if there are any.

        Values that other stacks export are followed. A text that is a logical ID is a reference, as for sam: templates
        that other programs have resolved are full of them.
        """
        if node is None:
            return None
        try:
            for resource in _named(stack, node) or referred_resources(stack, node):
                if not kinds or resource.stack.resource_type(resource.logical_id) in kinds:
                    return resource
            match intrinsic_call(node):
                case ("Fn::ImportValue", name):
                    exported = self._exports.get(stack.optional_text(name) or "")
                    return self.referred(*exported, *kinds) if exported else None
        except ProjectError:  # as good as a reference to nothing
            return None
        return None

    @cached_property
    def _exports(self) -> Mapping[str, tuple[Stack, Node]]:
        found: dict[str, tuple[Stack, Node]] = {}
        for stack in self._stacks:
            section = stack.section("Outputs")
            for output in (section.entries("`Outputs`") if section else {}).values():
                export, value = output.get("Export"), output.get("Value")
                name = stack.optional_text(export.get("Name")) if export else None
                if name is not None and value is not None:
                    found[name] = (stack, value)
        return found


def _named(stack: Stack, node: Node) -> tuple[Resource, ...]:
    """Return the resource whose logical ID a value is, if there is one."""
    name = node.value
    if isinstance(name, str) and name in stack.resources:
        return (Resource(stack=stack, logical_id=name),)
    return ()


def unreadable(stack: Stack, logical_id: str) -> Diagnostic | None:
    """Return why the properties of a resource cannot be read, such as a missing include; None if they can."""
    try:
        stack.properties(logical_id)
    except ProjectError as error:
        return skipped(f"`{logical_id}`", error)
    return None


def declared_property(resource: Resource, name: str) -> Node | None:
    """Return a property as it is declared; None if there is none."""
    return resource.stack.properties(resource.logical_id).get(name)


def settings_of(resource: Resource, missing: MissingValues) -> Properties:
    """Return the properties of a resource.

    Raises:
        TemplateError: They are not a mapping.
    """
    stack = resource.stack
    return Properties(declared_properties(stack, resource.logical_id), stack.resolver, missing)


def orphans(
    resources: ApiResources, kind: str, name: str, owner_kind: str, *others: str
) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each resource of a type whose property `name` does not refer to one of its owners."""
    for resource in resources.of_type(kind):
        stack, logical_id = resource.stack, resource.logical_id
        node = declared_property(resource, name)
        if resources.referred(stack, node, owner_kind, *others) is None:
            yield Diagnostic(
                message=f"skipping `{logical_id}`: `{name}` is not an `{owner_kind}` of this project",
                place=node.place if node else stack.place_of(logical_id),
            )
