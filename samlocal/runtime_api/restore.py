"""SnapStart's part of the Runtime API: a runtime waits for its restore, and reports a failed hook.

https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks.html
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from samlocal.runtime_api.dispatch import RefusalError, Routes
from samlocal.runtime_api.exchange import Initialised, read_error
from samlocal.runtime_api.futures import settle
from samlocal.runtime_api.http_messages import Response
from samlocal.runtime_api.responses import ACCEPTED, invalid_state_transition
from samlocal.runtime_api.state import InvalidStateTransitionError, RuntimeState

if TYPE_CHECKING:
    from samlocal.runtime_api.http_messages import Request
    from samlocal.runtime_api.runtime_routes import Runtime

_RESTORED: Final = Response(status=200, body=b"")


class RestoreApi:
    """The calls of a runtime before and after its snapshot.

    `ready` is done when the runtime has run the hooks before the snapshot and waits for its restore, in
    `time.monotonic()` seconds. `finished` is done when it has run the hooks after the restore and asks for
    work, or when one of them failed. A runtime without hooks never waits: both are done when it asks for work.
    """

    def __init__(self, runtime: Runtime) -> None:
        self.ready: asyncio.Future[float] = asyncio.Future()
        self.finished: asyncio.Future[Initialised] = asyncio.Future()
        self._runtime = runtime
        self._restored: asyncio.Future[None] = asyncio.Future()
        runtime.initialised.add_done_callback(lambda done: self._finish(done.result()))

    def restore(self) -> None:
        """Answer the pending `restore/next`: the runtime goes on as if from its snapshot."""
        self._restored.set_result(None)

    async def handle(self, request: Request) -> Response:
        return await _ROUTES.dispatch(self, request)

    async def restore_next(self, _request: Request) -> Response:
        """`GET /runtime/restore/next`: wait for the restore."""
        self._move(RuntimeState.RESTORE_READY)
        settle(self.ready, time.monotonic())
        # The runtime may disconnect while it waits, and call again.
        await asyncio.shield(self._restored)
        self._move(RuntimeState.RESTORING)
        return _RESTORED

    async def restore_error(self, request: Request) -> Response:
        """`POST /runtime/restore/error`: a hook after the restore failed."""
        self._move(RuntimeState.RESTORE_ERROR)
        failure = await read_error(request)
        self._finish(Initialised(at=time.monotonic(), failure=failure))
        return ACCEPTED

    def _finish(self, end: Initialised) -> None:
        settle(self.ready, end.at)
        settle(self.finished, end)

    def _move(self, wanted: RuntimeState) -> None:
        try:
            self._runtime.move(wanted)
        except InvalidStateTransitionError as error:
            raise RefusalError(invalid_state_transition(error)) from error


_ROUTES: Final = Routes[RestoreApi](
    ("GET", "/2018-06-01/runtime/restore/next", RestoreApi.restore_next),
    ("POST", "/2018-06-01/runtime/restore/error", RestoreApi.restore_error),
)
