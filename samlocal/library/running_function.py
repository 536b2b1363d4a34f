"""A function for consecutive invocations, for callers without an event loop."""

from __future__ import annotations

import asyncio
import atexit
import logging
from collections import deque
from concurrent.futures import Future
from contextlib import nullcontext, suppress
from dataclasses import replace
from threading import Condition, Thread
from typing import TYPE_CHECKING, Final, Self

from samlocal.errors import EnvironmentUnusableError, SamlocalError
from samlocal.events import check_payload, encode_event
from samlocal.execution.environments import new_environment
from samlocal.frozen_dataclass import frozen
from samlocal.library.chunks import ChunkCalls
from samlocal.preparation.new_invocation import new_invocation
from samlocal.sandbox.backend import Backend
from samlocal.sandbox.factory import SandboxFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.context import ContextOverrides
    from samlocal.invocation import Invocation, InvocationResult, ResponseSink
    from samlocal.preparation.preparation import PreparedFunction
    from samlocal.sandbox.output import Log
    from samlocal.sandbox.sandbox import Sandbox

# How long the end of the program waits for the removal of a sandbox.
_SECONDS_AT_EXIT: Final = 10.0

_log = logging.getLogger("samlocal")


def not_running() -> EnvironmentUnusableError:
    """Return the error of an invocation without an environment."""
    return EnvironmentUnusableError("the function is not running", hint="`with` starts and ends it")


@frozen
class Request:
    """An invocation that a thread waits for."""

    invocation: Invocation
    log: Log | None
    response: ResponseSink | None
    result: Future[InvocationResult]


class RunningFunction:
    """A prepared function and its execution environment. Enter it, invoke, leave it.

    The environment starts with the first invocation and stays for the next ones, with everything that the
    function keeps in memory and in /tmp. After a timeout or a crash, the next invocation starts the runtime
    again, in another environment if the sandbox ended with its runtime. The invocation of another tenant
    starts another environment. Invocations from several threads run one after the other, except on Lambda
    Managed Instances. Leaving the `with` block ends an invocation that is still running and removes the
    sandbox; so does the end of the program.

    If a log raises an error, the invocation raises it at its end. An error of a log that gets output after
    the last invocation is raised when the block is left.
    """

    def __init__(self, prepared: PreparedFunction, *, engine: str | None, log: Log) -> None:
        self._prepared = prepared
        sandbox = replace(prepared.spec.sandbox, is_reused=True)
        self._spec = replace(prepared.spec, sandbox=sandbox)
        self._backend = Backend(kind=self._spec.kind, engine=engine)
        self._log = log
        self._requests: deque[Request] = deque()
        self._changed = Condition()
        self._is_closed = False
        # What tells the event loop of the present environment that there is a request, and what ends it.
        self._wake: Callable[[], object] | None = None
        self._cancel: Callable[[Request | None], object] | None = None
        self._late_error: Exception | None = None
        self._thread = Thread(target=self._work, name="samlocal", daemon=True)

    def __enter__(self) -> Self:
        with self._changed:
            if self._is_closed or self._thread.ident:
                raise EnvironmentUnusableError(
                    "the function was started before", hint="`samlocal.start` starts another one"
                )
            self._thread.start()
        atexit.register(self._close, _SECONDS_AT_EXIT)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._close()
        atexit.unregister(self._close)
        if self._late_error and not exc_info[0]:
            raise self._late_error

    def invoke(
        self,
        event: object = None,
        *,
        payload: bytes | None = None,
        context: ContextOverrides | None = None,
        tenant_id: str | None = None,
        log: Log | None = None,
        on_chunk: Callable[[bytes], object] | None = None,
    ) -> InvocationResult:
        """Run one invocation and return its result.

        `event` is anything that JSON can express; None is an empty object. `payload` replaces it: JSON as
        bytes. `context` replaces parts of what the function sees as its context, except its version, which
        `FunctionOptions` has. `tenant_id` is for functions with tenant isolation, which need it. `log` takes
        the output of this invocation instead of the function's log. An exception that interrupts the wait,
        such as `KeyboardInterrupt`, ends the invocation and its environment.

        `on_chunk` is called in this thread with each part of the response, as soon as the function has
        written it. The payload of a streamed response is empty then. A response that is not streamed is one
        part. An error is none: it is in the result. If `on_chunk` raises an error, it is not called again,
        and the invocation raises the error at its end.

        Raises:
            EventError: The event or the payload is not JSON, or is larger than Lambda allows.
            UsageError: The tenant ID is malformed or missing, or the function takes none.
            SandboxError: No sandbox can be had, or it was lost.
            EnvironmentUnusableError: This is not inside of the `with` block.
        """
        if payload is None:
            payload = encode_event({} if event is None else event)
        else:
            check_payload(payload)
        invocation = new_invocation(self._prepared.resolved, payload, context, tenant_id=tenant_id)
        chunks = ChunkCalls(on_chunk) if on_chunk else None
        request = Request(invocation=invocation, log=log, response=chunks, result=Future())
        with self._changed:
            if self._is_closed or not self._thread.is_alive():
                raise not_running()
            self._requests.append(request)
            self._notify()
        try:
            if chunks:
                chunks.run_until(request.result)
            return request.result.result()
        finally:
            self._abandon(request)

    @property
    def _is_busy(self) -> bool:
        """Whether an invocation is running or waits."""
        return bool(self._requests)

    def _close(self, seconds: float | None = None) -> None:
        with self._changed:
            self._is_closed = True
            if self._is_busy and self._cancel:
                self._cancel(None)
            self._notify()
        self._thread.join(seconds)

    def _abandon(self, request: Request) -> None:
        """Cancel a request that its caller has given up, unless it has its result."""
        with self._changed:
            if request not in self._requests:
                return
            if request is not self._requests[0]:
                self._requests.remove(request)
                return
            # It keeps its place, so that an error of its environment does not end the next request.
            request.result.cancel()
            if self._cancel:
                self._cancel(request)

    def _notify(self) -> None:
        self._changed.notify_all()
        if self._wake:
            self._wake()

    def _work(self) -> None:
        """Serve each request until the end."""
        while self._wait_for_request():
            try:
                with self._backend.connect() or nullcontext() as engine:
                    factory = SandboxFactory(engine=engine, progress=_LoggedProgress())
                    factory.run(self._spec, lambda each: asyncio.run(self._serve(each)))
            except asyncio.CancelledError:
                continue  # the request was given up, or the block has ended
            except BaseException as error:  # noqa: BLE001  # the caller that waits for the result gets it
                self._settle(error)
            finally:
                with self._changed:
                    self._wake = self._cancel = None
        with self._changed:
            while self._requests:
                self._settle(not_running())

    def _wait_for_request(self) -> bool:
        """Return True as soon as there is a request, False at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._has_request() or self._is_closed)
            return not self._is_closed

    def _has_request(self) -> bool:
        """Return whether there is a request, and drop those that their callers have given up."""
        with self._changed:
            while self._requests and self._requests[0].result.cancelled():
                self._requests.popleft()
            return bool(self._requests)

    async def _serve(self, sandbox: Sandbox) -> None:
        """Serve requests in one environment while it is usable.

        A request that an environment cannot serve stays for the next environment, and so does one of another
        tenant.
        """
        environment = new_environment(sandbox, self._prepared.configuration, log=self._log)
        is_changed = self._connect_to_loop()
        async with environment:
            tenant_id = self._requests[0].invocation.tenant_id
            while True:
                request = self._requests[0]
                if request.invocation.tenant_id != tenant_id:
                    await environment.stop()
                    return
                try:
                    result = await environment.invoke(
                        request.invocation, log=request.log, response=request.response
                    )
                except Exception as error:
                    if not environment.is_usable:
                        raise
                    self._settle(error)  # of a log or a callback: the environment goes on
                else:
                    self._settle(result)
                while not self._has_request() and not self._is_closed:
                    await is_changed.wait()
                    is_changed.clear()
                if not environment.is_usable:
                    return
                if self._is_closed:
                    await environment.stop()
                    return

    def _connect_to_loop(self) -> asyncio.Event:
        """Let other threads wake this event loop, with the event that is returned, and cancel its task."""
        loop, task, is_changed = asyncio.get_running_loop(), asyncio.current_task(), asyncio.Event()

        def call(callback: Callable[[], object]) -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(callback)

        with self._changed:
            if self._is_closed or not self._has_request():
                raise asyncio.CancelledError
            self._wake = lambda: call(is_changed.set)
            if task:
                self._cancel = lambda request: call(lambda: self._cancel_in_loop(task, request))
        return is_changed

    def _cancel_in_loop(self, serving: asyncio.Task[object], request: Request | None) -> None:
        """Cancel what serves requests, unless the request has its result by now, and the next one runs."""
        if request is None or request in self._requests:
            serving.cancel()

    def _settle(self, result: InvocationResult | BaseException) -> None:
        """Give the first request its result, or the error that it ends in."""
        with self._changed:
            if not self._requests:
                if isinstance(result, Exception) and not isinstance(result, SamlocalError):
                    self._late_error = result
                return
            request = self._requests.popleft()
            if request.result.cancelled():
                return
        if isinstance(result, BaseException):
            request.result.set_exception(result)
        else:
            request.result.set_result(result)


class _LoggedProgress:
    """Logs notes about images and the relay."""

    def __call__(self, layer: str, status: str, current: int, total: int) -> None: ...

    def note(self, text: str) -> None:
        _log.info("%s", text)
