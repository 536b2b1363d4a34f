"""The states of a runtime, as the Runtime API sees it, and the moves that are legal.

The names are those of the runtime interface emulator. Whatever is not in the table is refused.
"""

from __future__ import annotations

from enum import Enum
from typing import Final


class RuntimeState(Enum):
    """Where a runtime stands between two calls."""

    STARTED = "Started"
    INIT_ERROR = "InitError"
    READY = "Ready"
    RUNNING = "Running"
    INVOCATION_RESPONSE = "InvocationResponse"
    INVOCATION_ERROR_RESPONSE = "InvocationErrorResponse"
    RESPONSE_SENT = "ResponseSent"


# A runtime may repeat `next` while it waits (READY) and after it has got an event whose answer got
# lost on the way (RUNNING): it is handed the same event again.
_MOVES: Final = {
    RuntimeState.STARTED: {RuntimeState.READY, RuntimeState.INIT_ERROR},
    RuntimeState.INIT_ERROR: set(),
    RuntimeState.READY: {RuntimeState.READY, RuntimeState.RUNNING},
    RuntimeState.RUNNING: {
        RuntimeState.RUNNING,
        RuntimeState.INVOCATION_RESPONSE,
        RuntimeState.INVOCATION_ERROR_RESPONSE,
    },
    RuntimeState.INVOCATION_RESPONSE: {RuntimeState.RESPONSE_SENT},
    RuntimeState.INVOCATION_ERROR_RESPONSE: {RuntimeState.RESPONSE_SENT},
    RuntimeState.RESPONSE_SENT: {RuntimeState.READY},
}


class InvalidStateTransitionError(Exception):
    """A runtime called what it may not call now."""


def move(current: RuntimeState, wanted: RuntimeState) -> RuntimeState:
    """Return the state after a legal move.

    Raises:
        InvalidStateTransitionError: The move is not legal; its text is what the emulator answers.
    """
    if wanted not in _MOVES[current]:
        raise InvalidStateTransitionError(
            f"State transition from {current.value} to {wanted.value} failed for runtime."
            " Error: State transition is not allowed"
        )
    return wanted
