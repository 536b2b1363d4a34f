"""The outcomes of a phase, with Lambda's error messages.

https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from samlocal.frozen_dataclass import frozen
from samlocal.invocation import FunctionError, InvocationResult
from samlocal.runtime_api.answer import Answer, error_answer
from samlocal.sandbox.signal_names import SIGNALS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from samlocal.errors import SandboxError
    from samlocal.invocation import Outcome, Phase, Report
    from samlocal.runtime_api.extension import ExtensionFailure
    from samlocal.sandbox.sandbox import Exit


@frozen
class PhaseOutcome:
    """How a phase ended: the runtime's answer, or Lambda's if the runtime gave none.

    `at` is the end in `time.monotonic()` seconds. `status` and `error_type` are those of the report, which
    counts an error that the function returned as success. `cause` tells what a timeout waited for, or what
    failed after the caller had the answer.
    """

    at: float
    answer: Answer
    outcome: Outcome
    status: Literal["success", "error", "timeout"] = "success"
    error_type: str | None = None
    out_of_memory: bool = False
    cause: str | None = None

    @property
    def is_failure(self) -> bool:
        """Whether the programs of the environment have to start again."""
        return self.status != "success"


@frozen
class PhaseResult:
    """A phase from `begun` to `ended`, in `time.monotonic()` seconds; `failure` is None if it succeeded."""

    begun: float
    ended: float
    failure: PhaseOutcome | None = None

    @property
    def duration_ms(self) -> float:
        return (self.ended - self.begun) * 1000


def invocation_result(
    outcome: PhaseOutcome, report: Report, phases: Iterable[Phase]
) -> InvocationResult:
    """Return the result of an invocation whose last phase had that outcome."""
    return InvocationResult(
        outcome=outcome.outcome,
        payload=outcome.answer.payload,
        content_type=outcome.answer.content_type,
        error=outcome.answer.error,
        report=report,
        phases=tuple(phases),
    )


def answered(answer: Answer, *, at: float) -> PhaseOutcome:
    """Return the outcome of a runtime that answered and asked for the next invocation."""
    return PhaseOutcome(at=at, answer=answer, outcome="error" if answer.error else "success")


def failed_afterwards(answer: Answer, failure: PhaseOutcome) -> PhaseOutcome:
    """Return the outcome of an invocation that failed after its caller had the answer."""
    outcome: Outcome = "error" if answer.error else "success"
    cause = failure.cause
    if cause is None and (error := failure.answer.error):
        cause = error.hint or error.message.rpartition(" Error: ")[2]
    return replace(failure, answer=answer, outcome=outcome, cause=cause)


def broken_off(failure: PhaseOutcome) -> PhaseOutcome:
    """Return the outcome of a runtime that ended in the middle of its response; the report names its end."""
    error = failure.answer.error
    if error is None or failure.status == "timeout":
        return failure
    return replace(failure, answer=error_answer(replace(error, type="Runtime.TruncatedResponse")))


def timed_out(request_id: str, seconds: float, *, at: float) -> PhaseOutcome:
    """Return the outcome of a phase that took more than the function's timeout in seconds."""
    message = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
    error = FunctionError(type="Sandbox.Timedout", message=message)
    return PhaseOutcome(at=at, answer=error_answer(error), outcome="timeout", status="timeout")


def failed_to_initialise(failure: Answer, *, at: float) -> PhaseOutcome:
    """Return the outcome of a runtime that reported an error in Init or Restore."""
    return _failure(failure, failure.reported_type, at=at)


def failed_to_restore_in_time(request_id: str, seconds: float, *, at: float) -> PhaseOutcome:
    """Return the outcome of a runtime whose hooks after the restore took more than their time."""
    message = "Lambda couldn't restore the snapshot within the timeout limit."
    error = FunctionError(
        type="SnapStartTimeoutException",
        message=f"RequestId: {request_id} Error: {message}",
        hint=f"the runtime hooks after the restore may take {seconds:.0f} seconds in all",
    )
    return _failure(error_answer(error), error.type, at=at)


def runtime_exited(request_id: str, exit_: Exit, memory_mb: int) -> PhaseOutcome:
    """Return the outcome of a runtime that exited or was killed."""
    hint = None
    if exit_.out_of_memory:
        hint = f"the function used all of its {memory_mb} MB: raise `MemorySize`"
    error = FunctionError(
        type="Runtime.OutOfMemory" if exit_.out_of_memory else "Runtime.ExitError",
        message=f"RequestId: {request_id} Error: Runtime exited {_exit_reason(exit_)}",
        hint=hint,
    )
    failure = _failure(error_answer(error), error.type, at=exit_.at)
    return replace(failure, out_of_memory=exit_.out_of_memory)


def extension_ended(request_id: str, name: str, exit_: Exit) -> PhaseOutcome:
    """Return the outcome of an external extension that ended by itself."""
    reason = _extension_exit_reason(exit_)
    error = FunctionError(
        type="Extension.Crash",
        message=f"RequestId: {request_id} Error: {reason}",
        hint=f"the extension `{name}` ended: {reason}; `--no-extensions` runs the function without it",
    )
    return _failure(error_answer(error), error.type, at=exit_.at)


def extension_failed(
    request_id: str, name: str, failure: ExtensionFailure, *, at: float
) -> PhaseOutcome:
    """Return the outcome of an extension that reported an error."""
    said = ": ".join(filter(None, (failure.error_type, failure.message)))
    error = FunctionError(
        type=failure.type,
        message=f"RequestId: {request_id} Error: {failure.error_type}",
        hint=f"the extension `{name}` reported {said}",
    )
    return _failure(error_answer(error), error.type, at=at)


def too_many_extensions(
    request_id: str, names: Sequence[str], limit: int, *, at: float
) -> PhaseOutcome:
    """Return the outcome of more external extensions than Lambda starts."""
    error = FunctionError(
        type="Extension.TooManyExtensions",
        message=f"RequestId: {request_id} Error: Extension limit ({limit}) reached",
        hint=f"/opt/extensions has {len(names)} files, Lambda starts at most {limit} extensions: "
        + ", ".join(f"`{name}`" for name in names),
    )
    return _failure(error_answer(error), error.type, at=at)


def extension_not_launched(
    request_id: str, name: str, reason: SandboxError, *, at: float
) -> PhaseOutcome:
    """Return the outcome of an external extension that cannot be executed."""
    error = FunctionError(
        type="Extension.LaunchError",
        message=f"RequestId: {request_id} Error: {reason.message}",
        hint=reason.hint or f"the extension `{name}` cannot be executed",
    )
    return _failure(error_answer(error), error.type, at=at)


def named_extensions(names: Iterable[str]) -> str:
    """Return the subject of a sentence about extensions."""
    quoted = [f"`{name}`" for name in names]
    return f"the extension{'s' if len(quoted) > 1 else ''} {', '.join(quoted)}"


def _failure(answer: Answer, error_type: str | None, *, at: float) -> PhaseOutcome:
    return PhaseOutcome(
        at=at, answer=answer, outcome="failure", status="error", error_type=error_type
    )


def _exit_reason(exit_: Exit) -> str:
    if exit_.signal is not None:
        return f"with error: signal: {SIGNALS.get(exit_.signal, exit_.signal)}"
    if not exit_.status:
        return "without providing a reason"
    return f"with error: exit status {exit_.status}"


def _extension_exit_reason(exit_: Exit) -> str:
    if exit_.signal is not None:
        return f"signal: {SIGNALS.get(exit_.signal, exit_.signal)}"
    return f"exit status {exit_.status}" if exit_.status else "exit code 0"
