"""A function that waits for a debugger: what a person is told about it."""

from __future__ import annotations

from dataclasses import replace
from threading import Event, Thread
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from concurrent.futures import Future

    from samlocal.invocation import InvocationResult
    from samlocal.sandbox.sandbox import Debugger, Log, Sandbox, Started

# No kernel tells when a program begins to listen, so it is asked again and again.
_ASKING_SECONDS: Final = 0.05
_QUESTIONS_OF_PATIENCE: Final = 300


class DebuggerWatch:
    """Within the `with` block, say how to attach to a sandbox's debugger once it can be done."""

    def __init__(self, sandbox: Sandbox, log: Log) -> None:
        self.is_ready = False
        self._sandbox = sandbox
        self._log = log
        self._closed = Event()
        self._thread: Thread | None = None

    def __enter__(self) -> Self:
        self._sandbox.started.add_done_callback(self._begin)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._closed.set()
        if self._thread:
            self._thread.join()

    def _begin(self, started: Future[Started]) -> None:
        if not started.exception() and not self._closed.is_set():
            self._thread = Thread(target=self._watch, daemon=True)
            self._thread.start()

    def _watch(self) -> None:
        debugger = self._sandbox.debugger
        if debugger is None or not (debugger.tool or self._wait_for(debugger.port)):
            return
        self.is_ready = True
        self._log.line(f"Waiting for a debugger: {how_to_attach(debugger)}")

    def _wait_for(self, port: int) -> bool:
        """Return whether the debugger has begun to listen, or can't be asked, before the end."""
        asked = 0
        while self._sandbox.listens_on(port) is False:
            asked += 1
            if asked == _QUESTIONS_OF_PATIENCE:
                self._log.line(f"Nothing in the container listens on port {port} yet")
            if self._closed.wait(_ASKING_SECONDS) or self._sandbox.logs_ended.done():
                return False
        return True

    def explained(self, result: InvocationResult) -> InvocationResult:
        """Return the result of an invocation, with what to do where its debugger did not start."""
        if self.is_ready or result.outcome != "failure" or result.error is None:
            return result
        hint = (
            "the debugger did not start: its output is above; are `--debug-args` and"
            " `--debugger-path` right?"
        )
        return replace(result, error=replace(result.error, hint=hint))


def how_to_attach(debugger: Debugger) -> str:
    if debugger.tool:  # what launch configurations for sam do
        container = f"$(docker ps -q -f publish={debugger.port})"
        return f"let its client run `docker exec -i {container} {debugger.tool}`"
    return f"attach {debugger.name} to {debugger.host}:{debugger.port}"
