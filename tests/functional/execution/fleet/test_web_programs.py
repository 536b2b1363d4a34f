"""Connections to the programs of web functions, with programs that only count."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import pytest

from samlocal.errors import ProgramEndedError, ProgramNotListeningError, SamlocalError
from samlocal.execution.fleet.web_programs import WebPrograms

if TYPE_CHECKING:
    from samlocal.execution.fleet.web_program import WebProgram

FUNCTION = cast("Any", None)


class Program:
    """A program that refuses connections with an error, if it has one."""

    def __init__(self, error: Exception | None = None) -> None:
        self.users = 0
        self.connections = 0
        self._error = error

    def begin(self, *, holds: bool) -> None:
        assert holds
        self.users += 1
        self.connections += 1

    def finish(self, *, holds: bool) -> None:
        assert holds
        self.users -= 1

    async def connect(self) -> socket.socket:
        await asyncio.sleep(0)
        if self._error:
            raise self._error
        return socket.socket()

    async def settle_end(self) -> None: ...


class Programs(WebPrograms):
    """Gives these programs, one after the other; an error instead of one is raised."""

    def __init__(self, *programs: Program | SamlocalError) -> None:
        super().__init__(cast("Any", None), idle_seconds=1)
        self._next = iter(programs)

    async def _listening(self, _function: object, _is_current: object) -> WebProgram:
        program = next(self._next)
        if isinstance(program, SamlocalError):
            raise program
        return cast("WebProgram", program)


ENDED = ProgramEndedError("it has ended")
DEAF = ProgramNotListeningError("it does not listen")


@pytest.mark.parametrize(
    ("programs", "connections"),
    [
        pytest.param([Program()], [1], id="first"),
        pytest.param([Program(ENDED), Program()], [1, 1], id="ended-and-again"),
        pytest.param([Program(ENDED), Program(ENDED), Program()], [1, 1, 0], id="ended-twice"),
        pytest.param([Program(ENDED), ENDED], [1], id="ended-and-does-not-start"),
        pytest.param([Program(DEAF), Program()], [1, 0], id="deaf"),
        pytest.param([ENDED, Program()], [0], id="does-not-start"),
    ],
)
async def test_each_connection_is_finished_once(
    programs: list[Program | SamlocalError], connections: list[int]
) -> None:
    """Whatever happens, a program that notes a connection notes its end, once."""
    with suppress(ProgramEndedError, ProgramNotListeningError):
        async with Programs(*programs).connected(FUNCTION, lambda: True):
            assert sum(each.users for each in programs if isinstance(each, Program)) == 1
    real = [each for each in programs if isinstance(each, Program)]
    assert [each.connections for each in real] == connections
    assert [each.users for each in real] == [0] * len(real)


async def test_cancelled_connection_is_finished() -> None:
    """A client that goes while its connection is opened does not hold the program."""
    program = Program()

    async def connect() -> None:
        async with Programs(program).connected(FUNCTION, lambda: True):
            await asyncio.sleep(10)

    task = asyncio.create_task(connect())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert program.users == 1
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert program.users == 0
