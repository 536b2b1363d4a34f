"""A stack: one template, its parameter values and its context, in whose scope values are resolved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.intrinsics.conditions import NamedConditions
from samlocal.cloudformation.intrinsics.intrinsic_functions import INTRINSICS
from samlocal.cloudformation.intrinsics.resolver import Resolver, UnknownValueError
from samlocal.cloudformation.intrinsics.transforms import TRANSFORM, expand_section
from samlocal.cloudformation.stack import references
from samlocal.cloudformation.stack.includes import read_include, root_with_includes
from samlocal.cloudformation.stack.parameters import Parameter, read_parameters, value_or_unknown
from samlocal.documents.node import Node, Unknown
from samlocal.errors import ProjectError, TemplateError
from samlocal.suggestions import did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.cloudformation.intrinsics.dynamic_references import ExternalValues
    from samlocal.cloudformation.intrinsics.provenance import Trace
    from samlocal.cloudformation.intrinsics.pseudo_parameters import StackContext
    from samlocal.cloudformation.stack.resource_scope import SamResources
    from samlocal.cloudformation.stack.unread_stack import UnreadStack
    from samlocal.diagnostics import Diagnostic
    from samlocal.documents.document import Document
    from samlocal.documents.node import Value
    from samlocal.errors import Place

FUNCTION_TYPES: Final = frozenset({"AWS::Serverless::Function", "AWS::Lambda::Function"})

# The value of a parameter from a parent stack or the command line; None if there is none.
Given = Callable[[str], "str | Unknown | None"]


class Stack:
    """One template, its parameters' values and its context.

    `path` is the path through nested stacks, empty for a root stack. `parent` is the stack that
    contains this one, and its logical id there. `children` are the nested stacks by logical id, and
    `unread` those that cannot be read. `is_used` is true after an output was read. Files that the
    template includes must be inside `boundary`.
    """

    def __init__(
        self,
        document: Document,
        *,
        given: Given,
        context: StackContext,
        external: ExternalValues,
        boundary: Path,
        path: str = "",
        parent: tuple[Stack, str] | None = None,
    ) -> None:
        self.document = document
        self.given = given
        self.context = context
        self.external = external
        self.boundary = boundary
        self.path = path
        self.parent = parent
        self.children: dict[str, Stack] = {}
        self.unread: dict[str, UnreadStack] = {}
        self.is_used = False
        self.resolver = Resolver(self, INTRINSICS)
        self._sections: dict[str, Node | None] = {}
        self._conditions = NamedConditions(lambda: self.section("Conditions"), self.resolver)
        self._values: dict[tuple[str, ...], tuple[Value, tuple[Trace, ...]]] = {}
        self._included: dict[str, Node] = {}
        self._diagnostics: dict[Diagnostic, None] = {}

    def with_document(self, document: Document) -> Stack:
        """Return a copy of this stack with another template."""
        return Stack(
            document,
            given=self.given,
            context=self.context,
            external=self.external,
            boundary=self.boundary,
            path=self.path,
            parent=self.parent,
        )

    @property
    def directory(self) -> Path:
        """The template's directory, which relative paths start from."""
        return self.document.path.parent

    @property
    def transforms(self) -> tuple[Node, ...]:
        """The transforms of the whole template."""
        node = self.document.root.get("Transform")
        if node is None:
            return ()
        return node.value if isinstance(node.value, tuple) else (node,)

    @cached_property
    def root(self) -> Node:
        """The template with its top-level includes."""
        return root_with_includes(self)

    def section(self, name: str) -> Node | None:
        """Return a top-level section with its loops and includes expanded; None if it is empty."""
        if name not in self._sections:
            section = self.root.get(name)
            if section is not None:
                section = expand_section(section, self.resolver)
            self._sections[name] = None if section is None or section.value is None else section
        return self._sections[name]

    @cached_property
    def parameters(self) -> Mapping[str, Parameter]:
        return read_parameters(self.section("Parameters"))

    @cached_property
    def pseudo_parameters(self) -> Mapping[str, str | list[str]]:
        return self.context.pseudo_parameters()

    @cached_property
    def resources(self) -> Mapping[str, Node]:
        """Every resource by its logical id.

        Raises:
            TemplateError: the template has no `Resources`, or they are not a mapping.
        """
        section = self.section("Resources")
        if section is None:
            raise TemplateError("the template has no `Resources`", place=self.document.root.place)
        return {
            logical_id: (
                expand_section(resource, self.resolver) if resource.get(TRANSFORM) else resource
            )
            for logical_id, resource in section.entries("`Resources`").items()
        }

    @cached_property
    def generated(self) -> SamResources:
        """The resources that SAM generates, for references to them."""
        from samlocal.cloudformation.stack.generated_resources import generated_resources  # noqa: PLC0415  # rarely needed

        return generated_resources(self)

    def resource(self, logical_id: str) -> Node | None:
        """Return a resource of the template, or one that SAM generates."""
        resource = self.resources.get(logical_id)
        return resource or self.generated.resources.get(logical_id)

    def place_of(self, logical_id: str) -> Place:
        """Return the place of a resource's name in the template."""
        return (self.section("Resources") or self.document.root).place_of(logical_id)

    def resource_type(self, logical_id: str) -> str | None:
        resource = self.resource(logical_id)
        kind = resource.get("Type") if resource else None
        return kind.optional_text() if kind else None

    def of_type(self, resource_type: str) -> tuple[str, ...]:
        """Return the logical ids of the template's resources of a type, in its order."""
        return self._by_type.get(resource_type, ())

    @cached_property
    def _by_type(self) -> Mapping[str | None, tuple[str, ...]]:
        found: dict[str | None, list[str]] = {}
        for logical_id in self.resources:
            found.setdefault(self.resource_type(logical_id), []).append(logical_id)
        return {resource_type: tuple(names) for resource_type, names in found.items()}

    def properties(self, logical_id: str) -> Mapping[str, Node]:
        """Return a resource's properties, unresolved."""
        resource = self.resource(logical_id)
        node = resource.get("Properties") if resource else None
        node = self.resolver.reduce(node) if node else None
        return node.value if node and isinstance(node.value, dict) else {}

    def exists(self, logical_id: str) -> bool | None:
        """Return whether a resource's `Condition` is true; None if it cannot be resolved locally."""
        try:
            result = self.condition_of(logical_id)
        except ProjectError:  # raised again when the resource is resolved
            return None
        return None if isinstance(result, Unknown) else result

    def condition_of(self, logical_id: str) -> bool | Unknown:
        """Return whether a resource's `Condition` is true, or why it cannot be resolved locally.

        Raises:
            TemplateError: there is no such condition, or it is invalid.
        """
        condition = self.resources[logical_id].get("Condition")
        if condition is None:
            return True
        try:
            return self.condition(condition.text("a condition"), condition)
        except UnknownValueError as exc:
            return exc.unknown

    def optional_text(self, node: Node | None) -> str | None:
        """Return the resolved text of a value; None if it is not text or unknown."""
        resolved = self.optional_value(node)
        return resolved.optional_text() if resolved else None

    def optional_value(self, node: Node | None) -> Node | None:
        """Return a resolved value, without a diagnostic about it; None if it has an error."""
        if node is None:
            return None
        try:
            resolved, _ = self.external.provenance.of(self.resolver.resolve, node)
        except ProjectError:
            return None
        return resolved

    def reference(self, name: str, at: Node) -> Node:
        return at.with_value(
            self._compute_once(("reference", name), lambda: self._reference(name, at))
        )

    def attribute(self, logical_id: str, attribute: str, at: Node) -> Node:
        key = ("attribute", logical_id, attribute)
        return at.with_value(
            self._compute_once(key, lambda: self._attribute(logical_id, attribute, at))
        )

    def output(self, name: str, at: Node) -> Node:
        """Return the value of one of the stack's outputs, to its parent.

        Raises:
            TemplateError: there is no such output.
        """
        return at.with_value(self._compute_once(("output", name), lambda: self._output(name, at)))

    def _compute_once(self, key: tuple[str, ...], compute: Callable[[], Node]) -> Value:
        """Compute a value once: nested references would take exponential time otherwise."""
        if key not in self._values:
            self._values[key] = self.external.provenance.of(lambda: compute().value)
        value, traces = self._values[key]
        if not self.external.provenance.add(traces):
            self._diagnostics.update({each: None for each in traces if not isinstance(each, str)})
        return value

    def _reference(self, name: str, at: Node) -> Node:
        if name in self.parameters:
            value = value_or_unknown(
                self.parameters[name],
                self.given(name),
                self.external,
                nested_in=self.parent[1] if self.parent else None,
            )
            return at.with_value(value) if isinstance(value, Unknown) else at.with_data(value)
        if name in self.pseudo_parameters:
            return at.with_data(self.pseudo_parameters[name])
        resource = references.reference(self, name, at)
        if resource is not None:
            return at.with_value(resource)
        known = (*self.parameters, *self.pseudo_parameters, *self.resources)
        raise TemplateError(
            f"no parameter or resource `{name}`", place=at.place, hint=did_you_mean(name, known)
        )

    def _attribute(self, logical_id: str, attribute: str, at: Node) -> Node:
        if logical_id in self.children and attribute.startswith("Outputs."):
            return self.children[logical_id].output(attribute.removeprefix("Outputs."), at)
        if logical_id in self.unread and attribute.startswith("Outputs."):
            return at.with_value(self.unread[logical_id].output(attribute))
        node = references.attribute(self, logical_id, attribute, at)
        if node is None:
            hint = did_you_mean(logical_id, self.resources)
            raise TemplateError(f"no resource `{logical_id}`", place=at.place, hint=hint)
        return node

    def _output(self, name: str, at: Node) -> Node:
        self.is_used = True
        section = self.section("Outputs")
        outputs = section.entries("`Outputs`") if section else {}
        value = outputs[name].get("Value") if name in outputs else None
        if value is None:
            raise TemplateError(
                f"`{self.document.path.name}` has no output `{name}`",
                place=at.place,
                hint=did_you_mean(name, outputs),
            )
        return self.resolver.resolve(value)

    def condition(self, name: str, at: Node) -> bool:
        """Return whether a condition is true.

        Raises:
            TemplateError: there is no such condition, or it depends on itself.
            UnknownValueError: it depends on a value that cannot be resolved locally.
        """
        return self._conditions.evaluate(name, at)

    def mapping(self, name: str) -> Node | None:
        section = self.section("Mappings")
        mapping = section.entries("`Mappings`").get(name) if section else None
        return expand_section(mapping, self.resolver) if mapping else None

    def include(self, location: str, at: Node) -> Node:
        """Return the content of an `AWS::Include`: see `read_include`."""
        if location not in self._included:
            self._included[location] = read_include(
                location,
                at,
                directory=self.directory,
                boundary=self.boundary,
                external=self.external,
            )
        return self._included[location]

    def add_diagnostic(self, diagnostic: Diagnostic) -> None:
        """Add a diagnostic about the value that is being computed, or else about the stack."""
        if not self.external.provenance.add([diagnostic]):
            self._diagnostics.setdefault(diagnostic)

    def drain_diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return the diagnostics of the stack and clear them."""
        diagnostics = tuple(self._diagnostics)
        self._diagnostics.clear()
        return diagnostics
