"""Runs the invocations of a command in warm environments, which the background service holds."""

from __future__ import annotations

import os
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING
from uuid import uuid4

from samlocal.sandbox.container_spec import ContainerSpec
from samlocal.service.fleet_client import invoke
from samlocal.service.fleet_messages import Invoke, Neighbours, WarmFunction
from samlocal.serving.fingerprint import fingerprint

if TYPE_CHECKING:
    from samlocal.cli.console_log import ConsoleLog
    from samlocal.cli.console_series import ConsoleSeries
    from samlocal.cli.keep_warm import WarmSettings
    from samlocal.cli.signals import DeferredSignals
    from samlocal.host import Host
    from samlocal.invocation import InvocationResult
    from samlocal.preparation.preparation import PreparedFunction
    from samlocal.sandbox.backend import Backend
    from samlocal.sandbox.sandbox import StartSteps
    from samlocal.serving.options import ServingOptions


class ServiceRunner:
    """Environments of the background service, one for each invocation.

    `options` are all options that shape the environment. Each set of them has environments of its own, so that two
    that take turns do not replace each other's; anything else that changes does replace them.
    """

    def __init__(
        self,
        prepared: PreparedFunction,
        settings: WarmSettings,
        *,
        backend: Backend,
        options: tuple[object, ...],
        neighbours: Neighbours | None,
    ) -> None:
        self._prepared = prepared
        self._session = settings.session
        self._settings = settings
        self._backend = backend
        self._neighbours = neighbours
        self._function = warm_function(prepared, settings.seconds, options)

    @property
    def start_steps(self) -> StartSteps | None:
        return None

    def run(self, series: ConsoleSeries, log: ConsoleLog, signals: DeferredSignals) -> None:
        from samlocal.execution.invocation_series import run_until_interrupted

        run_until_interrupted(lambda: self._run_all(series, log), signals.notify)

    async def _run_all(self, series: ConsoleSeries, log: ConsoleLog) -> None:
        from samlocal.cli.progress import PullView

        variables = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        with PullView() as view:
            while series.remaining:
                invocation, response = series.begin()
                request = Invoke(
                    self._function, invocation, self._settings.fresh, variables, self._neighbours
                )
                result = await invoke(
                    self._connect, request, log=log, response=response, progress=view
                )
                series.complete(invocation, result)

    def _connect(self) -> int:
        return self._session.connect_fleet(self._backend, os.environ)

    def print_status(self) -> None: ...

    def with_hint(self, result: InvocationResult) -> InvocationResult:
        return result

    def exit_hint(self) -> str | None:
        spec = self._prepared.spec
        if not isinstance(spec, ContainerSpec):
            return None
        from samlocal.engine.engine import Engine
        from samlocal.sandbox.docker.function_images import exit_hint

        with Engine(self._backend.engine) as engine:
            return exit_hint(engine, spec)


def neighbours_of(prepared: PreparedFunction, options: ServingOptions, host: Host) -> Neighbours:
    """Return what the other functions of a project need, if a function calls them.

    What is chosen for the invoked function alone does not apply to them: its runtime, version and debugger.
    """
    function, code = options.function, options.code
    function = replace(
        function,
        runtime=None,
        architecture=None,
        qualifier=None,
        version=None,
        snap_start=None,
        debug=None,
        debugged_function=None,
        images={name: image for name, image in function.images.items() if name},
        env_files=tuple(os.path.abspath(each) for each in function.env_files if each != "-"),  # noqa: PTH100
        container_env_file=None,
    )
    if code.layer_cache:
        code = replace(code, layer_cache=code.layer_cache.absolute())
    project = replace(options.project, template=prepared.resolved.project)
    if project.values_file:
        project = replace(project, values_file=project.values_file.absolute())
    return Neighbours(
        options=replace(options, project=project, function=function, code=code),
        variables=dict(host.variables),
        home=host.home,
        directory=host.directory,
        cache=host.cache,
    )


def warm_function(
    prepared: PreparedFunction, seconds: float, options: tuple[object, ...]
) -> WarmFunction:
    """Return a function as the service runs it, whose environments are kept for some seconds.

    `options` are those that shape an environment, see `ServiceRunner`.
    """
    resolved, spec = prepared.resolved, prepared.spec
    chosen = blake2b(repr(options).encode(errors="surrogateescape"), digest_size=8).hexdigest()
    own = fingerprint(prepared)
    if isinstance(spec, ContainerSpec) and _is_image_renewed(spec):
        own = uuid4().hex  # the image is pulled or built each time
    return WarmFunction(
        key="\0".join(
            (str(resolved.project), resolved.function.full_path, resolved.version, chosen)
        ),
        fingerprint=own,
        spec=replace(spec, sandbox=replace(spec.sandbox, is_reused=True)),
        configuration=prepared.configuration,
        idle_seconds=seconds,
        name=resolved.function.full_path,
        project=str(resolved.project),
    )


def _is_image_renewed(spec: ContainerSpec) -> bool:
    build = spec.image.build
    return spec.image.pull == "always" or (build is not None and build.policy == "always")
