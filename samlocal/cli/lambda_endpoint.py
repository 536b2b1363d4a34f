"""Puts a local endpoint of Lambda's API together, and serves until a signal comes."""

from __future__ import annotations

import asyncio
import gc
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.cli.listeners import unix_listener
from samlocal.cli.observer import ServingObserver
from samlocal.cli.progress import PullView
from samlocal.cli.served_functions import ServedFunctions
from samlocal.cli.stop_signals import StopSignals
from samlocal.diagnostics import Diagnostic
from samlocal.endpoints import announce
from samlocal.errors import CacheError, SamlocalError
from samlocal.execution.fleet.fleet import Fleet
from samlocal.frozen_dataclass import frozen
from samlocal.lambda_api.app import lambda_app
from samlocal.lambda_api.asynchronous.async_invocations import AsyncInvocations
from samlocal.lambda_api.server import EndpointServer

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
    from pathlib import Path

    from samlocal.cli.console_log import ConsoleLog
    from samlocal.host import Host
    from samlocal.serving.options import ServingOptions

# What a stop gives to requests, and then to calls between functions; the process ends within 10 seconds.
_DRAIN_SECONDS: Final = 7.0
_NESTED_SECONDS: Final = 0.5


@frozen
class EndpointSettings:
    """What an endpoint serves, on which engine, and how long it keeps environments.

    With `initializes_all`, each function has an environment from the start; with `connects_functions`, they can
    call each other. `config_files` are the files
    whose options may be in `serving`; they need not exist.
    """

    serving: ServingOptions
    host: Host
    engine: str | None
    idle_seconds: float
    max_environments: int | None
    allowed_hosts: tuple[str, ...]
    initializes_all: bool = False
    watches: bool = True
    connects_functions: bool = True
    config_files: tuple[Path, ...] = ()


class LambdaEndpoint:
    """An endpoint on sockets that listen already; `on_ready` gets the names of the functions that are served.

    `read_again` returns the settings as samconfig has them now, or shows why it cannot be used.
    """

    def __init__(
        self,
        settings: EndpointSettings,
        listeners: Sequence[socket.socket],
        log: ConsoleLog,
        *,
        on_ready: Callable[[tuple[str, ...]], None],
        read_again: Callable[[], EndpointSettings | None],
    ) -> None:
        self._settings = settings
        self._listeners = listeners
        self._log = log
        self._on_ready = on_ready
        self._read_again = read_again
        self._observer = ServingObserver(log)
        self._socket: Path | None = None

    def serve(self) -> int:
        """Serve until a signal comes, and return the exit code.

        Raises:
            SamlocalError: The project cannot be opened, or no engine answers.
        """
        loop = asyncio.new_event_loop()
        try:
            return loop.run_until_complete(self._run())
        finally:
            loop.close()  # does not wait for threads: the process ends afterwards

    async def _run(self) -> int:
        with StopSignals() as signals:
            return await signals.run(self._serve(signals))

    async def _serve(self, signals: StopSignals) -> None:
        async with AsyncExitStack() as stack:
            unix = self._listen_for_functions(stack)
            functions = await self._open(stack)
            events = await stack.enter_async_context(
                AsyncInvocations(functions, report=self._observer.show_status)
            )
            app = lambda_app(functions, events, allowed_hosts=self._settings.allowed_hosts)
            nested = await stack.enter_async_context(EndpointServer(app, sockets=unix))
            clients = await stack.enter_async_context(EndpointServer(app, sockets=self._listeners))
            signals.is_serving = True
            self._on_ready(functions.names)
            gc.enable()  # off since the start of the process: see `__main__`
            gc.freeze()
            async with self._background(functions):
                await signals.stop.wait()
            if clients.running:
                self._observer.show_status(
                    f"Waiting for {clients.running} running requests (a second signal ends them)"
                )
            # Functions can call each other until the last request has finished.
            await asyncio.gather(clients.stop(_DRAIN_SECONDS), events.close(_DRAIN_SECONDS))
            await nested.stop(_NESTED_SECONDS)

    def _listen_for_functions(self, stack: AsyncExitStack) -> list[socket.socket]:
        """Return the socket at which functions call each other, unless they do not."""
        if not self._settings.connects_functions:
            return []
        try:
            listener, self._socket = stack.enter_context(unix_listener())
        except CacheError as error:
            self._observer.show_diagnostic(_no_calls(error))
            return []
        return [listener]

    async def _open(self, stack: AsyncExitStack) -> ServedFunctions:
        """Connect to the engine, and open the project."""
        settings = self._settings
        fleet = await stack.enter_async_context(
            Fleet(
                settings.engine,
                progress=stack.enter_context(PullView()),
                idle_seconds=settings.idle_seconds,
                max_environments=settings.max_environments,
            )
        )
        functions = await stack.enter_async_context(
            ServedFunctions(
                self._connected(settings.serving),
                settings.host,
                fleet,
                observer=self._observer,
                log=self._log,
                watches=settings.watches,
            )
        )
        if self._socket:
            stack.enter_context(announce(functions.path, fleet.engine.address, self._socket))
        return functions

    def _connected(self, serving: ServingOptions) -> ServingOptions:
        sandbox = replace(serving.sandbox, lambda_endpoint=self._socket)
        return replace(serving, sandbox=sandbox)

    @asynccontextmanager
    async def _background(self, functions: ServedFunctions) -> AsyncIterator[None]:
        """Initialise environments, and follow changes of samconfig, within the `async with` block."""
        settings = self._settings
        works: list[Coroutine[None, None, None]] = []
        if settings.initializes_all:
            works.append(self._initialize(functions))
        if settings.watches and settings.config_files:
            works.append(self._follow_config(functions))
        tasks = [asyncio.create_task(work) for work in works]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _initialize(self, functions: ServedFunctions) -> None:
        await functions.warm_up()
        self._observer.show_status("Environments are initialized")

    async def _follow_config(self, functions: ServedFunctions) -> None:
        """Serve the project with the options of samconfig, whenever that changes."""
        from samlocal.cli.config_watch import changes

        async for name in changes(self._settings.config_files):
            if settings := self._read_again():
                await self._apply(settings, functions, name)

    async def _apply(
        self, settings: EndpointSettings, functions: ServedFunctions, name: str
    ) -> None:
        before, self._settings = self._settings, settings
        if settings.serving != before.serving:
            try:
                await functions.reopen(self._connected(settings.serving))
            except SamlocalError as error:
                self._observer.show_diagnostic(_rejected(error, name))
                return
            self._observer.show_status(f"`{name}` has changed: its options are in effect")
        if replace(settings, serving=before.serving, host=before.host) != before:
            self._observer.show_status(f"`{name}` has changed: some of its options need a restart")


def _rejected(error: SamlocalError, name: str) -> Diagnostic:
    return Diagnostic(
        message=f"{error.message}; the options before the change of `{name}` stay in effect",
        place=error.place,
        hint=error.hint,
    )


def _no_calls(error: CacheError) -> Diagnostic:
    return Diagnostic(
        message=f"functions cannot call each other here: {error.message}", hint=error.hint
    )
