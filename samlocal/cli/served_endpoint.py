"""What all endpoints share: the fleet, the project, calls between functions, and an end by a signal."""

from __future__ import annotations

import asyncio
import gc
from abc import ABC, abstractmethod
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Final

from samlocal.cli.current_project import CurrentProject
from samlocal.cli.observer import ServingObserver
from samlocal.cli.progress import PullView
from samlocal.cli.stop_signals import StopSignals
from samlocal.diagnostics import Diagnostic
from samlocal.endpoints import (
    announce,
    encrypted_socket,
    endpoint_socket,
    find_endpoint,
    remove_own_files,
)
from samlocal.errors import CacheError
from samlocal.execution.fleet.fleet import Fleet
from samlocal.host import current_host
from samlocal.http_server.server import HttpServer
from samlocal.lambda_api.app import lambda_app
from samlocal.lambda_api.asynchronous.async_invocations import AsyncInvocations
from samlocal.lambda_api.stopping import stopping_response
from samlocal.open_files import raise_open_files

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from ssl import SSLContext

    from samlocal.cli.console_log import ConsoleLog
    from samlocal.cli.endpoint_settings import EndpointSettings
    from samlocal.http_server.asgi import ASGIApp

# What a stop gives to requests, and then to calls between functions; the process ends within 10 seconds.
_DRAIN_SECONDS: Final = 7.0
_NESTED_SECONDS: Final = 0.5
# What it gives to invocations whose requests have their answers, but whose logs are not complete.
_LOG_SECONDS: Final = 0.5


class ServedEndpoint(ABC):
    """A process that serves a project's functions until a signal comes.

    With `serves_web_functions`, it runs their programs, too. `read_again` returns the settings as samconfig has them now, or shows why it cannot be used.
    """

    def __init__(
        self,
        settings: EndpointSettings,
        log: ConsoleLog,
        *,
        read_again: Callable[[], EndpointSettings | None],
        serves_web_functions: bool = False,
    ) -> None:
        self._serves_web_functions = serves_web_functions
        self._settings = settings
        self._log = log
        self._read_again = read_again
        self._observer = ServingObserver(log)
        self._socket: Path | None = None
        self._tls: SSLContext | None = None

    @abstractmethod
    async def _open_servers(
        self, stack: AsyncExitStack, project: CurrentProject, app: ASGIApp
    ) -> Sequence[HttpServer]:
        """Return the servers for clients, entered into the stack; `app` is Lambda's API.

        Raises:
            SamlocalError: A port cannot be opened.
        """

    def _app_for_functions(self, app: ASGIApp) -> ASGIApp:
        """Return what functions reach; `app` is Lambda's API. It serves before the ports are open."""
        return app

    @abstractmethod
    def _show_ready(self, project: CurrentProject) -> None:
        """Say what is served, now that it is."""

    @abstractmethod
    async def _leave_pages(self) -> None:
        """End requests of our own pages, for which nobody waits."""

    @abstractmethod
    async def _close_connections(self) -> None:
        """End connections that would go on for long, while functions still run."""

    async def _leave_clients(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_SECONDS):
                await self._close_connections()

    def serve(self) -> int:
        """Serve until a signal comes, and return the exit code.

        Raises:
            SamlocalError: The project cannot be opened, or no engine answers.
        """
        raise_open_files()
        loop = asyncio.new_event_loop()
        try:
            return loop.run_until_complete(self._run())
        finally:
            loop.close()  # does not wait for threads: the process ends afterwards

    async def _run(self) -> int:
        with StopSignals(remove_own_files) as signals:
            return await signals.run(self._serve(signals))

    async def _serve(self, signals: StopSignals) -> None:
        async with AsyncExitStack() as stack:
            unix = self._listen_for_functions(stack)
            fleet, project = await self._open(stack)
            events = await stack.enter_async_context(
                AsyncInvocations(project, report=self._observer.show_status)
            )
            app = lambda_app(
                project,
                events,
                allowed_hosts=self._settings.allowed_hosts,
                report=self._observer.show_diagnostic,
            )
            for_functions = self._app_for_functions(app)
            nested = [
                await stack.enter_async_context(
                    HttpServer(for_functions, sockets=sockets, stopping=stopping_response, tls=tls)
                )
                for sockets, tls in ((unix, None), (self._listen_encrypted(stack), self._tls))
            ]
            clients = await self._open_servers(stack, project, app)
            signals.is_serving = True
            self._show_ready(project)
            gc.enable()  # off since the start of the process: see `__main__`
            gc.freeze()
            initializing = asyncio.create_task(self._initialize(project))
            stack.callback(initializing.cancel)
            await signals.stop.wait()
            initializing.cancel()
            await self._leave_pages()
            if running := sum(each.running for each in clients):
                requests = "a running request" if running == 1 else f"{running} running requests"
                self._observer.show_status(f"Waiting for {requests} (a second signal ends it all)")
            # Functions can call each other until the last request has finished.
            stops = (each.stop(_DRAIN_SECONDS) for each in clients)
            await asyncio.gather(*stops, self._leave_clients(), events.close(_DRAIN_SECONDS))
            await asyncio.gather(*(each.stop(_NESTED_SECONDS) for each in nested))
            await fleet.close(_LOG_SECONDS)

    def _listen_for_functions(self, stack: AsyncExitStack) -> list[socket.socket]:
        """Return the socket at which functions call each other, unless they do not."""
        if not self._settings.connects_functions:
            return []
        try:
            listener, self._socket = stack.enter_context(endpoint_socket())
        except CacheError as error:
            self._observer.show_diagnostic(_no_calls(error))
            return []
        return [listener]

    def _listen_encrypted(self, stack: AsyncExitStack) -> list[socket.socket]:
        """Return the socket for functions that use TLS, as clients of the endpoint do."""
        if self._socket is None or self._tls is None:
            return []
        try:
            return [stack.enter_context(encrypted_socket(self._socket))]
        except CacheError as error:
            self._observer.show_diagnostic(_no_encrypted_calls(error))
            return []

    async def _open(self, stack: AsyncExitStack) -> tuple[Fleet, CurrentProject]:
        """Connect to the engine, and open the project."""
        settings = self._settings
        fleet = await stack.enter_async_context(
            Fleet(
                settings.backend,
                progress=stack.enter_context(PullView()),
                idle_seconds=settings.idle_seconds,
                max_environments=settings.max_environments,
            )
        )
        project = await stack.enter_async_context(
            CurrentProject(
                settings,
                current_host(),
                fleet,
                observer=self._observer,
                log=self._log,
                socket=self._socket,
                read_again=self._read_again,
                programs=fleet.programs if self._serves_web_functions else None,
            )
        )
        if self._socket:
            find_endpoint(project.path, fleet.address)  # removes what killed ones have left
            try:
                stack.enter_context(announce(project.path, fleet.address, self._socket))
            except CacheError as error:
                self._observer.show_diagnostic(_not_found(error))
        return fleet, project

    async def _initialize(self, project: CurrentProject) -> None:
        if not self._settings.initializes_all:
            return
        if await project.warm_up():
            self._observer.show_status("Environments are initialized")
        else:
            self._observer.show_status("Environments are initialized, except those that cannot run")


def _no_calls(error: CacheError) -> Diagnostic:
    return Diagnostic(
        message=f"functions cannot call each other here: {error.message}", hint=error.hint
    )


def _no_encrypted_calls(error: CacheError) -> Diagnostic:
    return Diagnostic(
        message=f"functions cannot call this endpoint with https:// here: {error.message}",
        hint=error.hint,
    )


def _not_found(error: CacheError) -> Diagnostic:
    return Diagnostic(
        message=f"other commands do not find this endpoint: {error.message}", hint=error.hint
    )
