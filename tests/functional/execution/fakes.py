"""A sandbox that is a thread of this process; its runtime really calls the Runtime API."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Mapping  # they define a type as the program runs
from concurrent.futures import Future, InvalidStateError
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from threading import Event, Lock, Thread, Timer
from typing import TYPE_CHECKING, Any, Literal, Self

from samlocal.errors import LaunchError
from samlocal.execution.environment import ExecutionEnvironment
from samlocal.function_configuration import FunctionConfiguration
from samlocal.invocation import Invocation
from samlocal.sandbox.output import Output
from samlocal.sandbox.sandbox import Exit, Started

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from samlocal.errors import SandboxError
    from samlocal.sandbox.sandbox import Debugger

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


class Caller:
    """A process in a fake sandbox: it calls Lambda's APIs and writes, until it is killed."""

    def __init__(self, address: tuple[str, int], process: FakeProcess) -> None:
        self.process = process
        self._address = address

    def write(self, text: str) -> None:
        if not self.process.killed.is_set():
            self.process.output.write(text.encode())

    def hang(self) -> None:
        """Wait until it is killed."""
        self.process.killed.wait(20)

    def next_in_background(self) -> None:
        """Ask for the next event, and do not wait for it."""

        def ask() -> None:
            with suppress(OSError, HTTPException, KeyError, AssertionError):
                self.next()

        Thread(target=ask, daemon=True).start()

    def next(self) -> object:
        """Wait for the next event."""
        raise NotImplementedError

    def wait_for_sigterm(self) -> None:
        assert self.process.terminated.wait(20)

    def call(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection(*self._address, timeout=20)
        try:
            with self.process.living():
                connection.connect()
                if isinstance(body, bytes | None):
                    connection.request(method, path, body=body, headers=dict(headers or {}))
            if not isinstance(body, bytes | None):
                connection.request(method, path, body=body, headers=dict(headers or {}))
            response = connection.getresponse()
            found = {k.lower(): v for k, v in response.getheaders()}
            return response.status, found, response.read()
        finally:
            connection.close()


class Runtime(Caller):
    """The actions of a runtime: call `next`, answer, write, wait for its end. `number` counts its starts."""

    def __init__(self, address: tuple[str, int], process: FakeProcess, number: int) -> None:
        super().__init__(address, process)
        self.number = number

    def next(self) -> Received:
        _, headers, body = self.call("GET", f"{_RUNTIME}/invocation/next")
        return Received(
            request_id=headers["lambda-runtime-aws-request-id"], payload=body, headers=headers
        )

    def respond(
        self,
        event: Received,
        body: bytes | Iterable[bytes],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.call("POST", f"{_RUNTIME}/invocation/{event.request_id}/response", body, headers)

    def fail(self, event: Received, body: bytes) -> None:
        self.call("POST", f"{_RUNTIME}/invocation/{event.request_id}/error", body)

    def fail_init(self, body: bytes, error_type: str | None = None) -> None:
        headers = {"Lambda-Runtime-Function-Error-Type": error_type} if error_type else {}
        self.call("POST", f"{_RUNTIME}/init/error", body, headers)


class ExternalExtension(Caller):
    """The actions of an external extension: register, wait for events, report errors."""

    def register(self, *events: str) -> None:
        status, headers, body = self._call(
            "POST", "/register", json.dumps({"events": events}).encode()
        )
        assert status == 200, body
        self._identifier = headers["lambda-extension-identifier"]

    def next(self) -> dict[str, Any]:
        status, _, body = self._call("GET", "/event/next")
        assert status == 200, body
        event: dict[str, Any] = json.loads(body)
        return event

    def report_error(self, when: Literal["init", "exit"], error_type: str) -> None:
        headers = {"Lambda-Extension-Function-Error-Type": error_type}
        self._call("POST", f"/{when}/error", b"{}", headers)

    def _call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        own = {"Lambda-Extension-Name": self.process.name}
        if identifier := getattr(self, "_identifier", None):
            own["Lambda-Extension-Identifier"] = identifier
        return self.call(method, f"/2020-01-01/extension{path}", body, {**own, **(headers or {})})


Program = Callable[[Runtime], int]
ExtensionProgram = Callable[[ExternalExtension], int]


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
    """A thread as a process of a fake sandbox; its program returns its exit status."""

    def __init__(
        self, name: str, output: Output | None = None, *, killed: Event | None = None
    ) -> None:
        self.name = name
        self.started: Future[Started] = Future()
        self.exited: Future[Exit] = Future()
        self.output_ended: Future[None] = Future()
        self.output = output or Output()
        self.terminated = Event()
        self.killed = killed or Event()
        self.underway: list[bytes] = []
        self.last_words = b""
        """Output that arrives after the exit is known."""
        self.out_of_memory = False
        self.notices_after = 0.0
        self.clock_error = 0.0
        self.dies: SandboxError | None = None
        self._lock = Lock()

    def run(self, program: Callable[[], int]) -> None:
        """Run the program to its end."""
        self.started.set_result(Started(at=time.monotonic() + self.clock_error))
        status = 1
        with suppress(OSError, HTTPException, KeyError):  # it was killed in the middle of a call
            status = program()
        if self.dies:
            self.fail(self.dies)
        self.exit(status)

    @contextmanager
    def living(self) -> Iterator[None]:
        """Do something that a killed process does not do."""
        with self._lock:
            if self.killed.is_set():
                raise ConnectionAbortedError
            yield

    def terminate(self) -> None:
        self.terminated.set()

    def kill(self) -> None:
        with self._lock:
            self.killed.set()
        self.exit(-9)

    def request_flush(self) -> Future[None] | None:
        """It does not tell when its output is written."""

    def flush_output(self) -> None:
        for each in self.underway:
            self.output.write(each)
        self.underway.clear()

    def exit(self, status: int) -> None:
        at = time.monotonic() - self.clock_error
        with suppress(InvalidStateError):
            if not self.last_words:
                self.output_ended.set_result(None)
            time.sleep(self.notices_after)
            signal = -status if status < 0 else None
            self.exited.set_result(
                Exit(
                    at=at,
                    status=128 + signal if signal else status,
                    signal=signal,
                    out_of_memory=self.out_of_memory,
                )
            )
            if self.last_words:
                Timer(0.2, self._say_last_words).start()

    def _say_last_words(self) -> None:
        self.output.write(self.last_words)
        self.output_ended.set_result(None)

    def fail(self, error: SandboxError) -> None:
        for future in (self.started, self.exited, self.output_ended):
            with suppress(InvalidStateError):
                future.set_exception(error)


class FakeSandbox:
    """Runs a program as its runtime, again after each restart, and programs as external extensions.

    With `can_restart` False the sandbox ends with its runtime, and takes all others along. `failure` is why it cannot be had: it starts
    nothing then. `dies` ends it as a lost engine does, when the runtime ends. `notices_after` is how long its
    owner takes to see that the runtime has ended, in seconds. Its start is reported `clock_error` seconds too
    late, its end as much too early. An extension that is a `LaunchError` cannot be executed.
    """

    def __init__(  # noqa: PLR0913  # its behaviours
        self,
        program: Program,
        *,
        extensions: Mapping[str, ExtensionProgram | LaunchError] | None = None,
        can_restart: bool = True,
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
        self.extensions: Future[tuple[str, ...]] = Future()
        self.output = Output()
        self.underway: list[bytes] = []
        self.is_starting = False
        self.log = RecordingLog()
        self.stopped = Event()
        self.inits_ended = 0
        self.may_start = Event()
        self.may_start.set()
        self.peaks_mb: list[int | None] = [42]
        self.processes: list[FakeProcess] = []
        self.can_restart = can_restart
        self._program = program
        self._extension_programs = extensions or {}
        self._peers = peers
        self._reaches = reaches
        self._out_of_memory = out_of_memory
        self._failure = failure
        self._dies = dies
        self._notices_after = notices_after
        self._clock_error = clock_error
        self._starts = 0

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.listening.set_result(self._listener)
        Thread(target=self._run, daemon=True).start()
        return self

    def give_head_start(self, seconds: float) -> None:
        """It starts at once."""

    def __exit__(self, *exc_info: object) -> None:
        self.stop()
        self._listener.close()

    @property
    def runtimes(self) -> list[FakeProcess]:
        """The runtime of each start."""
        return [each for each in self.processes if each.name == "runtime"]

    @property
    def runtime(self) -> FakeProcess:
        """The last one that was started."""
        return self.runtimes[-1] if self.runtimes else FakeProcess("runtime")

    def start_early(self, seconds: float) -> None:
        """Start the runtime before anyone asks for it, and let it run to its end, at most so long."""
        self.start_runtime().exited.result(seconds)

    def start_runtime(self) -> FakeProcess:
        self._starts += 1
        process = FakeProcess("runtime", self.output)
        process.underway = self.underway
        process.out_of_memory = self._out_of_memory
        process.notices_after = self._notices_after
        process.clock_error = self._clock_error
        process.dies = self._dies
        runtime = Runtime(self._address, process, self._starts)
        return self._start(process, lambda: self._program(runtime))

    def start_extension(self, name: str) -> FakeProcess:
        process, program = FakeProcess(name), self._extension_programs[name]
        if isinstance(program, LaunchError):
            process.fail(program)
            return process
        extension = ExternalExtension(self._address, process)
        return self._start(process, lambda: program(extension))

    def kill_processes(self) -> Future[None]:
        for each in self.processes:
            each.kill()
        killed: Future[None] = Future()
        killed.set_result(None)
        return killed

    def end_init(self) -> None:
        self.inits_ended += 1

    def accepts_peer(self, host: str, port: int) -> bool:
        assert port > 0
        assert self.started.done()  # nothing is known of its peers before
        return host in self._peers

    def stop(self) -> None:
        self.stopped.set()
        self.kill_processes()
        self._end(_KILLED)

    @property
    def measures_at_once(self) -> bool:
        return len(self.peaks_mb) == 1

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

    @property
    def _address(self) -> tuple[str, int]:
        host, port = self._listener.getsockname()
        return host, port

    def _run(self) -> None:
        if self._failure:
            for future in (self.started, self.exited, self.logs_ended, self.extensions):
                future.set_exception(self._failure)
            return
        if not self.may_start.wait(20):
            return  # the test has ended without its start
        self.is_starting = True
        self.extensions.set_result(tuple(self._extension_programs))
        self.started.set_result(Started(at=time.monotonic() + self._clock_error))

    def _start(self, process: FakeProcess, program: Callable[[], int]) -> FakeProcess:
        self.processes.append(process)

        def run_to_the_end() -> int:
            try:
                return program()
            finally:
                if process.name == "runtime" and not self.can_restart:
                    for each in self.processes:
                        if each is not process:
                            each.kill()

        def run() -> None:
            process.run(run_to_the_end)
            if process.name == "runtime" and self._dies:
                self._die(self._dies)
            if process.name == "runtime" and not self.can_restart:
                self._end(0)

        Thread(target=run, daemon=True).start()
        return process

    def _die(self, error: SandboxError) -> None:
        for each in self.processes:
            each.fail(error)
        for future in (self.exited, self.logs_ended):
            with suppress(InvalidStateError):
                future.set_exception(error)

    def _end(self, status: int) -> None:
        with suppress(InvalidStateError):
            self.logs_ended.set_result(None)
            self.exited.set_result(Exit(at=time.monotonic(), status=status))


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


@asynccontextmanager
async def entered(
    sandbox: FakeSandbox, *, timeout_seconds: float = 5
) -> AsyncIterator[ExecutionEnvironment]:
    """Return an environment in a sandbox, with the sandbox's log."""
    with sandbox:
        async with ExecutionEnvironment(
            sandbox, configuration(timeout_seconds=timeout_seconds), log=sandbox.log
        ) as environment:
            yield environment


def numbered(number: int, payload: bytes = b"{}") -> Invocation:
    return invocation(payload, request_id=f"id-{number}")
