"""A sandbox that is a thread of this process; its runtime really calls the Runtime API."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping  # they define a type as the program runs
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from threading import Event, Thread
from typing import TYPE_CHECKING, Self

from samlocal.function_configuration import FunctionConfiguration
from samlocal.invocation import Invocation
from samlocal.sandbox.output import Output
from samlocal.sandbox.sandbox import Exit, Started

if TYPE_CHECKING:
    from collections.abc import Iterable

    from samlocal.errors import SandboxError
    from samlocal.sandbox.sandbox import Debugger, Process

_RUNTIME = "/2018-06-01/runtime"
_KILLED = 137


@dataclass
class RecordingLog:
    """Collects the function's output and the platform's lines in order."""

    entries: list[str] = field(default_factory=list)

    def write(self, output: bytes) -> None:
        self.entries.append(output.decode())

    def line(self, text: str) -> None:
        self.entries.append(text)


@dataclass(frozen=True, kw_only=True)
class Received:
    """A response of `next`; header names are in lower case."""

    request_id: str
    payload: bytes
    headers: Mapping[str, str]


class Runtime:
    """The actions of a runtime: call `next`, answer, write, wait for the stop."""

    def __init__(self, address: tuple[str, int], output: Output, stopped: Event) -> None:
        self._address = address
        self._output = output
        self._stopped = stopped

    def next(self) -> Received:
        headers, body = self._call("GET", "/invocation/next", None, {})
        return Received(
            request_id=headers["lambda-runtime-aws-request-id"], payload=body, headers=headers
        )

    def respond(
        self,
        event: Received,
        body: bytes | Iterable[bytes],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._call("POST", f"/invocation/{event.request_id}/response", body, headers or {})

    def fail(self, event: Received, body: bytes) -> None:
        self._call("POST", f"/invocation/{event.request_id}/error", body, {})

    def fail_init(self, body: bytes) -> None:
        self._call("POST", "/init/error", body, {})

    def write(self, text: str) -> None:
        self._output.write(text.encode())

    def hang(self) -> None:
        self._stopped.wait(20)

    def _call(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None,
        headers: Mapping[str, str],
    ) -> tuple[dict[str, str], bytes]:
        connection = HTTPConnection(*self._address, timeout=20)
        try:
            connection.request(method, _RUNTIME + path, body=body, headers=dict(headers))
            response = connection.getresponse()
            return {k.lower(): v for k, v in response.getheaders()}, response.read()
        finally:
            connection.close()


Program = Callable[[Runtime], int]


def echo(runtime: Runtime) -> int:
    """Answer every event with itself."""
    while True:
        event = runtime.next()
        runtime.write("working\n")
        runtime.respond(event, event.payload)


def answer_nothing(runtime: Runtime) -> int:
    runtime.next()
    runtime.hang()
    return 0


class FakeProcess:
    """A runtime that lives as long as its sandbox."""

    def __init__(self, sandbox: FakeSandbox) -> None:
        self.name = "runtime"
        self.started = sandbox.started
        self.exited = sandbox.exited
        self.output_ended = sandbox.logs_ended
        self.output = sandbox.output
        self._sandbox = sandbox

    def terminate(self) -> None:
        self._sandbox.stop()

    def kill(self) -> None:
        self._sandbox.stop()

    def flush_output(self) -> None:
        self._sandbox.flush_output()


class FakeSandbox:
    """Runs a program as its runtime. The program returns the exit status of the sandbox.

    `failure` is why it cannot be had: it starts nothing then. `dies` ends it as a lost engine does.
    `notices_after` is how long its owner takes to see that it has ended, in seconds. Its start is reported
    `clock_error` seconds too late, its end as much too early.
    """

    def __init__(
        self,
        program: Program,
        *,
        peers: frozenset[str] = frozenset({"127.0.0.1"}),
        reaches: bool | None = None,
        out_of_memory: bool = False,
        failure: SandboxError | None = None,
        dies: SandboxError | None = None,
        notices_after: float = 0,
        clock_error: float = 0,
    ) -> None:
        self.listening: Future[socket.socket] = Future()
        self.started: Future[Started] = Future()
        self.exited: Future[Exit] = Future()
        self.logs_ended: Future[None] = Future()
        self.is_starting = False
        self.output = Output()
        self.extensions: Future[tuple[str, ...]] = Future()
        self.extensions.set_result(())
        self.can_restart = False
        self.runtime = FakeProcess(self)
        self.log = RecordingLog()
        self.stopped = Event()
        self.inits_ended = 0
        self.may_start = Event()
        self.may_start.set()
        self.peaks_mb: list[int | None] = [42]
        self.underway: list[bytes] = []
        self._program = program
        self._peers = peers
        self._reaches = reaches
        self._out_of_memory = out_of_memory
        self._failure = failure
        self._dies = dies
        self._notices_after = notices_after
        self._clock_error = clock_error

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.listening.set_result(self._listener)
        Thread(target=self._run, daemon=True).start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()
        self._listener.close()

    def end_init(self) -> None:
        self.inits_ended += 1

    def accepts_peer(self, host: str, port: int) -> bool:
        assert port > 0
        assert self.started.done()  # nothing is known of its peers before
        return host in self._peers

    def stop(self) -> None:
        self.stopped.set()
        self._exit(_KILLED)

    def start_extension(self, name: str) -> Process:
        raise AssertionError(name)  # it has none

    def start_runtime(self) -> Process:
        return self.runtime

    def kill_processes(self) -> None:
        self.stop()

    def flush_output(self) -> None:
        for each in self.underway:
            self.output.write(each)
        self.underway.clear()

    def peak_memory_mb(self) -> int | None:
        return self.peaks_mb.pop(0) if len(self.peaks_mb) > 1 else self.peaks_mb[0]

    @property
    def debugger(self) -> Debugger | None:
        """None waits."""

    def connect(self, port: int) -> socket.socket:
        """Its programs are those of this machine."""
        return socket.create_connection(("127.0.0.1", port))

    def listens_on(self, port: int) -> bool | None:
        """Nobody asks."""

    def reaches_host(self) -> bool | None:
        return self._reaches

    def _run(self) -> None:
        if self._failure:
            for future in (self.started, self.exited, self.logs_ended):
                future.set_exception(self._failure)
            return
        self.may_start.wait(20)
        self.is_starting = True
        self.started.set_result(Started(at=time.monotonic() + self._clock_error))
        status = 1
        with suppress(OSError, HTTPException, KeyError):  # it was stopped in the middle of a call
            status = self._program(Runtime(self._listener.getsockname(), self.output, self.stopped))
        if self._dies:
            for future in (self.exited, self.logs_ended):
                with suppress(InvalidStateError):  # whoever sees the first may stop it meanwhile
                    future.set_exception(self._dies)
        self._exit(status)

    def _exit(self, status: int) -> None:
        at = time.monotonic() - self._clock_error
        with suppress(InvalidStateError):
            self.logs_ended.set_result(None)
            time.sleep(self._notices_after)
            signal = -status if status < 0 else None
            self.exited.set_result(
                Exit(
                    at=at,
                    status=128 + signal if signal else status,
                    signal=signal,
                    out_of_memory=self._out_of_memory,
                )
            )


def invocation(
    payload: bytes = b"{}",
    *,
    request_id: str = "id-1",
    deadline_ms: int | None = None,
    remaining_time_ms: int | None = None,
) -> Invocation:
    return Invocation(
        request_id=request_id,
        payload=payload,
        function_arn="arn:aws:lambda:us-east-1:123456789012:function:Ratings",
        trace_id="Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0",
        deadline_ms=deadline_ms,
        remaining_time_ms=remaining_time_ms,
    )


def configuration(
    *, memory_mb: int = 128, timeout_seconds: float = 5, unlimited: bool = False
) -> FunctionConfiguration:
    return FunctionConfiguration(
        name="Ratings",
        arn="arn:aws:lambda:us-east-1:123456789012:function:Ratings",
        account_id="123456789012",
        handler="app.handler",
        memory_mb=memory_mb,
        timeout_seconds=timeout_seconds,
        unlimited=unlimited,
        runtime_version="python:3.13",
    )
