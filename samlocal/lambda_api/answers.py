"""Answers that do not wait for what an invocation still does after its response."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from samlocal.invocation import FunctionError, InvocationResult, ResponseMode

_log: Final = logging.getLogger("samlocal.endpoint")


class KeptResponse:
    """A response sink that keeps all of a response; `answered` is done at its end, with its error."""

    def __init__(self) -> None:
        self.answered: asyncio.Future[FunctionError | None] = asyncio.Future()
        self._chunks: list[bytes] = []

    async def begin(self, content_type: str, mode: ResponseMode) -> None: ...

    async def write(self, chunk: bytes) -> None:
        self._chunks.append(chunk)

    async def end(self, error: FunctionError | None) -> None:
        if not self.answered.done():
            self.answered.set_result(error)

    @property
    def payload(self) -> bytes:
        """The response, or the error that followed a part of it, once it is answered."""
        error = self.answered.result()
        return error.payload if error else b"".join(self._chunks)


class Underway:
    """The invocations that run, also those whose clients have their answers.

    After the response, extensions may work for a long time, and the log is completed. Clients do not wait for
    that, as on Lambda.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[InvocationResult]] = set()

    async def run(
        self,
        invocation: Coroutine[None, None, InvocationResult],
        answered: asyncio.Future[FunctionError | None],
    ) -> None:
        """Return when the response has ended, or the invocation; its errors are raised until then.

        A cancelled call cancels the invocation.
        """
        task = asyncio.create_task(invocation)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        ends: list[asyncio.Future[Any]] = [task, answered]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not answered.done():
            task.result()

    def _forget(self, task: asyncio.Task[InvocationResult]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.debug("an invocation failed: %s", error)
