"""Programs of web functions that are replaced while somebody connects, with fake ones."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from typing import Any

import pytest

from samlocal.errors import EnvironmentUnusableError, ProgramEndedError
from samlocal.execution.fleet import web_programs
from samlocal.execution.fleet.web_programs import WebPrograms


@dataclass(frozen=True)
class Function:
    fingerprint: str
    key: str = "Site"


class Program:
    """A program that takes connections until it is retired; `settled` is set by the test."""

    started: list[Program]

    def __init__(self, function: Function, *_: object, **__: object) -> None:
        self.function = function
        self.settled = asyncio.Event()
        self.error: Exception | None = None
        self.is_usable = True
        self.connecting = asyncio.Event()
        self.goes_on = asyncio.Event()
        self.started.append(self)

    def begin(self, *, holds: bool) -> None: ...

    def finish(self, *, holds: bool) -> None: ...

    def retire(self) -> None:
        self.is_usable = False

    async def connect(self) -> socket.socket:
        self.connecting.set()
        await self.goes_on.wait()
        if not self.is_usable:
            raise ProgramEndedError("it has ended")
        return socket.socket()


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Program]:
    """Return the programs that are started, all of them fakes."""
    monkeypatch.setattr(Program, "started", [], raising=False)
    monkeypatch.setattr(web_programs, "WebProgram", Program)
    return Program.started


async def connect(programs: WebPrograms, function: Any, current: list[Any]) -> None:  # noqa: ANN401  # a fake
    async with programs.connected(function, lambda: current[-1] is function):
        pass


@pytest.mark.parametrize("is_listening", [False, True])
async def test_replaced_program(started: list[Program], *, is_listening: bool) -> None:
    """A request for a program that is replaced meanwhile starts it no more, and leaves the next one alone."""
    programs = WebPrograms(None, idle_seconds=60)  # type: ignore[arg-type]  # fakes need no sandboxes
    first, second = Function("1"), Function("2")
    current = [first]
    asking = asyncio.create_task(connect(programs, first, current))
    await asyncio.sleep(0)
    (old,) = started
    old.settled.set()
    if is_listening:
        await old.connecting.wait()
    current.append(second)
    programs.retire("Site", keep="2")
    following = asyncio.create_task(connect(programs, second, current))
    old.goes_on.set()
    while not asking.done() and len(started) < 3:  # noqa: ASYNC110  # the tasks of the test
        await asyncio.sleep(0)
    _, new = started
    with pytest.raises(EnvironmentUnusableError, match="replaced"):
        await asking
    new.settled.set()
    new.goes_on.set()
    await following
    assert new.is_usable
    assert len(started) == 2
