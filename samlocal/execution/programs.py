"""The programs of an environment: the runtime and the external extensions, from one start to their end."""

from __future__ import annotations

import asyncio
import math
import time
from signal import SIGKILL
from typing import TYPE_CHECKING, Any, Final

from samlocal.errors import LaunchError
from samlocal.execution.outcomes import (
    extension_ended,
    extension_failed,
    extension_not_launched,
    runtime_exited,
    timed_out,
)
from samlocal.execution.thread_futures import awaitable
from samlocal.runtime_api.apis import SandboxApis

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from samlocal.execution.journal import Journal
    from samlocal.execution.outcomes import PhaseOutcome
    from samlocal.execution.platform_events import PlatformEvent
    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.runtime_api.extension import Extension
    from samlocal.sandbox.output import Log
    from samlocal.sandbox.sandbox import Exit, Process, Sandbox

    Waitable = asyncio.Future[Any]

# The exit status of a program may arrive long after the end of its output.
_EXIT_SECONDS: Final = 5.0
# A program that is stopped, or that closed its output, does not tell that its output is written.
_FLUSH_SECONDS: Final = 2.0
# What a killed program wrote may still be on its way.
_LAST_OUTPUT_SECONDS: Final = 2.0


class Programs:
    """The runtime and the external extensions of a sandbox, and the APIs that they call.

    Each of them starts once; after a failure, another `Programs` takes their place in the same sandbox.
    Their output goes through the journal. The first ones, with `is_first`, are those that the sandbox may have
    started by itself: the output of such a runtime is kept until `release_output`.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        configuration: FunctionConfiguration,
        journal: Journal,
        *,
        is_first: bool = False,
    ) -> None:
        self.apis = SandboxApis(
            configuration, journal.telemetry, runtime_is_last=lambda: sandbox.can_restart
        )
        self.runtime: Process | None = None
        self.external: Mapping[str, Process] = {}
        self._sandbox = sandbox
        self._configuration = configuration
        self._journal = journal
        self._log: Log | None = None
        self._is_first = is_first
        self._keeps_output = is_first
        self._runtime_exit: asyncio.Future[Exit] | None = None
        self._extension_exits: dict[str, asyncio.Future[Exit]] = {}

    @property
    def extensions(self) -> tuple[Extension, ...]:
        """The extensions that are expected or registered."""
        if not self.apis.has_extensions:
            return ()
        return tuple(self.apis.extensions.extensions.values())

    @property
    def runtime_has_ended(self) -> bool:
        return self.runtime is not None and self.runtime.exited.done()

    def start_extensions(self, names: Iterable[str]) -> None:
        """Start external extensions, all at once."""
        names = tuple(names)
        if names:
            self.apis.extensions.expect(names)
        self.external = {name: self._sandbox.start_extension(name) for name in names}
        self._extension_exits = {
            name: awaitable(process.exited) for name, process in self.external.items()
        }
        self.connect_output(self._log)

    def start_runtime(self) -> None:
        """Start the runtime, or take over the one that started with the sandbox and may have ended already."""
        present = self._sandbox.runtime
        has_run = self._is_first and present.exited.done()
        self.runtime = present if has_run else self._sandbox.start_runtime()
        self._runtime_exit = awaitable(self.runtime.exited)

    def connect_output(self, log: Log | None) -> None:
        """Write the output of all programs to a log; None means to keep it."""
        self._log = log
        if not self._keeps_output:
            self._sandbox.output.connect(log and self._journal.runtime_log(log))
        for name, process in self.external.items():
            process.output.connect(log and self._journal.extension_log(log, name))

    def release_output(self) -> None:
        """Write what the runtime has written: the event that begins Init is published, or nothing begins."""
        if self._keeps_output:
            self._keeps_output = False
            self.connect_output(self._log)

    def close_output(self) -> None:
        """Drop all later output, also that of a runtime that has not started yet."""
        self.connect_output(None)
        self._sandbox.output.close()
        for process in self.external.values():
            process.output.close()

    async def flush_output(self, *, at_once: bool = False) -> None:
        """Wait until the previous output of all programs is written, also of those that have ended.

        With `at_once`, wait only for programs that tell it themselves.
        """
        running = self._running()
        requested = [each.request_flush() for each in running]
        ended = [each.output_ended for each in self._started() if each not in running]
        flushed = [awaitable(each) for each in (*requested, *ended) if each]
        if flushed:
            _, late = await asyncio.wait(flushed, timeout=_FLUSH_SECONDS)
            if not late and all(requested):
                return
        if running and not at_once:
            await asyncio.to_thread(_flush, running)

    async def flush_output_before(
        self, event: PlatformEvent, *, for_extensions: bool = False
    ) -> None:
        """Wait until the previous output is written if the log shows an event, or if extensions get both."""
        if (for_extensions and self.extensions) or self._journal.shows(event):
            await self.flush_output()

    async def until(
        self, *wanted: asyncio.Future[Any], request_id: str, seconds: float
    ) -> PhaseOutcome | None:
        """Wait until all wanted futures are done; return what prevents that.

        The runtime or an extension may end or fail before, or the time may be up.
        """
        deadline = time.monotonic() + seconds
        while waiting := {each for each in wanted if not each.done()}:
            await self._learn_who_ended()
            if failure := self.failure(request_id):
                return failure
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return timed_out(request_id, self._configuration.timeout_seconds, at=deadline)
            await self._first_of(waiting | self._ends(), remaining)
        return None

    def failure(self, request_id: str) -> PhaseOutcome | None:
        """Return why no invocation can succeed: an extension has failed, or a program has ended."""
        for each in self.extensions:
            if each.failed.done():
                return extension_failed(
                    request_id, each.name, each.failed.result(), at=time.monotonic()
                )
        for name, process in self.external.items():
            if process.exited.done() and not (
                self.runtime_has_ended and self._may_end_with_runtime(process)
            ):
                return self._extension_end(request_id, name, process)
        if self.runtime and self.runtime.exited.done():
            exit_ = self.runtime.exited.result()
            return runtime_exited(request_id, exit_, self._configuration.memory_mb)
        return None

    async def kill(self) -> None:
        """Kill all programs and what they have left behind, and wait for their last output.

        That of a program which has ended by itself may still be on its way, too.
        """
        if started := self._started():
            killed = awaitable(self._sandbox.kill_processes())
            await _wait_for_end(started)
            await asyncio.wait([killed], timeout=_EXIT_SECONDS)

    async def kill_runtime(self) -> None:
        """Kill the runtime, and wait for its last output, and that of extensions that have ended."""
        ended = [each for name, each in self.external.items() if self.has_ended(name)]
        if self.runtime:
            if not self.runtime_has_ended:
                self.runtime.kill()
            ended.append(self.runtime)
        if ended:
            await _wait_for_end(ended)

    @property
    def can_outlive_runtime(self) -> bool:
        """Whether the extensions go on when the runtime has ended."""
        return self._sandbox.can_restart

    def terminate_runtime(self) -> None:
        """Send SIGTERM to the runtime."""
        if self.runtime:
            self.runtime.terminate()

    async def wait_for_runtime(self, seconds: float) -> None:
        """Wait until the runtime has ended, at most some seconds."""
        if self._runtime_exit:
            await asyncio.wait([self._runtime_exit], timeout=seconds)

    async def wait_for_end(self, *others: asyncio.Future[Any], seconds: float) -> None:
        """Wait until a program has ended, or one of the other futures is done, at most some seconds."""
        ends = self._ends() | set(others)
        await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)

    async def wait_for_extensions(self, seconds: float) -> None:
        """Wait until all external extensions have ended, at most some seconds."""
        if exits := self._extension_exits.values():
            await asyncio.wait(exits, timeout=seconds)

    def has_ended(self, name: str) -> bool:
        """Return whether an external extension has ended."""
        return self.external[name].exited.done()

    def _started(self) -> list[Process]:
        return [*([self.runtime] if self.runtime else []), *self.external.values()]

    def _running(self) -> list[Process]:
        return [each for each in self._started() if not each.exited.done()]

    async def _first_of(self, futures: set[Waitable], seconds: float) -> None:
        timeout = None if seconds == math.inf else seconds
        done, _ = await asyncio.wait(futures, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if not done and self.runtime and self.runtime.output_ended.done():
            # It ended in time; its exit status arrives later.
            await asyncio.wait(futures, timeout=_EXIT_SECONDS, return_when=asyncio.FIRST_COMPLETED)

    async def _learn_who_ended(self) -> None:
        """Wait for the end of a runtime that may have taken an extension along."""
        if self._runtime_exit and any(map(self._may_end_with_runtime, self.external.values())):
            await asyncio.wait([self._runtime_exit], timeout=_EXIT_SECONDS)

    def _may_end_with_runtime(self, process: Process) -> bool:
        """Return whether an extension was killed, as all are where the sandbox ends with its runtime."""
        if self._sandbox.can_restart or not process.exited.done() or process.exited.exception():
            return False
        exited = process.exited.result()
        return exited.status is None or exited.signal == SIGKILL

    def _ends(self) -> set[Waitable]:
        """Return the futures that are done when a program has ended or failed."""
        runtime = [self._runtime_exit] if self._runtime_exit else []
        failures = [each.failed for each in self.extensions]
        return {*runtime, *self._extension_exits.values(), *failures}

    def _extension_end(self, request_id: str, name: str, process: Process) -> PhaseOutcome:
        extension = self.apis.extensions.extensions[name]
        try:
            outcome = extension_ended(request_id, name, process.exited.result())
        except LaunchError as error:
            extension.fail_to_launch(error.error_type)
            return extension_not_launched(request_id, name, error, at=time.monotonic())
        extension.end()
        return outcome


def _flush(processes: Iterable[Process]) -> None:
    for each in processes:
        each.flush_output()


async def _wait_for_end(processes: Iterable[Process]) -> None:
    """Wait until killed processes have ended, and their last output is written."""
    exits = [awaitable(each.exited) for each in processes]
    outputs = [awaitable(each.output_ended) for each in processes]
    await asyncio.wait(exits, timeout=_EXIT_SECONDS)
    await asyncio.wait(outputs, timeout=_LAST_OUTPUT_SECONDS)
