"""The outcomes of a phase, with Lambda's error messages.

https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from samlocal.frozen_dataclass import frozen
from samlocal.invocation import FunctionError
from samlocal.runtime_api.answer import Answer, error_answer
from samlocal.sandbox.signal_names import SIGNALS

if TYPE_CHECKING:
    from samlocal.invocation import Outcome
    from samlocal.sandbox.sandbox import Exit


@frozen
class PhaseOutcome:
    """The answer that ended a phase: the runtime's, or Lambda's if the runtime gave none.

    `at` is the end in `time.monotonic()` seconds.
    """

    at: float
    answer: Answer
    outcome: Outcome
    out_of_memory: bool = False

    @property
    def error_type(self) -> str | None:
        return self.answer.error.type if self.answer.error else None

    @property
    def status(self) -> Literal["success", "error", "timeout"]:
        """The status in the `REPORT` line, which counts an error that the function returned as success."""
        if self.outcome == "timeout":
            return "timeout"
        return "error" if self.outcome == "failure" else "success"


def timed_out(request_id: str, seconds: float, *, at: float) -> PhaseOutcome:
    message = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
    error = FunctionError(type="Sandbox.Timedout", message=message)
    return PhaseOutcome(at=at, answer=error_answer(error), outcome="timeout")


def failed_to_initialise(failure: Answer, *, at: float) -> PhaseOutcome:
    return PhaseOutcome(at=at, answer=failure, outcome="failure")


def exited(request_id: str, exit_: Exit, memory_mb: int) -> PhaseOutcome:
    """Return the outcome of a runtime that exited or was killed."""
    hint = None
    if exit_.out_of_memory:
        hint = f"the function used all of its {memory_mb} MB: raise `MemorySize`"
    error = FunctionError(
        type="Runtime.ExitError",
        message=f"RequestId: {request_id} Error: {_exit_reason(exit_)}",
        hint=hint,
    )
    return PhaseOutcome(
        at=exit_.at,
        answer=error_answer(error),
        outcome="failure",
        out_of_memory=exit_.out_of_memory,
    )


def _exit_reason(exit_: Exit) -> str:
    if exit_.signal is not None:
        name = SIGNALS.get(exit_.signal, exit_.signal)
        return f"Runtime exited with error: signal: {name}"
    if not exit_.status:
        return "Runtime exited without providing a reason"
    return f"Runtime exited with error: exit status {exit_.status}"
