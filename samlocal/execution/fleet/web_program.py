"""The running program of a web function, from the start of its sandbox to its removal."""

from __future__ import annotations

import asyncio
import errno
import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from samlocal.errors import (
    EnvironmentUnusableError,
    ProgramEndedError,
    ProgramNotListeningError,
    SandboxError,
)
from samlocal.execution.endpoint_calls import project_endpoint
from samlocal.execution.environment import INIT_SECONDS
from samlocal.execution.fleet.http_endpoint import VARIABLE, choose_endpoint, with_endpoint
from samlocal.execution.fleet.sandbox_removal import remove_sandbox
from samlocal.execution.thread_futures import awaitable
from samlocal.runtime_api.apis import SandboxApis
from samlocal.runtime_api.http_server import Server
from samlocal.runtime_api.routes import Router
from samlocal.sandbox.output import GuardedLog
from samlocal.sandbox.signal_names import SIGNALS

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from samlocal.execution.fleet.fleet_function import FleetFunction
    from samlocal.sandbox.factory import SandboxFactory
    from samlocal.sandbox.sandbox import Exit, Sandbox

_log = logging.getLogger(__name__)

# How often a program that is starting is asked whether it listens.
_FIRST_LOOK_SECONDS: Final = 0.01
_LATER_LOOK_SECONDS: Final = 0.1
# How long the end of a program may take to be known after it has refused a connection.
_END_SECONDS: Final = 0.5
# The same after a connection has broken, which a program that lives on may have closed.
_SOON_SECONDS: Final = 0.1
_LAST_OUTPUT_SECONDS: Final = 2.0


class WebProgram:
    """A program that is started, connected to and removed, as a task of its own.

    `changed` is called when it is gone. `settled` is set when it listens, or never will; `error` says why not. Its
    APIs are those of any sandbox, so that it can call functions of its project.
    """

    def __init__(
        self,
        function: FleetFunction,
        factory: SandboxFactory,
        changed: Callable[[WebProgram], None],
        *,
        idle_seconds: float,
    ) -> None:
        self.function = function
        self.settled = asyncio.Event()
        self.error: Exception | None = None
        self._factory = factory
        self._changed = changed
        self._idle_seconds = function.idle_seconds or idle_seconds
        self._endpoint = choose_endpoint(function.spec)
        self._log = GuardedLog(function.log)
        self._sandbox: Sandbox | None = None
        self._exited: asyncio.Future[Exit] | None = None
        self._is_retired = False
        self._users = 0
        self._holders = 0
        self._idle_timer: asyncio.TimerHandle | None = None
        self._end = asyncio.Event()
        self._is_free = asyncio.Event()
        self._is_free.set()
        self._task = asyncio.create_task(self._live())

    @property
    def is_usable(self) -> bool:
        """Whether it is starting, or takes connections."""
        return not (self._is_retired or self.error or self._has_exited or self._task.done())

    @property
    def _has_exited(self) -> bool:
        return self._exited is not None and self._exited.done()

    def begin(self, *, holds: bool) -> None:
        """Note a connection; one that `holds` the program keeps a retired one alive."""
        self._users += 1
        self._cancel_idle_timer()
        if holds:
            self._holders += 1
            self._is_free.clear()

    def finish(self, *, holds: bool) -> None:
        """Note the end of a connection."""
        self._users -= 1
        if holds:
            self._holders -= 1
            if not self._holders:
                self._is_free.set()
        if not self._users and self.is_usable:
            self.expect_use()

    def expect_use(self) -> None:
        """End it if nobody connects for its idle time."""
        self._cancel_idle_timer()
        loop = asyncio.get_running_loop()
        self._idle_timer = loop.call_later(self._idle_seconds, self.retire)

    def retire(self) -> None:
        """End it as soon as no connection holds it."""
        self._is_retired = True
        self._cancel_idle_timer()
        self._end.set()

    async def end(self) -> None:
        """End it at once, and wait until it is gone."""
        self.retire()
        self._is_free.set()
        await asyncio.shield(self._task)

    async def settle_end(self) -> None:
        """If the program has just ended, wait until that is known, a short time at most."""
        if self._exited is not None:
            await _first_of(self._exited, seconds=_SOON_SECONDS)

    async def connect(self) -> socket.socket:
        """Return a connection to the program, which listens.

        Raises:
            ProgramEndedError: It has ended.
            ProgramNotListeningError: It does not accept connections any more.
            SandboxError: The sandbox was lost.
        """
        sandbox, exited = self._sandbox, self._exited
        if sandbox is None or exited is None or exited.done():
            raise ProgramEndedError(self._ended("it has ended"))
        try:
            return await asyncio.to_thread(sandbox.connect, self._endpoint.port)
        except OSError as error:
            await asyncio.wait([exited], timeout=_END_SECONDS)
            if exited.done():
                raise ProgramEndedError(_reason(exited.result())) from error
            raise self._not_listening("any more", error) from error

    async def _live(self) -> None:
        try:
            await self._live_in_sandbox()
        except Exception as error:  # noqa: BLE001  # whoever waits for it gets the error
            _log.debug("a program of %s ended: %s", self.function.key, error)
            self.error = error
        finally:
            self._is_retired = True
            self._cancel_idle_timer()
            self.settled.set()
            self._changed(self)

    async def _live_in_sandbox(self) -> None:
        sandbox = self._factory.new_sandbox(with_endpoint(self.function.spec, self._endpoint))
        sandbox.__enter__()
        try:
            sandbox.output.connect(self._log)
            listener = await awaitable(sandbox.listening)
            apis = SandboxApis(self.function.configuration)

            async def accepts_peer(host: str, port: int) -> bool:
                return sandbox.accepts_peer(host, port)

            server = Server(
                listener,
                Router(lambda: apis),
                accepts_peer=accepts_peer,
                endpoint=project_endpoint(self.function.configuration, self._log.line),
            )
            async with server:
                await self._serve(sandbox)
                await self._stop(sandbox)
        finally:
            await remove_sandbox(sandbox)
            self._log.flush()

    async def _serve(self, sandbox: Sandbox) -> None:
        """Wait until the program listens, and then until it is to end, or has ended by itself."""
        exited = self._exited = awaitable(sandbox.runtime.exited)
        wanted: asyncio.Task[Any] = asyncio.create_task(self._end.wait())
        try:
            await self._wait_until_listening(sandbox, exited, wanted)
            self._sandbox = sandbox
            self.settled.set()
            if not self._users:
                self.expect_use()
            await _first_of(exited, wanted)
            if wanted.done() and not exited.done():
                free: asyncio.Task[Any] = asyncio.create_task(self._is_free.wait())
                await _first_of(exited, free)
                free.cancel()
            elif exited.done():
                self._log.line(_reason(exited.result()))
        finally:
            wanted.cancel()

    async def _wait_until_listening(
        self, sandbox: Sandbox, exited: asyncio.Future[Exit], wanted: asyncio.Task[Any]
    ) -> None:
        """Wait as long as Init may take; the time begins with the start of the sandbox.

        Raises:
            ProgramEndedError: The program ended before.
            ProgramNotListeningError: It does not listen in time.
            EnvironmentUnusableError: It was to end before.
            SandboxError: The sandbox cannot start.
        """
        started = awaitable(sandbox.started)
        await _first_of(started, exited, wanted)
        begun = started.result().at if started.done() else time.monotonic()
        pause, refusal = _FIRST_LOOK_SECONDS, None
        while not wanted.done():
            if exited.done():
                raise ProgramEndedError(
                    f"{_reason(exited.result())} before it listened at `{self._endpoint}`"
                )
            refusal = await asyncio.to_thread(_refusal, sandbox, self._endpoint.port)
            if refusal is None:
                _log.debug("%s listens", self.function.key)
                return
            if time.monotonic() > begun + INIT_SECONDS:
                raise self._not_listening(f"after {INIT_SECONDS:.0f} seconds", refusal)
            await _first_of(exited, wanted, seconds=pause)
            pause = min(2 * pause, _LATER_LOOK_SECONDS)
        raise EnvironmentUnusableError("the program was ended before it listened")

    async def _stop(self, sandbox: Sandbox) -> None:
        """End the program, and wait for its last output."""
        await asyncio.to_thread(sandbox.stop)
        with suppress(SandboxError, TimeoutError):
            async with asyncio.timeout(_LAST_OUTPUT_SECONDS):
                await awaitable(sandbox.logs_ended)

    def _not_listening(self, when: str, refusal: OSError) -> ProgramNotListeningError:
        detail = "" if refusal.errno == errno.ECONNREFUSED else f" ({refusal})"
        return ProgramNotListeningError(
            f"the program does not listen at `{self._endpoint}` {when}{detail}",
            hint=f"it finds this address in `{VARIABLE}`, and no `PORT`",
        )

    def _ended(self, otherwise: str) -> str:
        if self._exited is not None and self._has_exited and not self._exited.exception():
            return _reason(self._exited.result())
        return otherwise

    def _cancel_idle_timer(self) -> None:
        if self._idle_timer:
            self._idle_timer.cancel()
            self._idle_timer = None


async def _first_of(*waited: asyncio.Future[Any], seconds: float | None = None) -> None:
    await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)


def _refusal(sandbox: Sandbox, port: int) -> OSError | None:
    """Return why no connection is possible; None if the program listens."""
    try:
        sandbox.connect(port).close()
    except OSError as error:
        return error
    return None


def _reason(exited: Exit) -> str:
    if exited.out_of_memory:
        return "the program ran out of memory"
    if exited.signal:
        name = SIGNALS.get(exited.signal, f"signal {exited.signal}")
        return f"the program was ended by a signal: {name}"
    if exited.status is None:
        return "the program ended"
    return f"the program exited with status {exited.status}"
