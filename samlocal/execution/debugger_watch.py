"""Status lines and hints for a function that waits for a debugger."""

from __future__ import annotations

from dataclasses import replace
from threading import Event, Thread
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from concurrent.futures import Future

    from samlocal.invocation import InvocationResult
    from samlocal.sandbox.output import Log
    from samlocal.sandbox.sandbox import Debugger, Sandbox, Started

# The kernel has no event for a program that starts to listen, so it is polled.
_POLL_SECONDS: Final = 0.05
_POLLS_BEFORE_NOTICE: Final = 300


class DebuggerWatch:
    """Within the `with` block, prints how to attach to a sandbox's debugger when it is ready."""

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
        self._log.line(f"Waiting for a debugger: {describe_attachment(debugger)}")

    def _wait_for(self, port: int) -> bool:
        """Wait for the debugger; return whether it listens, or cannot be checked, before the sandbox ends."""
        asked = 0
        while self._sandbox.listens_on(port) is False:
            asked += 1
            if asked == _POLLS_BEFORE_NOTICE:
                self._log.line(f"Nothing in the container listens on port {port} yet")
            if self._closed.wait(_POLL_SECONDS) or self._sandbox.logs_ended.done():
                return False
        return True

    def with_hint(self, result: InvocationResult) -> InvocationResult:
        """Return the result of an invocation, with a hint if its debugger did not start."""
        if self.is_ready or result.outcome != "failure" or result.error is None:
            return result
        hint = (
            "the debugger did not start; see its output above, and check `--debug-args` and"
            " `--debugger-path`"
        )
        return replace(result, error=replace(result.error, hint=hint))


def describe_attachment(debugger: Debugger) -> str:
    if debugger.tool:  # as in launch configurations for sam
        container = f"$(docker ps -q -f publish={debugger.port})"
        return f"let the debugger's client run `docker exec -i {container} {debugger.tool}`"
    return f"attach {debugger.name} to {debugger.host}:{debugger.port}"
