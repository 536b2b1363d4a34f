"""One invocation, its response, its result and its report."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Literal, Protocol

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from datetime import datetime

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, as the runtime interface
# emulator counts it: 6 MiB of payload and 100 bytes of envelope.
MAX_PAYLOAD_BYTES = 6 * 1024 * 1024 + 100
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
MAX_STREAMED_PAYLOAD_BYTES = 200 * 1024 * 1024

InvocationType = Literal["RequestResponse", "Event", "DryRun"]
Outcome = Literal["success", "error", "timeout", "failure"]
ResponseMode = Literal["buffered", "streaming"]
SpanName = Literal["responseLatency", "responseDuration", "runtimeOverhead", "extensionOverhead"]
PhaseName = Literal["init", "restore", "invoke", "shutdown"]
Status = Literal["success", "error", "timeout"]
JsonObject = Mapping[str, object]


@frozen
class Invocation:
    """One event for a function, and the data of the runtime's `context`.

    `client_context` and `cognito_identity` are JSON texts, as in the Runtime API. The remaining time
    that the function reads follows from its timeout, unless `deadline_ms` (Unix time in milliseconds) or
    `remaining_time_ms` (milliseconds from the start of the invocation) is set. `tenant_id` is for functions
    with tenant isolation: https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html
    `domain_name` is the value that members `domainName` of the payload, which is compact JSON, have for the host of a
    WebSocket API: the function gets the host of its own APIs instead, at which it reaches `@connections`.
    """

    request_id: str
    payload: bytes
    function_arn: str
    trace_id: str
    version: str = "$LATEST"
    client_context: str | None = None
    cognito_identity: str | None = None
    deadline_ms: int | None = None
    remaining_time_ms: int | None = None
    tenant_id: str | None = None
    domain_name: str | None = None


@frozen
class FunctionError:
    """Why an invocation has no result.

    `type` is Lambda's (`Sandbox.Timedout`) or the function's own (`ValueError`). `body` is what the runtime
    reported, which may hold more, such as a stack trace; it may be empty and need not be JSON.
    """

    type: str
    message: str
    hint: str | None = None
    body: bytes = field(default=b"", repr=False, compare=False)

    @property
    def payload(self) -> bytes:
        """What Lambda returns for the error: the runtime's body as it is, else type and message as JSON."""
        return (
            self.body or json.dumps({"errorType": self.type, "errorMessage": self.message}).encode()
        )


def read_error(body: bytes, *, default_type: str) -> FunctionError:
    """Return the error in Lambda's error object, which may be any other body, too."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        content = None
    members = content if isinstance(content, dict) else {}
    return FunctionError(
        type=str(members.get("errorType") or default_type),
        message=str(members.get("errorMessage") or ""),
        body=body,
    )


def response_too_large(limit: int) -> FunctionError:
    """Return Lambda's error for a response over a limit in bytes."""
    return FunctionError(
        type="Function.ResponseSizeTooLarge",
        message=f"Response payload size exceeded maximum allowed payload size ({limit} bytes).",
    )


class ResponseSink(Protocol):
    """The caller of an invocation, which takes its response as it comes.

    The calls follow each other: `begin`, any number of `write`, `end`. A buffered response begins when the
    runtime has sent all of it. A streamed one begins when the runtime begins, and the runtime is read no
    faster than `write` returns. The error of a function, a timeout or a crash is a buffered response with
    the error as JSON; after `begin` of a streamed response it is only given to `end`.

    The first error that a sink raises is raised by the invocation, at its end; the sink is not called again.
    """

    async def begin(self, content_type: str, mode: ResponseMode) -> None:
        """Take what is known before the first byte."""

    async def write(self, chunk: bytes) -> None:
        """Take a part of the response, never empty; parts are not those that the function wrote."""

    async def end(self, error: FunctionError | None) -> None:
        """Take the end, which is missing only where the invocation raises an error or is cancelled.

        With an error, a streamed response is incomplete.
        """


@frozen
class Span:
    """A part of an invocation; `start` is aware, the duration is in milliseconds.

    `responseLatency` lasts until the first byte of the response, `responseDuration` until its last,
    `runtimeOverhead` until the runtime asks for the next invocation, `extensionOverhead` until all
    extensions do: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
    """

    name: SpanName
    start: datetime
    duration_ms: float


@frozen
class Phase:
    """A phase of an execution environment; `start` is aware, the duration is in milliseconds."""

    name: PhaseName
    start: datetime
    duration_ms: float
    status: Status = "success"
    error_type: str | None = None


@frozen
class Report:
    """The figures of one invocation. Durations are in milliseconds, memory in MiB.

    An environment's first invocation has the duration of Init or, with SnapStart, of Restore, of which only
    a part is billed. `produced_bytes` is the size of the response.
    """

    request_id: str
    duration_ms: float
    memory_size_mb: int
    max_memory_used_mb: int | None
    init_duration_ms: float | None = None
    restore_duration_ms: float | None = None
    billed_restore_duration_ms: int | None = None
    status: Status = "success"
    error_type: str | None = None
    spans: tuple[Span, ...] = ()
    produced_bytes: int | None = None
    response_mode: ResponseMode = "buffered"

    @property
    def billed_duration_ms(self) -> int:
        """Duration, Restore's billed part and, since 1 August 2025, Init, rounded up to the millisecond.

        https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/
        """
        start_ms = (self.init_duration_ms or 0.0) + (self.billed_restore_duration_ms or 0)
        return math.ceil(milliseconds(self.duration_ms + start_ms))

    @property
    def metrics(self) -> JsonObject:
        """The figures as in the event `platform.report`, which needs a number for memory: 0 if not known."""
        metrics = {
            "durationMs": milliseconds(self.duration_ms),
            "billedDurationMs": self.billed_duration_ms,
            "memorySizeMB": self.memory_size_mb,
            "maxMemoryUsedMB": self.max_memory_used_mb or 0,
            "initDurationMs": _optional_milliseconds(self.init_duration_ms),
            "restoreDurationMs": _optional_milliseconds(self.restore_duration_ms),
            "billedRestoreDurationMs": self.billed_restore_duration_ms,
        }
        return {name: value for name, value in metrics.items() if value is not None}

    def __str__(self) -> str:
        """The `REPORT` line as Lambda writes it: fields separated by tabs, one at the end."""
        return report_line(self.request_id, self.metrics, self.status, self.error_type)


def report_line(request_id: str, metrics: JsonObject, status: str, error_type: str | None) -> str:
    """Return the `REPORT` line for the metrics of `platform.report`."""
    known = {name: value for name, value in metrics.items() if (name, value) != _UNKNOWN_MEMORY}
    fields = [f"REPORT RequestId: {request_id}"]
    fields += [text.format(known[name]) for name, text in _REPORT_FIELDS if name in known]
    if status != "success":
        fields.append(f"Status: {status}")
    if error_type is not None:
        fields.append(f"Error Type: {error_type}")
    return "\t".join(fields) + "\t"


_UNKNOWN_MEMORY = ("maxMemoryUsedMB", 0)
_REPORT_FIELDS = (
    ("durationMs", "Duration: {:.2f} ms"),
    ("billedDurationMs", "Billed Duration: {} ms"),
    ("memorySizeMB", "Memory Size: {} MB"),
    ("maxMemoryUsedMB", "Max Memory Used: {} MB"),
    ("initDurationMs", "Init Duration: {:.2f} ms"),
    ("restoreDurationMs", "Restore Duration: {:.2f} ms"),
    ("billedRestoreDurationMs", "Billed Restore Duration: {} ms"),
)


def milliseconds(duration: float) -> float:
    """Return a duration in milliseconds as telemetry states it: with microseconds."""
    return round(float(duration), 3)


def _optional_milliseconds(duration: float | None) -> float | None:
    return None if duration is None else milliseconds(duration)


@frozen
class InvocationResult:
    """The result of an invocation.

    `outcome` is `success`, `error` (the function returned one), `timeout`, or `failure` (the runtime
    died, did not initialise or ran out of memory). `payload` is byte for byte the output file of
    `aws lambda invoke`: the function's result, or the error as JSON. It is empty after a response that was
    streamed to a sink. `phases` are those of the environment since the previous invocation, in their order:
    Init as often as it ran, Invoke unless Init failed, and Shutdown if extensions ended.
    """

    outcome: Outcome
    payload: bytes
    report: Report
    phases: tuple[Phase, ...] = ()
    error: FunctionError | None = None
    content_type: str = "application/json"
