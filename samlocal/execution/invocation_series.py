"""Consecutive invocations in a new environment, as in `local invoke`."""

from __future__ import annotations

import asyncio
import signal
import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, Protocol

from samlocal.execution.environments import new_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from samlocal.execution.environment import ExecutionEnvironment
    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.invocation import Invocation, InvocationResult, ResponseSink
    from samlocal.sandbox.output import Log
    from samlocal.sandbox.sandbox import Sandbox

_SIGNALS_AT_ONCE: Final = 4096


class InvocationSeries(Protocol):
    """One or more invocations that follow each other, and what becomes of their results."""

    @property
    def remaining(self) -> int:
        """The number of invocations without a result."""

    def begin(self) -> tuple[Invocation, ResponseSink | None]:
        """Return the next invocation, and what gets its response as it comes."""

    def complete(self, invocation: Invocation, result: InvocationResult) -> None:
        """Take a result. The output of its invocation is written, and that of the next one is held back."""


def run_series(
    sandbox: Sandbox,
    configuration: FunctionConfiguration,
    series: InvocationSeries,
    *,
    log: Log,
    on_interrupt: Callable[[Callable[[], None]], None],
) -> None:
    """Invoke a function in a new sandbox until the series ends, and end the sandbox.

    Invocations remain if the sandbox ended with its runtime, or after an interrupt. When this returns, the
    function's output and the lines after it (`END`, `REPORT`) are written. The owner of the sandbox removes
    it. `on_interrupt` gets a function that cancels the invocation.

    Raises:
        SandboxError: The sandbox could not start, or was lost.
    """

    async def run() -> None:
        environment = new_environment(sandbox, configuration, log=log)
        await _invoke_all(environment, series)

    run_until_interrupted(run, on_interrupt)


def run_until_interrupted(
    run: Callable[[], Coroutine[object, object, None]],
    on_interrupt: Callable[[Callable[[], None]], None],
) -> None:
    """Run a coroutine in a new event loop until its end, or until an interrupt cancels it.

    `on_interrupt` gets a function that cancels it.
    """

    async def run_interruptibly() -> None:
        loop = asyncio.get_running_loop()
        running = asyncio.create_task(run())

        def interrupt() -> None:
            with suppress(RuntimeError):  # the loop has ended: there is a result already
                loop.call_soon_threadsafe(running.cancel)

        with _woken_by_signals(loop):
            on_interrupt(interrupt)
            await running

    with suppress(asyncio.CancelledError):
        asyncio.run(run_interruptibly())


@contextmanager
def _woken_by_signals(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Let every signal end the loop's wait, so that Python comes to run its handler.

    Otherwise a signal just before the wait, or to another thread, is handled only after the wait:
    https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd
    """
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        try:
            before = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        except ValueError:  # not in the main thread, which alone runs handlers
            yield
            return
        loop.add_reader(ours, ours.recv, _SIGNALS_AT_ONCE)
        try:
            yield
        finally:
            loop.remove_reader(ours)
            signal.set_wakeup_fd(before)


async def _invoke_all(environment: ExecutionEnvironment, series: InvocationSeries) -> None:
    async with environment:
        while True:
            is_last = series.remaining == 1
            invocation, response = series.begin()
            result = await environment.invoke(invocation, response=response, is_last=is_last)
            series.complete(invocation, result)
            if is_last or not environment.is_usable:
                return
