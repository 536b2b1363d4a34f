"""The states of a runtime in the Runtime API, and the legal transitions.

The names are those of the runtime interface emulator. A transition that is not in the table is refused.
"""

from __future__ import annotations

from enum import Enum
from typing import Final


class RuntimeState(Enum):
    """The state of a runtime between two calls."""

    STARTED = "Started"
    INIT_ERROR = "InitError"
    RESTORE_READY = "RestoreReady"
    RESTORING = "Restoring"
    RESTORE_ERROR = "RuntimeRestoreErrorState"
    READY = "Ready"
    RUNNING = "Running"
    INVOCATION_RESPONSE = "InvocationResponse"
    INVOCATION_ERROR_RESPONSE = "InvocationErrorResponse"
    RESPONSE_SENT = "ResponseSent"


# A runtime may repeat `next` while it waits (READY), and if the response with its event was lost
# (RUNNING). It then gets the same event again. The same is true of `restore/next`.
_MOVES: Final = {
    RuntimeState.STARTED: {
        RuntimeState.READY,
        RuntimeState.RESTORE_READY,
        RuntimeState.INIT_ERROR,
    },
    RuntimeState.INIT_ERROR: set(),
    RuntimeState.RESTORE_READY: {RuntimeState.RESTORE_READY, RuntimeState.RESTORING},
    RuntimeState.RESTORING: {
        RuntimeState.RESTORE_READY,
        RuntimeState.RESTORING,
        RuntimeState.RESTORE_ERROR,
        RuntimeState.READY,
    },
    RuntimeState.RESTORE_ERROR: set(),
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
    """A runtime made a call that its state does not allow."""


def move(current: RuntimeState, wanted: RuntimeState) -> RuntimeState:
    """Return the state after a legal transition.

    Raises:
        InvalidStateTransitionError: The transition is illegal; the message is the emulator's.
    """
    if wanted not in _MOVES[current]:
        raise InvalidStateTransitionError(
            f"State transition from {current.value} to {wanted.value} failed for runtime."
            " Error: State transition is not allowed"
        )
    return wanted
