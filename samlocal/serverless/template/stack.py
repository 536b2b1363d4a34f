"""The stack that a service would be deployed as, compiled resource by resource.

What a service does not say itself, such as the resources that its events need, is not made.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.stack.stack import Stack
from samlocal.diagnostics import error_diagnostic
from samlocal.documents.document import Document
from samlocal.errors import ProjectError
from samlocal.serverless.template.functions import FUNCTION_TYPE, FunctionCompiler
from samlocal.serverless.template.generated import (
    event_resources,
    generated_resource,
    generated_types,
)
from samlocal.serverless.template.layers import (
    LAYER_TYPE,
    compile_layer,
    compile_requirements_layer,
    has_requirements_layer,
)
from samlocal.serverless.template.logical_ids import (
    PYTHON_REQUIREMENTS_LAYER,
    function_id,
    layer_id,
)
from samlocal.serverless.template.merging import with_entries
from samlocal.serverless.template.resource_nodes import ResourceBuilder
from samlocal.serverless.template.resources import extended
from samlocal.serverless.template.versions import compile_event_invoke_config, compile_versions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from samlocal.cloudformation.intrinsics.dynamic_references import ExternalValues
    from samlocal.cloudformation.intrinsics.pseudo_parameters import StackContext
    from samlocal.cloudformation.stack.resource_scope import SamResources
    from samlocal.diagnostics import Diagnostic
    from samlocal.documents.node import Node
    from samlocal.errors import Place
    from samlocal.serverless.template.service import Service

_RESOURCES: Final = "Resources"


class ServiceStack(Stack):
    """A stack whose resources are made when they are needed.

    `resources` has each resource as far as it is known: all of them with their type.
    """

    def __init__(
        self,
        service: Service,
        *,
        parameters: Mapping[str, str],
        context: StackContext,
        external: ExternalValues,
        boundary: Path,
    ) -> None:
        document = Document(
            path=service.variables.configuration.path, root=service.root.with_value({})
        )
        super().__init__(
            document,
            given=parameters.get,
            context=context,
            external=external,
            boundary=boundary,
        )
        self._service = service
        self._functions = {function_id(key): key for key in service.functions.keys}
        self._layers = {layer_id(key): key for key in service.layers.keys}
        self._generated_types = generated_types(service)
        self._made: set[str] = set()

    def compile_function(
        self, key: str, *, replaced: frozenset[str] = frozenset(), for_api: bool = False
    ) -> tuple[Diagnostic, ...]:
        """Make the resource of a function, with all that belongs to it, and return what was guessed.

        Raises:
            ProjectError: The function cannot run as it is configured.
        """
        logical_id = function_id(key)
        compiler = FunctionCompiler(self._service, key, replaced=replaced, for_api=for_api)
        resource = compiler.compile()
        self.resources[logical_id] = extended(self._service, logical_id, resource) or resource
        self._made.add(logical_id)
        more = compile_versions(self._service, key)
        if for_api:
            more |= compile_event_invoke_config(self._service, key)
        self.resources.update(more)
        self._made.update(more)
        if for_api:
            for name in self.of_type("AWS::Lambda::EventInvokeConfig"):
                self._make(name)
        return tuple(compiler.diagnostics)

    def compile_events(self) -> tuple[Diagnostic, ...]:
        """Make the resources of the events that answer requests over HTTP, and return what is said about them."""
        from samlocal.serverless.template.events import compile_events  # noqa: PLC0415  # for servers

        made = compile_events(self._service)
        failures = list(made.failures)
        for logical_id, resource in made.resources.items():
            try:
                whole = extended(self._service, logical_id, resource)
            except ProjectError as error:
                failures.append(error_diagnostic(error))
                whole = None
            self.resources[logical_id] = whole or resource
            self._made.add(logical_id)
        return tuple(failures)

    def section(self, name: str) -> Node | None:
        """Return a section of the template; None if it is empty."""
        if name == _RESOURCES:
            return with_entries(self._service.root, self.resources)
        if name not in self._sections:
            self._sections[name] = self._service.resources.value(name)
        return self._sections[name]

    @cached_property
    def resources(self) -> dict[str, Node]:
        """Every resource by its logical id, as far as it is made."""
        types = {
            **self._generated_types,
            **dict.fromkeys(self._functions, FUNCTION_TYPE),
            **dict.fromkeys(self._layers, LAYER_TYPE),
        }
        if has_requirements_layer(self._service):
            types[PYTHON_REQUIREMENTS_LAYER] = LAYER_TYPE
        root = self._service.root
        made = {
            logical_id: ResourceBuilder(kind, root).node() for logical_id, kind in types.items()
        }
        own = self._service.resources.node(_RESOURCES)
        for logical_id, node in own.entries("`Resources`").items() if own and own.value else ():
            if logical_id in made:
                continue
            found = node
            if not isinstance(node.value, dict):
                found = self._service.resources.node(_RESOURCES, logical_id) or node
            made[logical_id] = found
        return made

    @cached_property
    def generated(self) -> SamResources:
        """The resources that events may make, for references to them."""
        return event_resources(self._service)

    def _make(self, logical_id: str) -> Node:
        """Return a resource with its properties; a function has only its name until it is compiled."""
        if logical_id in self._made:
            return self.resources[logical_id]
        generated = self._generate(logical_id)
        resource = extended(self._service, logical_id, generated)
        if resource is not None:
            self.resources[logical_id] = resource
        self._made.add(logical_id)
        return self.resources[logical_id]

    def _generate(self, logical_id: str) -> Node | None:
        if logical_id in self._functions:
            key = self._functions[logical_id]
            at = self._service.functions.node(key) or self._service.root
            resource = ResourceBuilder(FUNCTION_TYPE, at)
            resource.add_text("FunctionName", self._service.function_name(key))
            return resource.node()
        if logical_id in self._layers:
            return compile_layer(self._service, self._layers[logical_id])
        if logical_id == PYTHON_REQUIREMENTS_LAYER and has_requirements_layer(self._service):
            return compile_requirements_layer(self._service)
        kind = self._generated_types.get(logical_id)
        return generated_resource(self._service, logical_id, kind) if kind else None

    def resource(self, logical_id: str) -> Node | None:
        """Return a resource with all its properties; None if there is none."""
        return self._make(logical_id) if logical_id in self.resources else None

    def resource_type(self, logical_id: str) -> str | None:
        """Return the type of a resource, without making it."""
        resource = self.resources.get(logical_id)
        kind = resource.get("Type") if resource else None
        text = kind.optional_text() if kind else None
        if text and "${" in text:
            kind = self._service.resources.value(_RESOURCES, logical_id, "Type")
            return kind.optional_text() if kind else None
        return text

    def of_type(self, resource_type: str) -> tuple[str, ...]:
        """Return the logical ids of the resources of a type."""
        return tuple(each for each in self.resources if self.resource_type(each) == resource_type)

    def place_of(self, logical_id: str) -> Place:
        """Return the place of a function, of a layer, or of a resource in the configuration."""
        for keys, section in (
            (self._functions, self._service.functions),
            (self._layers, self._service.layers),
        ):
            if logical_id in keys:
                return section.place_of(keys[logical_id])
        return self.resources[logical_id].place
