"""The running programs of web functions: one for each, from its first connection until it changes."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from samlocal.errors import EnvironmentUnusableError, ProgramEndedError
from samlocal.execution.fleet.web_program import WebProgram

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable

    from samlocal.execution.fleet.fleet_function import FleetFunction
    from samlocal.sandbox.factory import SandboxFactory


class WebPrograms:
    """Starts a program when somebody connects to it, and again after its end; all calls are in one event loop.

    A program to which nobody connects for `idle_seconds` ends.
    """

    def __init__(self, factory: SandboxFactory, *, idle_seconds: float) -> None:
        self._factory = factory
        self._idle_seconds = idle_seconds
        self._current: dict[str, WebProgram] = {}
        self._all: set[WebProgram] = set()
        self._is_closing = False

    @asynccontextmanager
    async def connected(
        self, function: FleetFunction, is_current: Callable[[], bool], *, holds: bool = True
    ) -> AsyncIterator[socket.socket]:
        """Yield a connection to the program of a function.

        No program is started once the function is not `is_current`. A connection that does not `holds` the program
        breaks when the program is replaced.

        Raises:
            ProgramEndedError: The program ends before it listens.
            ProgramNotListeningError: It does not listen in time.
            SandboxError: No sandbox can be had.
            EnvironmentUnusableError: All programs are ending, or this one is replaced.
        """
        program = await self._listening(function, is_current)
        try:
            connection = await _begin(program, holds=holds)
        except ProgramEndedError:
            # It ended since the last connection: this one starts another.
            program = await self._listening(function, is_current)
            connection = await _begin(program, holds=holds)
        try:
            with connection:
                yield connection
        except Exception:
            # Whoever asks again at once gets another program if this one has ended.
            await program.settle_end()
            raise
        finally:
            program.finish(holds=holds)

    async def warm_up(self, function: FleetFunction, is_current: Callable[[], bool]) -> None:
        """Start the program of a function, unless it runs; return when it listens.

        Raises:
            SamlocalError: As `connected`.
        """
        await self._listening(function, is_current)

    def retire(self, key: str, *, keep: str | None = None) -> None:
        """End the program of a function if its fingerprint is not `keep`, after the requests that it has."""
        program = self._current.get(key)
        if program and program.function.fingerprint != keep:
            del self._current[key]
            program.retire()

    async def close(self) -> None:
        """Start nothing any more, and end all programs at once."""
        self._is_closing = True
        await asyncio.gather(*(each.end() for each in tuple(self._all)))

    async def _listening(
        self, function: FleetFunction, is_current: Callable[[], bool]
    ) -> WebProgram:
        while True:
            if self._is_closing:
                raise EnvironmentUnusableError(
                    "no request is possible any more: all programs are ending"
                )
            program = self._current.get(function.key)
            if (
                program is None
                or program.function.fingerprint != function.fingerprint
                or not program.is_usable
            ):
                if not is_current():
                    raise EnvironmentUnusableError("the program is replaced")
                if program:
                    program.retire()
                program = self._start(function)
            await program.settled.wait()
            if program.error:
                raise program.error
            if program.is_usable:
                return program

    def _start(self, function: FleetFunction) -> WebProgram:
        program = WebProgram(function, self._factory, self._forget, idle_seconds=self._idle_seconds)
        self._current[function.key] = program
        self._all.add(program)
        return program

    def _forget(self, program: WebProgram) -> None:
        self._all.discard(program)
        if self._current.get(program.function.key) is program:
            del self._current[program.function.key]


async def _begin(program: WebProgram, *, holds: bool) -> socket.socket:
    """Return a new connection to a program, which is to be finished."""
    program.begin(holds=holds)
    try:
        return await program.connect()
    except BaseException:
        program.finish(holds=holds)
        raise
