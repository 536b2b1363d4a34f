"""One invocation in a new environment, as in `local invoke`."""

from __future__ import annotations

import asyncio
import signal
import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from samlocal.execution.environment import ExecutionEnvironment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.invocation import Invocation, InvocationResult, ResponseSink
    from samlocal.sandbox.output import Log
    from samlocal.sandbox.sandbox import Sandbox

_SIGNALS_AT_ONCE: Final = 4096


def run_once(
    sandbox: Sandbox,
    configuration: FunctionConfiguration,
    invocation: Invocation,
    *,
    log: Log,
    response: ResponseSink | None = None,
    on_interrupt: Callable[[Callable[[], None]], None],
) -> InvocationResult | None:
    """Invoke a function in a new sandbox and end the sandbox; return None if interrupted.

    `response` gets the function's response as it comes. When this returns, the function's output and the
    lines after it (`END`, `REPORT`) are written. The owner of the sandbox removes it. `on_interrupt` gets a
    function that cancels the invocation.

    Raises:
        SandboxError: The sandbox could not start, or was lost.
    """

    async def run() -> InvocationResult:
        loop = asyncio.get_running_loop()
        environment = ExecutionEnvironment(sandbox, configuration, log=log)
        running = asyncio.create_task(_invoke_once(environment, invocation, response))

        def interrupt() -> None:
            with suppress(RuntimeError):  # the loop has ended: there is a result already
                loop.call_soon_threadsafe(running.cancel)

        with _woken_by_signals(loop):
            on_interrupt(interrupt)
            return await running

    try:
        return asyncio.run(run())
    except asyncio.CancelledError:
        return None


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


async def _invoke_once(
    environment: ExecutionEnvironment, invocation: Invocation, response: ResponseSink | None
) -> InvocationResult:
    async with environment:
        return await environment.invoke(invocation, response=response, is_last=True)
