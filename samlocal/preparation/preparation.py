"""The last step of the preparation: code, layers and sandbox of a function."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from samlocal.frozen_dataclass import frozen
from samlocal.function import ImageCode
from samlocal.preparation.configuration import configuration_of
from samlocal.preparation.content import read_content
from samlocal.preparation.options import CodeOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from samlocal.diagnostics import Diagnostic
    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.host import Host
    from samlocal.preparation.content import Content
    from samlocal.preparation.observer import Observer
    from samlocal.preparation.resolution import ResolvedFunction
    from samlocal.sandbox.container_spec import ContainerSpec
    from samlocal.sandbox.plan import SandboxSettings
    from samlocal.sandbox.spec import Spec


@frozen
class PreparedFunction:
    """A function that is ready to run in an execution environment."""

    resolved: ResolvedFunction
    spec: Spec
    configuration: FunctionConfiguration

    def with_lambda_endpoint(self, endpoint: Path) -> PreparedFunction:
        """Return the same function, which calls others at the Unix socket of an endpoint of Lambda's API."""
        return replace(
            self,
            spec=replace(self.spec, sandbox=replace(self.spec.sandbox, calls_functions=True)),
            configuration=replace(self.configuration, lambda_endpoint=endpoint),
        )


def prepare(
    resolved: ResolvedFunction,
    settings: SandboxSettings,
    host: Host,
    observer: Observer,
    *,
    code: CodeOptions = CodeOptions(),  # noqa: B008  # frozen
    checks_ports: bool = True,
) -> PreparedFunction:
    """Return a function with its code and layers as directories, and the spec of its sandbox.

    `settings` apply to every sandbox; image, debugger and profile come from `resolved`. The `observer`
    receives all diagnostics, including those of `resolved`. With `checks_ports`, a debug port that another
    program uses is an error at once.

    Raises:
        SamlocalError: The code, a layer or the sandbox cannot be prepared.
    """
    from samlocal.sandbox.plan import end_of_support

    _show(observer, resolved.diagnostics)
    today = datetime.now(UTC).date()
    _show(observer, end_of_support(resolved.function, today=today))
    settings = replace(
        settings, debug=resolved.debug, image=resolved.image, profile=resolved.profile
    )
    if resolved.debug and checks_ports:
        from samlocal.sandbox.ports import require_free

        require_free(resolved.debug.ports, address=settings.publish_on)
    if resolved.ca_bundle:
        settings = replace(settings, ca_bundle=_keep_bundle(resolved.ca_bundle, host, observer))
    configuration = replace(configuration_of(resolved), lambda_endpoint=settings.lambda_endpoint)
    environment = {
        **resolved.environment.as_dict(),
        "AWS_LAMBDA_METADATA_TOKEN": configuration.metadata_token,
    }
    spec: Spec
    if isinstance(resolved.function.code, ImageCode):
        spec, diagnostics = _plan_image_function(
            resolved, resolved.function.code, environment, settings
        )
    else:
        content = read_content(resolved, code, host, observer)
        spec, diagnostics = _plan(resolved, content, environment, settings, host)
    if settings.interpreter and settings.kind == "docker":
        diagnostics = (*diagnostics, _ignored_interpreter())
    if resolved.credentials:
        spec = replace(spec, sandbox=replace(spec.sandbox, credentials=resolved.credentials))
    _show(observer, diagnostics)
    return PreparedFunction(resolved=resolved, spec=spec, configuration=configuration)


def _plan(
    resolved: ResolvedFunction,
    content: Content,
    environment: Mapping[str, str],
    settings: SandboxSettings,
    host: Host,
) -> tuple[Spec, tuple[Diagnostic, ...]]:
    from samlocal.sandbox.limit_diagnostics import limit_diagnostics

    limits = limit_diagnostics(resolved.function, settings, content.code)
    diagnostics = (*content.diagnostics, *limits)
    if resolved.entry_point is not None:
        from samlocal.preparation.web_functions import plan_web_function

        spec, told = plan_web_function(
            resolved, resolved.entry_point, content, environment, settings, host
        )
        return spec, (*diagnostics, *told)
    if settings.kind == "process":
        from samlocal.sandbox.process.plan import plan_process

        process, told = plan_process(
            resolved.function,
            environment,
            project=resolved.project,
            code=content.code,
            layers=content.layers,
            links=content.links,
            settings=settings,
            host=host,
        )
        return process, (*diagnostics, *told)
    from samlocal.sandbox.plan import plan_sandbox

    container = plan_sandbox(
        resolved.function,
        environment,
        project=resolved.project,
        code=content.code,
        layers=content.layers,
        links=content.links,
        settings=settings,
    )
    return container, diagnostics


def _plan_image_function(
    resolved: ResolvedFunction,
    code: ImageCode,
    environment: Mapping[str, str],
    settings: SandboxSettings,
) -> tuple[ContainerSpec, tuple[Diagnostic, ...]]:
    from samlocal.sandbox.file_systems import file_system_diagnostics
    from samlocal.sandbox.image_functions import ignored_layers, plan_image_function

    if settings.kind == "process":
        from samlocal.sandbox.process.container_features import require_no_image

        require_no_image(resolved.function)
    function = resolved.function
    spec = plan_image_function(
        function,
        code,
        environment,
        project=resolved.project,
        settings=settings,
    )
    diagnostics = file_system_diagnostics(function, settings.file_systems)
    return spec, (*ignored_layers(function), *diagnostics)


def _ignored_interpreter() -> Diagnostic:
    from samlocal.diagnostics import Diagnostic

    return Diagnostic(
        message="`--interpreter` has no effect: the function runs in a container, on the interpreter of its image",
        hint="run it as a process: `--sandbox process`",
    )


def _keep_bundle(content: bytes, host: Host, observer: Observer) -> Path:
    from samlocal.cache.fallback import with_cache
    from samlocal.sandbox.ca_bundle import store_bundle

    return with_cache(
        lambda cache: store_bundle(content, cache), host.cache, report=observer.show_diagnostic
    )


def _show(observer: Observer, diagnostics: Iterable[Diagnostic]) -> None:
    for diagnostic in diagnostics:
        observer.show_diagnostic(diagnostic)
