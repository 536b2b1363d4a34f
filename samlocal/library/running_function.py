"""A function that takes one invocation after the other, for callers without an event loop."""

from __future__ import annotations

import asyncio
import json
import logging
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Final, Self

from samlocal.engine.engine import Engine
from samlocal.errors import EnvironmentUnusableError
from samlocal.execution.environment import ExecutionEnvironment
from samlocal.frozen_dataclass import frozen
from samlocal.preparation.new_invocation import new_invocation
from samlocal.sandbox.factory import SandboxFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.context import ContextOverrides
    from samlocal.invocation import Invocation, InvocationResult
    from samlocal.preparation.preparation import PreparedFunction
    from samlocal.sandbox.sandbox import Log, Sandbox

_CLOSED: Final = "the function takes no more invocations"

_log = logging.getLogger("samlocal")


@frozen
class _Request:
    invocation: Invocation
    log: Log | None
    result: Future[InvocationResult]


class RunningFunction:
    """A prepared function and the execution environment that it runs in. Enter it, invoke, leave it.

    The environment starts with the first invocation and stays for the next ones, with all that the function
    keeps in memory and in /tmp. Where it ends, after a timeout or a crash, the next invocation starts another
    one. Invocations from several threads run one after the other. Leaving the `with` block ends an invocation
    that still runs, and removes the sandbox.
    """

    def __init__(self, prepared: PreparedFunction, *, engine: str | None, log: Log) -> None:
        self._prepared = prepared
        sandbox = replace(prepared.spec.sandbox, is_reused=True)
        self._spec = replace(prepared.spec, sandbox=sandbox)
        self._engine = engine
        self._log = log
        self._requests: SimpleQueue[_Request | None] = SimpleQueue()
        self._current: _Request | None = None
        self._lock = Lock()
        self._is_closed = False
        self._cancel: Callable[[], object] | None = None
        self._thread = Thread(target=self._work, name="samlocal", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        with self._lock:
            self._is_closed = True
            if self._current and self._cancel:
                with suppress(RuntimeError):  # its event loop has ended
                    self._cancel()
        self._requests.put(None)
        self._thread.join()

    def invoke(
        self,
        event: object = None,
        *,
        payload: bytes | None = None,
        context: ContextOverrides | None = None,
        log: Log | None = None,
    ) -> InvocationResult:
        """Run one invocation, and return its result.

        `event` is what JSON can hold, None: an empty object; `payload`, which comes before it, JSON as bytes.
        `context` replaces parts of what the function sees as its context. `log` takes what is written in this
        invocation instead of the log of all.

        Raises:
            SandboxError: No sandbox can be had, or it was lost.
            EnvironmentUnusableError: The `with` block has been left.
        """
        if payload is None:
            payload = json.dumps({} if event is None else event).encode()
        request = _Request(
            invocation=new_invocation(self._prepared.resolved, payload, context),
            log=log,
            result=Future(),
        )
        with self._lock:
            if self._is_closed:
                raise EnvironmentUnusableError(_CLOSED)
            self._requests.put(request)
        return request.result.result()

    def _work(self) -> None:
        """Serve each request, and end once there are no more."""
        while self._next_request():
            try:
                with Engine(self._engine) as engine:
                    factory = SandboxFactory(
                        engine=engine, progress=_LoggedProgress(), on_relay=_log_relay
                    )
                    factory.run(self._spec, lambda each: asyncio.run(self._serve(each)))
            except BaseException as error:  # noqa: BLE001  # the caller that waits for the result gets it
                self._settle(error)

    def _next_request(self) -> _Request | None:
        """Return the request that has no result yet, else wait for one; return None at the end."""
        if self._current is None:
            self._current = self._requests.get()
        while self._is_closed and self._current:
            self._settle(EnvironmentUnusableError(_CLOSED))
            self._current = self._requests.get()
        if self._current is None:
            self._requests.put(None)  # the end stays the end
        return self._current

    async def _serve(self, sandbox: Sandbox) -> None:
        """Serve requests in one environment while it is usable.

        The request that an environment cannot serve stays for the next environment.
        """
        resolved = self._prepared.resolved
        environment = ExecutionEnvironment(
            sandbox,
            memory_mb=resolved.function.memory_mb,
            timeout_seconds=resolved.timeout_seconds,
            log=self._log,
            unlimited=resolved.debug is not None,
        )
        self._make_cancellable()
        async with environment:
            request = self._current
            while request:
                self._settle(await environment.invoke(request.invocation, log=request.log))
                request = await asyncio.to_thread(self._next_request)
                if not environment.is_usable:
                    return
            await environment.stop()

    def _make_cancellable(self) -> None:
        """Let `__exit__` end what runs in this event loop from now on."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        with self._lock:
            self._cancel = lambda: loop.call_soon_threadsafe(task.cancel) if task else None
            if self._is_closed:
                raise asyncio.CancelledError

    def _settle(self, result: InvocationResult | BaseException) -> None:
        """Give the current request its result, or the error that it ends in."""
        request, self._current = self._current, None
        if request is None:
            return
        if isinstance(result, asyncio.CancelledError):
            result = EnvironmentUnusableError(_CLOSED)
        if isinstance(result, BaseException):
            request.result.set_exception(result)
        else:
            request.result.set_result(result)


class _LoggedProgress:
    """Tells the logger about an image that is pulled or built."""

    def __call__(self, layer: str, status: str, current: int, total: int) -> None: ...

    def note(self, text: str) -> None:
        _log.info("%s", text)


def _log_relay() -> None:
    _log.info("the container cannot reach this machine; using a relay")
