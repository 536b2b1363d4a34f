"""One invocation in an environment of its own: what `local invoke` does."""

from __future__ import annotations

import asyncio
import signal
import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from samlocal.execution.environment import ExecutionEnvironment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from samlocal.invocation import Invocation, InvocationResult
    from samlocal.sandbox.sandbox import Log, Sandbox

_SIGNALS_AT_ONCE: Final = 4096


def run_once(
    sandbox: Sandbox,
    invocation: Invocation,
    *,
    memory_mb: int,
    timeout_seconds: float,
    log: Log,
    unlimited: bool = False,
    on_interrupt: Callable[[Callable[[], None]], None],
) -> InvocationResult | None:
    """Invoke a function in a fresh sandbox and end the sandbox; return None where interrupted.

    All that the function wrote has been shown, and the `END` and `REPORT` lines after it, when this
    returns. A `unlimited` invocation may take as long as it takes. Removing the sandbox is left to its owner, who can print the result first.
    `on_interrupt` is told what to call when the user has had enough.

    Raises:
        SandboxError: The sandbox could not be had, or was lost.
    """

    async def run() -> InvocationResult:
        loop = asyncio.get_running_loop()
        running = asyncio.create_task(
            _invoke_once(
                ExecutionEnvironment(
                    sandbox,
                    memory_mb=memory_mb,
                    timeout_seconds=timeout_seconds,
                    log=log,
                    unlimited=unlimited,
                ),
                invocation,
            )
        )

        def interrupt() -> None:
            with suppress(RuntimeError):  # the loop has ended: the result is out already
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

    A signal that comes just before the wait, or to another thread, would else be heard at its end:
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
    environment: ExecutionEnvironment, invocation: Invocation
) -> InvocationResult:
    async with environment:
        return await environment.invoke(invocation, is_last=True)
