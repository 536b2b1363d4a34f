"""Endpoints of Lambda's API at which the warm functions of a project call each other.

A socket listens as soon as a function could call another one. Everything else begins with the first call.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, ExitStack, suppress
from dataclasses import replace
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, Final, cast

from samlocal.endpoints import announce, endpoint_socket
from samlocal.execution.fleet.noted_response import NotedResponse
from samlocal.host import Host
from samlocal.lambda_api.current_functions import CurrentFunctions
from samlocal.service.fleet_channel import ChannelLog

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from samlocal.diagnostics import Diagnostic
    from samlocal.execution.fleet.fleet import Fleet
    from samlocal.execution.fleet.fleet_function import FleetFunction
    from samlocal.function import Function
    from samlocal.invocation import Invocation, InvocationResult, ResponseSink
    from samlocal.sandbox.output import Log
    from samlocal.service.fleet_channel import Channel
    from samlocal.service.fleet_messages import Neighbours
    from samlocal.serving.served_project import ServedProject

# Imported in a thread, because the import takes long: other functions run meanwhile.
_MODULES: Final = (
    "samlocal.serving.served_project",
    "samlocal.lambda_api.app",
    "samlocal.lambda_api.asynchronous.async_invocations",
    "samlocal.http_server.server",
)
_DRAIN_SECONDS: Final = 0.5


class ProjectEndpoint:
    """An endpoint for the functions of one project, with the options of its latest command.

    To a served project it is the fleet: see `samlocal.serving.function_fleet`.
    `note` gets each function that is called, before it runs. `channels` are those of the commands that run, which
    get the output of called functions.
    """

    def __init__(self, fleet: Fleet, project: Path, note: Callable[[FleetFunction], None]) -> None:
        self.channels: set[Channel] = set()
        self.idle_seconds = 0.0
        self._fleet = fleet
        self._project = project
        self._note = note
        self._answered: set[asyncio.Task[object]] = set()
        self._stack = ExitStack()
        self._wanted: Neighbours | None = None
        self._serving: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Listen at the socket `path`.

        Raises:
            CacheError: The user has no runtime folder.
        """
        with ExitStack() as stack:
            listener, path = stack.enter_context(endpoint_socket())
            stack.enter_context(announce(self._project, self._fleet.address, path))
            self._stack = stack.pop_all()
        self.path = path
        loop = asyncio.get_running_loop()
        listener.setblocking(False)

        def begin() -> None:
            loop.remove_reader(listener)
            self._serving = asyncio.create_task(self._serve(listener))

        loop.add_reader(listener, begin)
        self._listener = listener

    def use(self, neighbours: Neighbours, idle_seconds: float) -> None:
        """Serve the functions as the latest command has them, from the next call on."""
        self._wanted = neighbours
        self.idle_seconds = idle_seconds

    async def close(self) -> None:
        if self._serving is None:
            asyncio.get_running_loop().remove_reader(self._listener)
        else:
            self._serving.cancel()
            with suppress(asyncio.CancelledError):
                await self._serving
        self._stack.close()

    async def _serve(self, listener: socket.socket) -> None:
        for module in _MODULES:
            await asyncio.to_thread(import_module, module)
        from samlocal.http_server.server import HttpServer  # noqa: PLC0415  # has just been imported
        from samlocal.lambda_api.app import lambda_app  # noqa: PLC0415
        from samlocal.lambda_api.asynchronous.async_invocations import AsyncInvocations  # noqa: PLC0415
        from samlocal.lambda_api.stopping import stopping_response  # noqa: PLC0415

        async with AsyncExitStack() as stack:
            project = _LatestProject(self)
            stack.push_async_callback(project.close)
            events = await stack.enter_async_context(AsyncInvocations(project, report=self.report))
            show = _Observer(self).show_diagnostic
            app = lambda_app(project, events, allowed_hosts=(), report=show)
            server = await stack.enter_async_context(
                HttpServer(app, sockets=[listener], stopping=stopping_response)
            )
            stack.push_async_callback(server.stop, _DRAIN_SECONDS)
            await asyncio.Event().wait()

    async def open_project(self, wanted: Neighbours) -> ServedProject:
        """Open the project for a command's options.

        Raises:
            SamlocalError: It cannot be opened.
        """
        from samlocal.serving.project_snapshot import RepeatedHost  # noqa: PLC0415  # as above
        from samlocal.serving.served_project import ServedProject  # noqa: PLC0415

        host = Host(
            variables=wanted.variables,
            home=wanted.home,
            directory=wanted.directory,
            stdin=BytesIO(),
            cache=wanted.cache,
        )
        project = ServedProject(
            wanted.options, RepeatedHost(host), self, observer=_Observer(self), log=self._log_of
        )
        await project.__aenter__()
        return project

    @property
    def wanted(self) -> Neighbours:
        """What the latest command has."""
        if self._wanted is None:
            raise AssertionError("no command has used the endpoint")
        return self._wanted

    def report(self, text: str) -> None:
        """Show a line to the commands that run."""
        for channel in tuple(self.channels):
            ChannelLog(channel).line(text)

    def _log_of(self, function: Function) -> Log:
        return _SharedLog(self, function.full_path)

    async def invoke(
        self,
        function: FleetFunction,
        invocation: Invocation,
        *,
        log: Log | None = None,
        response: ResponseSink | None = None,
    ) -> InvocationResult:
        """Run a function that another one has called, in environments of this endpoint."""
        function = replace(
            function, key=self._own_key(function.key), idle_seconds=self.idle_seconds
        )
        self._note(function)
        if response is None:
            return await self._fleet.invoke(function, invocation, log=log)
        task = cast("asyncio.Task[object]", asyncio.current_task())
        noted = NotedResponse(response, lambda: self._answered.add(task))
        try:
            return await self._fleet.invoke(function, invocation, log=log, response=noted)
        finally:
            self._answered.discard(task)

    async def complete_logs(self, seconds: float) -> None:
        """Wait until called functions that have answered have logged their ends, at most so long."""
        if self._answered:
            await asyncio.wait(self._answered, timeout=seconds)

    async def warm_up(self, function: FleetFunction) -> None:
        await self._fleet.warm_up(replace(function, key=self._own_key(function.key)))

    def retire(self, key: str, *, keep: str | None = None) -> None:
        self._fleet.retire(self._own_key(key), keep=keep)

    def _own_key(self, key: str) -> str:
        return f"{self.path}\0{key}"


class _LatestProject(CurrentFunctions):
    """The functions with the options of the latest command."""

    def __init__(self, endpoint: ProjectEndpoint) -> None:
        self._endpoint = endpoint
        self._opened: tuple[Neighbours, ServedProject] | None = None
        self._opening = asyncio.Lock()

    async def close(self) -> None:
        if self._opened:
            await self._opened[1].__aexit__(None, None, None)

    async def _current(self) -> ServedProject:
        async with self._opening:
            wanted = self._endpoint.wanted
            if self._opened and self._opened[0] == wanted:
                return self._opened[1]
            project = await self._endpoint.open_project(wanted)
            await self.close()
            self._opened = (wanted, project)
            return project


class _Observer:
    """Shows diagnostics of called functions to the commands that run."""

    def __init__(self, endpoint: ProjectEndpoint) -> None:
        self._report = endpoint.report

    def show_diagnostic(self, diagnostic: Diagnostic) -> None:
        place = f"{diagnostic.place}: " if diagnostic.place else ""
        self._report(f"Warning: {place}{diagnostic.message}")
        if diagnostic.hint:
            self._report(f"hint: {diagnostic.hint}")

    def show_status(self, text: str) -> None:
        self._report(text)


class _SharedLog:
    """The log of a called function, in the commands that run; its lines begin with its name."""

    def __init__(self, endpoint: ProjectEndpoint, name: str) -> None:
        self._endpoint = endpoint
        self._name = name

    def write(self, output: bytes) -> None:
        for each in self._logs():
            each.write(output)

    def line(self, text: str) -> None:
        for each in self._logs():
            each.line(text)

    def named(self, name: str) -> _SharedLog:
        return _SharedLog(self._endpoint, f"{self._name}/{name}")

    def flush(self) -> None:
        for each in self._logs():
            each.flush()

    def _logs(self) -> list[ChannelLog]:
        return [ChannelLog(each, self._name) for each in tuple(self._endpoint.channels)]
