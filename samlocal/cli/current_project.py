"""The functions that an endpoint serves, of a project that can be opened again with other options."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from samlocal.diagnostics import Diagnostic
from samlocal.errors import SamlocalError
from samlocal.lambda_api.current_functions import CurrentFunctions
from samlocal.serving.project_snapshot import RepeatedHost
from samlocal.serving.served_project import ServedProject

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from samlocal.cli.config_state import ConfigState
    from samlocal.cli.console_log import ConsoleLog
    from samlocal.cli.endpoint_settings import EndpointSettings
    from samlocal.function import Function
    from samlocal.host import Host
    from samlocal.preparation.observer import Reporter
    from samlocal.project.apis import Apis
    from samlocal.project.web_functions import WebFunctions
    from samlocal.sandbox.output import Log
    from samlocal.serving.function_fleet import FunctionFleet, ProgramFleet
    from samlocal.serving.options import ServingOptions


class CurrentProject(CurrentFunctions):
    """The functions of the project that is open: see `ServedProject`, which does the work.

    Before each call, configuration files are looked at. If one has changed, `read_again` parses the command line
    again, and the project is opened with the new options; what runs is not disturbed. `socket` is where functions
    call each other. `programs` run web functions, if those are served.
    """

    def __init__(  # what a project needs
        self,
        settings: EndpointSettings,
        host: Host,
        fleet: FunctionFleet,
        *,
        observer: Reporter,
        log: ConsoleLog,
        socket: Path | None,
        read_again: Callable[[], EndpointSettings | None],
        programs: ProgramFleet | None = None,
    ) -> None:
        self._programs = programs
        self._settings = settings
        self._config = settings.config
        self._kind = (
            settings.backend.kind
        )  # as that of the fleet, whatever configuration files say later
        self._host = RepeatedHost(host)
        self._fleet = fleet
        self._observer = observer
        self._log = log
        self._socket = socket
        self._read_again = read_again
        self._reading = asyncio.Lock()
        self._openings = 1

    async def __aenter__(self) -> Self:
        self._project = await self._open(self._settings)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._project.__aexit__(*exc_info)

    async def warm_up(self) -> bool:
        return await self._project.warm_up()

    @property
    def path(self) -> Path:
        """The template, or the directory of the CDK assembly."""
        return self._project.path

    @property
    def names(self) -> tuple[str, ...]:
        """The full paths of the functions, in the order of the template."""
        return self._project.names

    async def apis(self) -> Apis:
        """Return the project's APIs: the same object until the project is read again.

        Raises:
            SamlocalError: They cannot be read.
        """
        return await (await self._current()).apis()

    async def web_functions(self) -> WebFunctions:
        """Return the project's web functions: the same object until the project is read again.

        Raises:
            SamlocalError: They cannot be read.
        """
        return await (await self._current()).web_functions()

    @asynccontextmanager
    async def connected(
        self, web_function: str, *, holds: bool = True
    ) -> AsyncIterator[socket.socket]:
        """Yield a connection to the program of a web function: see `ServedProject.connected`."""
        project = await self._current()
        async with project.connected(web_function, holds=holds) as connection:
            yield connection

    @property
    def revision(self) -> tuple[int, int]:
        """Changes with each change of the project's files, and with its options."""
        return self._openings, self._project.revision

    def log_of(self, function: Function) -> Log:
        """Return a new log for output of a function: lines that begin with its name, if there are several."""
        served = len(self.names) + self._project.web_function_count
        return self._log.environment("" if served == 1 else function.full_path)

    async def _current(self) -> ServedProject:
        if self._config and self._config.changed_file():
            async with self._reading:
                if name := self._config.changed_file():
                    await self._follow(self._config, name)
        return self._project

    async def _follow(self, config: ConfigState, name: str) -> None:
        """Serve the project with the options that configuration files have now."""
        before, self._config = self._settings, config.now()
        settings = self._read_again()
        if settings is None:
            return
        self._config = settings.config
        if settings.serving != before.serving:
            try:
                opened = await self._open(settings)
            except SamlocalError as error:
                self._observer.show_diagnostic(_rejected(error, name))
                return
            old, self._project = self._project, opened
            self._openings += 1
            await old.__aexit__(None, None, None)
            self._observer.show_status(f"`{name}` has changed: its options are in effect")
        self._settings = settings
        same = {each: getattr(before, each) for each in ("serving", "config")}
        if replace(settings, **same) != before:
            self._observer.show_status(f"`{name}` has changed: some of its options need a restart")

    async def _open(self, settings: EndpointSettings) -> ServedProject:
        options = settings.serving
        sandbox = replace(options.sandbox, kind=self._kind, lambda_endpoint=self._socket)
        options = replace(options, sandbox=sandbox)
        project = await self._entered(options, settings)
        function = options.function
        if not function.debug or function.debugged_function or len(project.names) == 1:
            return project
        await project.__aexit__(None, None, None)
        self._observer.show_diagnostic(_no_debugger(project.names))
        options = replace(options, function=replace(function, debug=None))
        return await self._entered(options, settings)

    async def _entered(self, options: ServingOptions, settings: EndpointSettings) -> ServedProject:
        project = ServedProject(
            options,
            self._host,
            self._fleet,
            observer=self._observer,
            log=self.log_of,
            watches=settings.watches,
            programs=self._programs,
        )
        return await project.__aenter__()


def _rejected(error: SamlocalError, name: str) -> Diagnostic:
    return Diagnostic(
        message=f"{error.message}; the options before the change of `{name}` stay in effect",
        place=error.place,
        hint=error.hint,
    )


def _no_debugger(names: tuple[str, ...]) -> Diagnostic:
    return Diagnostic(
        message=f"no function is debugged: {len(names)} functions are served",
        hint=f"choose one with `--debug-function`, such as `--debug-function {names[0]}`"
        if names
        else "the template has no function that a debugger can attach to",
    )
