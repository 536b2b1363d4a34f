"""Sandboxes that a fleet starts, and functions that run in them."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from http.client import HTTPException
from itertools import count
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, Self

import pytest

from samlocal.execution.fleet import warm_environment
from samlocal.execution.fleet.fleet import Fleet
from samlocal.execution.fleet.fleet_function import FleetFunction
from samlocal.sandbox.backend import Backend
from samlocal.sandbox.factory import SandboxFactory
from tests.functional.execution.fakes import (
    FakeSandbox,
    RecordingLog,
    configuration,
    invocation,
)
from tests.unit.sandbox.specs import CONTAINER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.invocation import Invocation
    from samlocal.sandbox.container_spec import ContainerSpec
    from samlocal.sandbox.sandbox import Debugger
    from tests.functional.execution.fakes import Program, Received, Runtime

SECONDS = 20
_numbers = count()


class FleetSandbox(FakeSandbox):
    """A sandbox that knows its number and whether it has been removed."""

    def __init__(
        self,
        sandboxes: Sandboxes,
        number: int,
        spec: ContainerSpec,
        **options: Any,  # noqa: ANN401  # those of FakeSandbox
    ) -> None:
        workers = options.pop("workers", 1)
        usual = self.serve if workers == 1 else self.serve_at_once(workers)
        super().__init__(options.pop("program", usual), **options)
        self.number = number
        self.spec = spec
        self.is_open = False
        self.served: list[bytes] = []
        self.most_at_once = 0
        self._sandboxes = sandboxes
        self._at_once = 0
        self._guard = Lock()

    def __enter__(self) -> Self:
        self.is_open = True
        self._sandboxes.note_number()
        return super().__enter__()

    def __exit__(self, *exc_info: object) -> None:
        super().__exit__(*exc_info)
        self.is_open = False

    def die(self) -> None:
        """End as a container that is killed from outside."""
        self.kill_processes()
        self._end(137)

    def serve(self, runtime: Runtime) -> int:
        """Answer each event with the number of the sandbox, or do what the event requests."""
        runtime.write(f"init of {self.number}\n")
        while True:
            event = runtime.next()
            status = self.act(runtime, event)
            if status is not None:
                return status

    def serve_at_once(self, workers: int) -> Program:
        """Return the program of a runtime with several workers."""

        def program(runtime: Runtime) -> int:
            def work() -> None:
                with suppress(OSError, HTTPException, KeyError):  # it was killed
                    while True:
                        self.act(runtime, runtime.next())

            for _ in range(workers):
                Thread(target=work, daemon=True).start()
            runtime.hang()
            return 0

        return program

    def act(self, runtime: Runtime, event: Received) -> int | None:
        """Handle one event; return the exit status of a runtime that ends."""
        with self._guard:
            self.served.append(event.payload)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        runtime.write(f"{event.payload.decode()}\n")
        action = event.payload.partition(b" ")[0]
        if action == b"exit":
            return 7
        if action == b"hang":
            runtime.hang()
            return 1
        if action == b"hold":
            self._sandboxes.hold(self, runtime)
        with self._guard:
            self._at_once -= 1
        runtime.respond(event, str(self.number).encode())
        return None


class Sandboxes:
    """All sandboxes of a test, in the order of their start; `prepare` sets options of the next ones.

    An event `hold` is not answered before `release`.
    """

    def __init__(self) -> None:
        self.all: list[FleetSandbox] = []
        self.most_open = 0
        self.relays = 0
        self.held: list[FleetSandbox] = []
        self._prepared: deque[dict[str, Any]] = deque()
        self._may_answer = Event()

    @property
    def open(self) -> list[FleetSandbox]:
        return [each for each in self.all if each.is_open]

    def prepare(self, **options: Any) -> None:  # noqa: ANN401  # those of FakeSandbox
        """Set the options of the next sandbox that has none; `may_start=False` delays its start."""
        self._prepared.append(options)

    def new(self, spec: ContainerSpec) -> FleetSandbox:
        options = self._prepared.popleft() if self._prepared else {}
        may_start = options.pop("may_start", True)
        sandbox = FleetSandbox(self, len(self.all), spec, **options)
        if not may_start:
            sandbox.may_start.clear()
        self.all.append(sandbox)
        return sandbox

    def relayed(self, spec: ContainerSpec) -> ContainerSpec | None:
        if spec.api_connection != "auto":
            return None
        self.relays += 1
        return replace(spec, api_connection="relay")

    def note_number(self) -> None:
        self.most_open = max(self.most_open, len(self.open))

    def hold(self, sandbox: FleetSandbox, runtime: Runtime) -> None:
        self.held.append(sandbox)
        may_answer, deadline = self._may_answer, time.monotonic() + SECONDS
        while not may_answer.wait(0.01) and not runtime.process.killed.is_set():
            assert time.monotonic() < deadline

    def release(self) -> None:
        """Answer all held events, and from now on all others at once."""
        self._may_answer.set()
        for each in self.all:
            each.may_start.set()

    def answer_held(self) -> None:
        """Answer all events that are held now."""
        may_answer, self._may_answer = self._may_answer, Event()
        may_answer.set()

    def forget_prepared(self) -> None:
        """Let the next sandboxes be ordinary ones."""
        self._prepared.clear()

    async def wait_until_held(self, number: int) -> None:
        """Wait until so many events are held."""
        await until(lambda: len(self.held) == number)


@contextmanager
def faked(started: Sandboxes) -> Iterator[None]:
    """Let fleets start these sandboxes instead of containers."""
    with pytest.MonkeyPatch.context() as patch:
        # No runtime that is alive is waited for.
        patch.setattr(warm_environment, "_END_SECONDS", 1000.0)
        patch.setattr(Backend, "connect", lambda _backend: None)
        patch.setattr(SandboxFactory, "new_sandbox", lambda _factory, spec: started.new(spec))
        patch.setattr(SandboxFactory, "with_relay", lambda _factory, spec: started.relayed(spec))
        yield


async def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.002)


@asynccontextmanager
async def entered(
    sandboxes: Sandboxes, *, idle_seconds: float = 60.0, most: int | None = 8
) -> AsyncIterator[Fleet]:
    """Return a fleet; when it has ended, no sandbox is left."""
    async with Fleet(
        Backend(), progress=_Progress(), idle_seconds=idle_seconds, max_environments=most
    ) as fleet:
        yield fleet
    assert sandboxes.open == []


class _Progress:
    def __call__(self, layer: str, status: str, current: int, total: int) -> None:
        """Nobody asks."""

    def note(self, text: str) -> None:
        """Nobody asks."""


def function(  # what shapes a function
    key: str = "Ratings",
    *,
    fingerprint: str = "1",
    reserved: int | None = None,
    idle_seconds: float | None = None,
    debugger: Debugger | None = None,
    settings: FunctionConfiguration | None = None,
) -> FleetFunction:
    spec = replace(CONTAINER, sandbox=replace(CONTAINER.sandbox, debugger=debugger))
    return FleetFunction(
        key=key,
        fingerprint=fingerprint,
        spec=spec,
        configuration=settings or configuration(timeout_seconds=SECONDS),
        log=RecordingLog(),
        reserved_concurrency=reserved,
        idle_seconds=idle_seconds,
    )


def event(payload: bytes = b"{}", *, tenant_id: str | None = None) -> Invocation:
    """Return an invocation with a request ID of its own."""
    return replace(invocation(payload, request_id=f"id-{next(_numbers)}"), tenant_id=tenant_id)


async def invoke(
    fleet: Fleet,
    called: FleetFunction,
    payload: bytes = b"{}",
    **options: Any,  # noqa: ANN401  # those of Fleet
) -> str:
    """Return the number of the sandbox that served an event."""
    result = await fleet.invoke(called, event(payload), **options)
    assert result.outcome == "success", result
    return result.payload.decode()


def states(fleet: Fleet) -> list[str]:
    return sorted(each.state for each in fleet.environments)
