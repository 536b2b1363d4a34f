"""A function for consecutive invocations, for callers without an event loop."""

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
    """A prepared function with its execution environment, for use in a `with` statement.

    The environment starts with the first invocation and is reused for the next ones, with the function's
    memory and its /tmp. If it ends after a timeout or a crash, the next invocation starts a new one.
    Invocations from several threads run one after the other. Leaving the `with` block ends a running
    invocation and removes the sandbox.
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
        """Run one invocation and return its result.

        `event` is a JSON value, by default an empty object. `payload` is JSON as bytes and takes precedence.
        `context` overrides parts of the function's context. `log` gets the output of this invocation instead
        of the log of the function.

        Raises:
            SandboxError: No sandbox can be started, or it was lost.
            EnvironmentUnusableError: The `with` block was left.
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
        """Serve requests until the end."""
        while self._next_request():
            try:
                with Engine(self._engine) as engine:
                    factory = SandboxFactory(
                        engine=engine, progress=_LoggedProgress(), on_relay=_log_relay
                    )
                    factory.run(self._spec, lambda each: asyncio.run(self._serve(each)))
            except BaseException as error:  # noqa: BLE001  # the caller gets it with the result
                self._settle(error)

    def _next_request(self) -> _Request | None:
        """Return the request without a result, or wait for the next one; return None at the end."""
        if self._current is None:
            self._current = self._requests.get()
        while self._is_closed and self._current:
            self._settle(EnvironmentUnusableError(_CLOSED))
            self._current = self._requests.get()
        if self._current is None:
            self._requests.put(None)  # later calls return None too
        return self._current

    async def _serve(self, sandbox: Sandbox) -> None:
        """Serve requests in one environment as long as it is usable.

        A request that this environment cannot serve stays for the next one.
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
        """Let `__exit__` cancel the current task of this event loop."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        with self._lock:
            self._cancel = lambda: loop.call_soon_threadsafe(task.cancel) if task else None
            if self._is_closed:
                raise asyncio.CancelledError

    def _settle(self, result: InvocationResult | BaseException) -> None:
        """Give the current request its result or its error."""
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
    """Logs the pull or the build of an image."""

    def __call__(self, layer: str, status: str, current: int, total: int) -> None: ...

    def note(self, text: str) -> None:
        _log.info("%s", text)


def _log_relay() -> None:
    _log.info("the container cannot reach this machine; using a relay")
