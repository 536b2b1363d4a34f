"""One extension: its state, and the events that it gets."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING
from uuid import uuid4

from samlocal.frozen_dataclass import frozen
from samlocal.runtime_api.extension_state import (
    ExtensionState,
    IllegalExtensionCallError,
    move,
)
from samlocal.runtime_api.futures import settle

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@frozen
class ExtensionFailure:
    """Why an extension ended itself, or could not be started.

    `type` is Lambda's (`Extension.InitError`), `error_type` and `message` are the extension's own.
    """

    type: str
    error_type: str
    message: str = ""


@frozen
class ExtensionEvent:
    """An event for an extension; `identifier` is a UUID."""

    identifier: str
    content: Mapping[str, object]


class Extension:
    """An extension of a function: a program of its own, or (internal) a part of the runtime's process.

    `events` are the types of events it gets: `INVOKE`, `SHUTDOWN`. `registered` is done when it has registered,
    `failed` if it reports an error or could not be started. `waiting` is done (`time.monotonic()` seconds)
    when it has asked for its next event and there is none; each event it is sent begins a new one.
    """

    def __init__(self, name: str, *, is_external: bool) -> None:
        self.name = name
        self.identifier = str(uuid4())
        self.is_external = is_external
        self.events: frozenset[str] = frozenset()
        self.state = ExtensionState.STARTED
        self.registered: asyncio.Future[None] = asyncio.Future()
        self.failed: asyncio.Future[ExtensionFailure] = asyncio.Future()
        self.waiting: asyncio.Future[float] = asyncio.Future()
        self._event: asyncio.Future[ExtensionEvent] = asyncio.Future()
        self._is_asking = False

    def send(self, event: Mapping[str, object]) -> None:
        """Answer its pending or next call of `event/next`.

        An event that it has not taken yet is lost: after SHUTDOWN no INVOKE may arrive.
        """
        if self._event.done():
            self._event = asyncio.Future()
        self._event.set_result(ExtensionEvent(identifier=str(uuid4()), content=event))
        if self.waiting.done():
            self.waiting = asyncio.Future()

    def fail_to_launch(self, error_type: str) -> None:
        """Record that its program could not be started: `PermissionDenied`, `UnknownError`."""
        self._fail(ExtensionState.LAUNCH_ERROR, error_type, "")

    def end(self) -> None:
        """Record that its process has ended: it may make no more calls."""
        self.state = ExtensionState.EXITED

    def register(self, events: Iterable[str]) -> None:
        """Make it registered for these events.

        Raises:
            IllegalExtensionCallError: It has registered already.
        """
        self.state = move(self.state, ExtensionState.REGISTERED, self.name)
        self.events = frozenset(events)
        self.registered.set_result(None)

    async def next_event(self) -> ExtensionEvent:
        """Wait for its next event.

        Raises:
            IllegalExtensionCallError: Its state does not allow this, or not any more.
        """
        # A client that disconnected while it waited may ask again.
        if self.state is not ExtensionState.READY or self._is_asking:
            self.state = move(self.state, ExtensionState.READY, self.identifier)
        if not self._event.done():
            settle(self.waiting, time.monotonic())
        pending = self._event
        self._is_asking = True
        try:
            await asyncio.wait((pending, self.failed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._is_asking = False
        if self.state is not ExtensionState.READY:
            raise IllegalExtensionCallError(
                self.state, ExtensionState.READY, self.identifier, "Concurrent state modification"
            )
        if self._event is pending:
            self._event = asyncio.Future()
        self.state = move(self.state, ExtensionState.RUNNING, self.identifier)
        return pending.result()

    def report_error(self, state: ExtensionState, error_type: str, message: str) -> None:
        """Record an error that it reports: `INIT_ERROR` or `EXIT_ERROR`; only the first one counts.

        Raises:
            IllegalExtensionCallError: Its state does not allow this.
        """
        move(self.state, state, self.identifier)
        self._fail(state, error_type, message)

    def _fail(self, state: ExtensionState, error_type: str, message: str) -> None:
        self.state = state
        kind = f"Extension.{state.value}"
        settle(self.failed, ExtensionFailure(type=kind, error_type=error_type, message=message))
