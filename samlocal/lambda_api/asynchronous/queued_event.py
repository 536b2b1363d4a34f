"""An event that waits for its function, runs, or waits to be tried again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from samlocal.function import EventInvokeConfig
from samlocal.qualifier import LATEST, function_arn

if TYPE_CHECKING:
    from samlocal.errors import SamlocalError
    from samlocal.function import Function
    from samlocal.serving.function_call import FunctionCall

_DEFAULTS: Final = EventInvokeConfig()


@dataclass(slots=True, eq=False, kw_only=True)
class QueuedEvent:
    """One asynchronous invocation, which changes as it is tried.

    `accepted` is the time of a clock, in seconds. `attempts` counts the times that the function ran,
    `refusals` those since then that it could not run, the last one because of `last_refusal`. `refused` says
    why it must not run. `state` is for a person.
    """

    function: Function
    call: FunctionCall
    accepted: float
    attempts: int = 0
    refusals: int = 0
    refused: SamlocalError | None = None
    last_refusal: SamlocalError | None = None
    state: str = "it waits in the queue"

    @property
    def size_bytes(self) -> int:
        return len(self.call.payload)

    @property
    def config(self) -> EventInvokeConfig:
        """How the version or the alias that was invoked handles its events."""
        return self.function.event_invoke.get(self.call.qualifier or LATEST, _DEFAULTS)

    @property
    def version(self) -> str:
        qualifier = self.call.qualifier or LATEST
        return self.function.qualifiers.get(qualifier, qualifier)

    @property
    def arn(self) -> str:
        """The ARN with the qualifier that was invoked, `$LATEST` for none."""
        return f"{function_arn(self.function)}:{self.call.qualifier or LATEST}"

    def __str__(self) -> str:
        return f"asynchronous invocation {self.call.request_id} of `{self.function.name}`"
