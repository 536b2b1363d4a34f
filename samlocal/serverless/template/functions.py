"""Functions of a service as resources of a template: `AWS::Lambda::Function`.

https://www.serverless.com/framework/docs/providers/aws/guide/functions
https://www.serverless.com/framework/docs/providers/aws/guide/serverless.yml
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic
from samlocal.errors import ProjectError, TemplateError
from samlocal.serverless.template.api_properties import add_api_properties
from samlocal.serverless.template.built_code import locate_code
from samlocal.serverless.template.environment import compile_environment
from samlocal.serverless.template.images import compile_image
from samlocal.serverless.template.layers import function_layers
from samlocal.serverless.template.modes import add_modes
from samlocal.serverless.template.resource_nodes import ResourceBuilder
from samlocal.serverless.template.sections import is_set

if TYPE_CHECKING:
    from samlocal.documents.node import Node
    from samlocal.serverless.template.service import Service

FUNCTION_TYPE: Final = "AWS::Lambda::Function"
_MEMORY_MB: Final = 1024
_TIMEOUT_SECONDS: Final = 6
# The runtime of a function that names none, by the major version of Serverless.
_DEFAULT_RUNTIMES: Final = {3: "nodejs16.x", 4: "nodejs20.x"}
_DEFAULT_VERSION: Final = 3


class FunctionCompiler:
    """Makes the resource of one function.

    The properties in `replaced` are not needed. `for_api` also makes those that only callers of Lambda's API
    notice. `diagnostics` are about values that are guessed.
    """

    def __init__(
        self,
        service: Service,
        key: str,
        *,
        replaced: frozenset[str] = frozenset(),
        for_api: bool = False,
    ) -> None:
        self._service = service
        self._key = key
        self._replaced = replaced
        self._for_api = for_api
        self.diagnostics: list[Diagnostic] = []

    def compile(self) -> Node:
        """Return the resource.

        Raises:
            ProjectError: the function cannot run as it is configured, or a variable cannot be resolved.
        """
        service, key = self._service, self._key
        at = service.functions.node(key)
        if at is None or at.value is None:
            raise TemplateError(f"the function `{key}` is empty", place=service.root.place)
        at.entries(f"the function `{key}`")
        resource = ResourceBuilder(FUNCTION_TYPE, at)
        resource.add_text("FunctionName", service.function_name(key))
        self._add_code(resource, at)
        self._add_limits(resource)
        if variables := compile_environment(service, key):
            resource.add_data("Environment", {"Variables": variables})
        resource.add("Layers", function_layers(service, key))
        add_modes(service, key, resource)
        for name, attribute in (("condition", "Condition"), ("dependsOn", "DependsOn")):
            resource.set_attribute(attribute, service.functions.value(key, name))
        if self._for_api:
            add_api_properties(service, key, resource)
        return resource.node()

    def _value(self, *path: str) -> Node | None:
        return self._service.functions.value(self._key, *path)

    def _add_code(self, resource: ResourceBuilder, at: Node) -> None:
        handler, image = self._value("handler"), self._service.functions.node(self._key, "image")
        if is_set(handler) and is_set(image):
            raise TemplateError(
                f"the function `{self._key}` has both a `handler` and an `image`",
                place=at.place_of("image"),
                hint="keep one of them",
            )
        if is_set(image):
            compile_image(self._service, self._key, resource, replaced=self._replaced)
            return
        if not is_set(handler):
            raise TemplateError(
                f"the function `{self._key}` has neither a `handler` nor an `image`",
                place=self._service.functions.place_of(self._key),
                hint="add a handler, such as `handler: src/hello.handler`",
            )
        resource.add("Handler", handler)
        runtime = self._runtime(handler)
        resource.add("Runtime", runtime)
        code = locate_code(
            self._service, self._key, handler=handler, runtime=runtime.text("`runtime`")
        )
        resource.add("Code", code.location)
        self.diagnostics.extend(code.diagnostics)

    def _runtime(self, at: Node) -> Node:
        """Return the runtime; one that an option replaces is only for the language of the code."""
        is_replaced = "Runtime" in self._replaced
        try:
            runtime = self._service.setting(self._key, "runtime")
        except ProjectError:
            if not is_replaced:
                raise
            runtime = None
        if is_set(runtime):
            return runtime
        if is_replaced:
            return at.with_value("")
        version = self._service.major_version or _DEFAULT_VERSION
        known = min(max(version, _DEFAULT_VERSION), max(_DEFAULT_RUNTIMES))
        chosen = _DEFAULT_RUNTIMES[known]
        self.diagnostics.append(
            Diagnostic(
                message=f"`{self._key}` has no `runtime`: using `{chosen}`, as Serverless {known} does",
                place=self._service.functions.place_of(self._key),
                hint="set `provider.runtime`, or the function's",
            )
        )
        return at.with_value(chosen)

    def _add_limits(self, resource: ResourceBuilder) -> None:
        for name, target, default in (
            ("memorySize", "MemorySize", _MEMORY_MB),
            ("timeout", "Timeout", _TIMEOUT_SECONDS),
        ):
            node = self._service.setting(self._key, name)
            if is_set(node):
                resource.add(target, node)
            else:
                resource.add_data(target, default)
        if storage := self._value("ephemeralStorageSize"):
            resource.add("EphemeralStorage", storage.with_value({"Size": storage}))
        if "Architectures" not in self._replaced and (
            architecture := self._service.setting(self._key, "architecture")
        ):
            resource.add("Architectures", architecture.with_value((architecture,)))
        if file_system := self._value("fileSystemConfig"):
            entries = file_system.entries("`fileSystemConfig`")
            names = {"arn": "Arn", "localMountPath": "LocalMountPath"}
            config = {names.get(name, name): node for name, node in entries.items()}
            resource.add(
                "FileSystemConfigs", file_system.with_value((file_system.with_value(config),))
            )
