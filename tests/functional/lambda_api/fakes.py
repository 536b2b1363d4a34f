"""A project whose functions are coroutines, and a queue that keeps its events."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from samlocal.errors import (
    AmbiguousFunctionError,
    CodeNotFoundError,
    EngineNotReachableError,
    FunctionNotFoundError,
    ImageNotFoundError,
    Place,
    ThrottledError,
)
from samlocal.function import (
    EnvironmentVariable,
    EventInvokeConfig,
    Function,
    ImageCode,
    Layer,
    LocalCode,
)
from samlocal.invocation import FunctionError, InvocationResult, Report
from samlocal.serving.function_call import CodeFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.errors import SamlocalError
    from samlocal.invocation import Outcome, ResponseMode, ResponseSink
    from samlocal.sandbox.output import Log
    from samlocal.serving.function_call import FunctionCall

REGION: Final = "eu-west-1"
ACCOUNT_ID: Final = "123456789012"
PLACE: Final = Place(Path("/app/template.yaml"), 12, 5)
CODE: Final = CodeFacts(
    size_bytes=1234,
    sha256="47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    last_modified=datetime(2025, 11, 26, 10, 11, 12, 123456, tzinfo=UTC),
)
ERROR_BODY: Final = b'{"errorMessage": "no", "errorType": "ValueError", "stackTrace": []}'
STREAMED: Final = (b"one", b"\x00\xff", b"three")


class Program(Protocol):
    """What a function does."""

    async def __call__(
        self, call: FunctionCall, *, response: ResponseSink | None, tail: Log | None
    ) -> InvocationResult: ...


class FakeFunctions:
    """Functions of one project; `calls` are those that ran, `ended` is how many came to their end."""

    def __init__(self) -> None:
        self.calls: list[FunctionCall] = []
        self.ended = 0
        self.written = 0
        self.gate = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def region_and_account(self) -> tuple[str, str]:
        return REGION, ACCOUNT_ID

    async def functions(self) -> tuple[Function, ...]:
        return FUNCTIONS

    async def find(self, name: str) -> Function:
        if name == "Twice":
            raise AmbiguousFunctionError("`Twice` matches 2 functions", hint="use a full path")
        for each in FUNCTIONS:
            if name in {each.logical_id, each.name, each.full_path}:
                return each
        raise FunctionNotFoundError(f"no function `{name}`")

    async def invoke(
        self,
        call: FunctionCall,
        *,
        response: ResponseSink | None = None,
        tail: Log | None = None,
    ) -> InvocationResult:
        self.calls.append(call)
        try:
            if call.function == "Gated":
                if tail:
                    tail.line("START")
                self.gate.set()
                await self.may_answer.wait()
            if response and call.function in {"Floods", "Impatient"}:
                return await self._flood(call, response)
            sink = OnceEnded(response) if response else None
            result = await PROGRAMS.get(call.function, echo)(call, response=sink, tail=tail)
            if sink:
                await sink.complete(result)
            if call.function == "Lingers":
                await self.may_answer.wait()
            return result
        finally:
            self.ended += 1

    async def _flood(self, call: FunctionCall, response: ResponseSink) -> InvocationResult:
        """Write 64 MiB in parts of 1 MiB."""
        self.written = 0
        await response.begin("application/octet-stream", "streaming")
        for _ in range(64):
            await response.write(bytes(1024 * 1024))
            self.written += 1024 * 1024
        await response.end(None)
        return result_of(call, b"")

    async def code_facts(self, function: Function) -> CodeFacts:
        if function.logical_id == "Broken":
            raise CodeNotFoundError("`src` does not exist", place=PLACE, hint="run `sam build`")
        return CODE


class OnceEnded:
    """A response sink that gets the whole result of a program which has not written to it."""

    def __init__(self, sink: ResponseSink) -> None:
        self._sink = sink
        self._has_begun = False

    async def begin(self, content_type: str, mode: ResponseMode) -> None:
        self._has_begun = True
        await self._sink.begin(content_type, mode)

    async def write(self, chunk: bytes) -> None:
        await self._sink.write(chunk)

    async def end(self, error: FunctionError | None) -> None:
        await self._sink.end(error)

    async def complete(self, result: InvocationResult) -> None:
        if not self._has_begun:
            await self.begin(result.content_type, "buffered")
            await self.write(result.payload)
            await self.end(result.error)


class FakeEvents:
    """Keeps what is put in the queue."""

    def __init__(self) -> None:
        self.events: list[tuple[Function, FunctionCall]] = []

    def enqueue(
        self, function: Function, call: FunctionCall, *, refused: SamlocalError | None = None
    ) -> None:
        assert refused is None
        self.events.append((function, call))


def result_of(
    call: FunctionCall,
    payload: bytes,
    *,
    outcome: Outcome = "success",
    error: FunctionError | None = None,
) -> InvocationResult:
    report = Report(
        request_id=call.request_id, duration_ms=1.0, memory_size_mb=128, max_memory_used_mb=64
    )
    return InvocationResult(outcome=outcome, payload=payload, report=report, error=error)


async def echo(
    call: FunctionCall, *, response: ResponseSink | None, tail: Log | None
) -> InvocationResult:
    """Return the event, and log a line about it."""
    if tail:
        tail.line(f"START RequestId: {call.request_id} Version: $LATEST")
        tail.write(b"the event has %d bytes\n" % len(call.payload))
        tail.line(f"END RequestId: {call.request_id}")
    if response:
        await response.begin("application/json", "buffered")
        await response.write(call.payload)
        await response.end(None)
    return result_of(call, call.payload)


async def fail(
    call: FunctionCall, *, response: ResponseSink | None, tail: Log | None
) -> InvocationResult:
    """Return an error of the function."""
    if tail:
        tail.line("it fails")
    error = FunctionError(type="ValueError", message="no", body=ERROR_BODY)
    if response:
        await response.begin("application/json", "buffered")
        await response.write(error.payload)
        await response.end(error)
    return result_of(call, error.payload, outcome="error", error=error)


async def gather(
    call: FunctionCall, *, response: ResponseSink | None, tail: Log | None
) -> InvocationResult:
    """Return what a streaming function wrote to nobody: as many bytes as the event says."""
    del response, tail
    return result_of(call, bytes(int(call.payload)))


async def look_failed(
    call: FunctionCall, *, response: ResponseSink | None, tail: Log | None
) -> InvocationResult:
    """Return a result that looks like an error."""
    del response, tail
    return result_of(call, json.dumps({"errorMessage": "x", "errorType": "y"}).encode())


async def describe(
    call: FunctionCall, *, response: ResponseSink | None, tail: Log | None
) -> InvocationResult:
    """Return what the function was called with."""
    del response, tail
    content = {
        "request_id": call.request_id,
        "qualifier": call.qualifier,
        "trace_id": call.trace_id,
        "client_context": call.client_context,
        "tenant_id": call.tenant_id,
    }
    return result_of(call, json.dumps(content).encode())


async def stream(
    call: FunctionCall, *, response: ResponseSink | None, tail: Log | None
) -> InvocationResult:
    """Write some parts; with the event "fail" an error follows, with "lost" the sandbox is lost."""
    assert response
    if tail:
        tail.line("START")
    await response.begin("application/octet-stream", "streaming")
    for each in STREAMED:
        await response.write(each)
    if call.payload == b'"lost"':
        raise EngineNotReachableError("the engine is gone")
    error = FunctionError(type="ValueError", message="no", body=ERROR_BODY)
    if call.payload == b'"fail"':
        await response.end(error)
        return result_of(call, b"", outcome="error", error=error)
    await response.end(None)
    return result_of(call, b"")


async def throttle(
    call: FunctionCall, *, response: ResponseSink | None, tail: Log | None
) -> InvocationResult:
    del call, response, tail
    reason = "ReservedFunctionConcurrentInvocationLimitExceeded"
    raise ThrottledError("2 of 2 environments are busy", reason=reason)


async def find_no_code(
    call: FunctionCall, *, response: ResponseSink | None, tail: Log | None
) -> InvocationResult:
    del call, response, tail
    raise CodeNotFoundError("`src` does not exist", place=PLACE, hint="run `sam build`")


async def find_no_function(
    call: FunctionCall, *, response: ResponseSink | None, tail: Log | None
) -> InvocationResult:
    del call, response, tail
    raise FunctionNotFoundError("no function `Vanished`")


async def find_no_engine(
    call: FunctionCall, *, response: ResponseSink | None, tail: Log | None
) -> InvocationResult:
    del call, response, tail
    raise EngineNotReachableError("no container engine answers")


async def find_no_image(
    call: FunctionCall, *, response: ResponseSink | None, tail: Log | None
) -> InvocationResult:
    del call, response, tail
    raise ImageNotFoundError("no image `it`", hint="build it")


async def crash(
    call: FunctionCall, *, response: ResponseSink | None, tail: Log | None
) -> InvocationResult:
    del call, response, tail
    raise RuntimeError("a defect")


def _function(logical_id: str, **properties: object) -> Function:
    given: dict[str, object] = {
        "logical_id": logical_id,
        "full_path": logical_id,
        "name": logical_id,
        "code": LocalCode(path=Path("/app/src"), place=PLACE),
        "place": PLACE,
        "runtime": "python3.13",
        "handler": "app.handler",
        "region": REGION,
        "account_id": ACCOUNT_ID,
        **properties,
    }
    return Function(**given)  # type: ignore[arg-type]  # the fields, by name


FUNCTIONS: Final = (
    _function(
        "Echo",
        description="says it again",
        qualifiers={"1": "1", "2": "2", "live": "2", "next": "$LATEST"},
        tags={"team": "blue"},
        environment={
            "STAGE": EnvironmentVariable(value="dev", place=PLACE),
            "UNKNOWN": EnvironmentVariable(value=None, place=PLACE),
        },
        layers=(Layer(name="Tools", code=None, arn=None, place=PLACE),),
        dead_letter=f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:dead",
    ),
    _function("Renamed", name="real-name", function_name="real-name"),
    _function("Inner", full_path="Stack/Nested/Inner"),
    _function("Fails"),
    _function("LooksFailed"),
    _function("Gathers"),
    _function("Vanished"),
    _function("Describes", qualifiers={"1": "1", "live": "1"}),
    _function("Gated"),
    _function("Lingers"),
    _function("Streams"),
    _function("Floods"),
    _function("Impatient", timeout_seconds=-4),
    _function("Throttled", reserved_concurrency=2),
    _function("Broken"),
    _function("NoEngine"),
    _function("NoImage", code=ImageCode(uri="it", command=("app",), place=PLACE), runtime=None),
    _function("Crashes"),
    _function("Isolated", tenancy=PLACE),
    _function(
        "Handled",
        event_invoke={
            "$LATEST": EventInvokeConfig(
                max_retries=1,
                max_age_seconds=60,
                on_failure=f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:Echo",
            )
        },
        allows_recursion=True,
    ),
)
PROGRAMS: Final[Mapping[str, Program]] = {
    "Fails": fail,
    "Gathers": gather,
    "LooksFailed": look_failed,
    "Describes": describe,
    "Handled": describe,
    "Isolated": describe,
    "Streams": stream,
    "Throttled": throttle,
    "Broken": find_no_code,
    "Vanished": find_no_function,
    "NoEngine": find_no_engine,
    "NoImage": find_no_image,
    "Crashes": crash,
}
