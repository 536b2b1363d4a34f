"""The states of an extension in the Extensions API, and the legal transitions.

The names and messages are those of the runtime interface emulator. A transition that is not in the table is
refused.
"""

from __future__ import annotations

from enum import Enum
from typing import Final


class ExtensionState(Enum):
    """The state of an extension between two calls; the last four are final."""

    STARTED = "Started"
    REGISTERED = "Registered"
    READY = "Ready"
    RUNNING = "Running"
    INIT_ERROR = "InitError"
    EXIT_ERROR = "ExitError"
    LAUNCH_ERROR = "LaunchError"
    EXITED = "Exited"


# A report of an error may be repeated; the first one counts.
_MOVES: Final = {
    ExtensionState.STARTED: {ExtensionState.REGISTERED},
    ExtensionState.REGISTERED: {
        ExtensionState.READY,
        ExtensionState.INIT_ERROR,
        ExtensionState.EXIT_ERROR,
    },
    ExtensionState.READY: {ExtensionState.RUNNING, ExtensionState.EXIT_ERROR},
    ExtensionState.RUNNING: {ExtensionState.READY, ExtensionState.EXIT_ERROR},
    ExtensionState.INIT_ERROR: {ExtensionState.INIT_ERROR},
    ExtensionState.EXIT_ERROR: {ExtensionState.EXIT_ERROR},
    ExtensionState.LAUNCH_ERROR: set(),
    ExtensionState.EXITED: set(),
}


class IllegalExtensionCallError(Exception):
    """An extension made a call that its state does not allow."""

    def __init__(
        self,
        current: ExtensionState,
        wanted: ExtensionState,
        extension: str,
        reason: str = "State transition is not allowed",
    ) -> None:
        # The emulator gives the state after `exit/error` the name of another one here.
        name = "Exited" if wanted is ExtensionState.EXIT_ERROR else wanted.value
        super().__init__(
            f"State transition from {current.value} to {name} failed for extension {extension}."
            f" Error: {reason}"
        )


def move(current: ExtensionState, wanted: ExtensionState, extension: str) -> ExtensionState:
    """Return the state after a legal transition; `extension` is its name or identifier for the message.

    Raises:
        IllegalExtensionCallError: The transition is illegal.
    """
    if wanted not in _MOVES[current]:
        raise IllegalExtensionCallError(current, wanted, extension)
    return wanted
