"""One invocation, its result and its report."""

from __future__ import annotations

import math
from typing import Literal

from samlocal.frozen_dataclass import frozen

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, as the runtime interface
# emulator counts it: 6 MiB of payload and 100 bytes of envelope.
MAX_PAYLOAD_BYTES = 6 * 1024 * 1024 + 100
# The soft limit of a streamed response: https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
MAX_STREAMED_PAYLOAD_BYTES = 20 * 1024 * 1024

Outcome = Literal["success", "error", "timeout", "failure"]


@frozen
class Invocation:
    """One event for a function, and the data of the runtime's `context`.

    `client_context` and `cognito_identity` are JSON texts, as in the Runtime API. The remaining time
    that the function reads follows from its timeout, unless `deadline_ms` (Unix time in milliseconds) or
    `remaining_time_ms` (milliseconds from the start of the invocation) is set.
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


@frozen
class FunctionError:
    """Why an invocation has no result.

    `type` is Lambda's (`Sandbox.Timedout`) or the function's own (`ValueError`).
    """

    type: str
    message: str
    hint: str | None = None


@frozen
class Report:
    """The figures of one invocation. Durations are in milliseconds, memory in MiB."""

    request_id: str
    duration_ms: float
    memory_size_mb: int
    max_memory_used_mb: int | None
    init_duration_ms: float | None = None
    status: Literal["success", "error", "timeout"] = "success"
    error_type: str | None = None

    @property
    def billed_duration_ms(self) -> int:
        """Duration and, since 1 August 2025, Init, rounded up to the millisecond.

        https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/
        """
        return math.ceil(self.duration_ms + (self.init_duration_ms or 0.0))

    def __str__(self) -> str:
        """The `REPORT` line as Lambda writes it: fields separated by tabs, one at the end."""
        fields = [
            f"REPORT RequestId: {self.request_id}",
            f"Duration: {self.duration_ms:.2f} ms",
            f"Billed Duration: {self.billed_duration_ms} ms",
            f"Memory Size: {self.memory_size_mb} MB",
        ]
        if self.max_memory_used_mb is not None:
            fields.append(f"Max Memory Used: {self.max_memory_used_mb} MB")
        if self.init_duration_ms is not None:
            fields.append(f"Init Duration: {self.init_duration_ms:.2f} ms")
        if self.status != "success":
            fields.append(f"Status: {self.status}")
        if self.error_type is not None:
            fields.append(f"Error Type: {self.error_type}")
        return "\t".join(fields) + "\t"


@frozen
class InvocationResult:
    """The result of an invocation.

    `outcome` is `success`, `error` (the function returned one), `timeout`, or `failure` (the runtime
    died, did not initialise or ran out of memory). `payload` is byte for byte the output file of
    `aws lambda invoke`: the function's result, or the error as JSON.
    """

    outcome: Outcome
    payload: bytes
    report: Report
    error: FunctionError | None = None
    content_type: str = "application/json"
