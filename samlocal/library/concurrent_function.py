"""A function on Lambda Managed Instances, for callers in several threads."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from samlocal.errors import EnvironmentUnusableError
from samlocal.execution.environments import new_environment
from samlocal.library.running_function import RunningFunction, not_running

if TYPE_CHECKING:
    from samlocal.execution.environment import ExecutionEnvironment
    from samlocal.library.running_function import Request
    from samlocal.preparation.preparation import PreparedFunction
    from samlocal.sandbox.output import Log
    from samlocal.sandbox.sandbox import Sandbox


class ConcurrentFunction(RunningFunction):
    """A prepared function whose invocations from several threads run at once in one environment.

    More than the function's limit wait for the others. An invocation that its caller gives up ends alone.
    """

    def __init__(self, prepared: PreparedFunction, *, engine: str | None, log: Log) -> None:
        super().__init__(prepared, engine=engine, log=log)
        self._underway: dict[asyncio.Task[None], Request] = {}

    @property
    def _is_busy(self) -> bool:
        return bool(self._requests or self._underway)

    def _abandon(self, request: Request) -> None:
        with self._changed:
            if request in self._requests:
                self._requests.remove(request)
            elif self._cancel and not request.result.done():
                self._cancel(request)

    def _cancel_in_loop(self, serving: asyncio.Task[object], request: Request | None) -> None:
        if request is None:
            serving.cancel()
        for task, served in self._underway.items():
            if served is request:
                task.cancel()

    async def _serve(self, sandbox: Sandbox) -> None:
        """Serve requests in one environment while it is usable, as many at once as it takes.

        A request that an environment cannot serve stays for the next environment, and so does one of another
        tenant.
        """
        environment = new_environment(sandbox, self._prepared.configuration, log=self._log)
        is_changed = self._connect_to_loop()
        async with environment:
            try:
                await self._serve_until_end(environment, is_changed)
            finally:
                for task in self._underway:
                    task.cancel()
                await asyncio.gather(*self._underway)
            if environment.is_usable:
                await environment.stop()

    async def _serve_until_end(
        self, environment: ExecutionEnvironment, is_changed: asyncio.Event
    ) -> None:
        """Serve requests until the environment is not usable or not wanted any more."""
        tenant_id = self._requests[0].invocation.tenant_id
        while True:
            while request := self._take(tenant_id):
                task = asyncio.create_task(self._run(environment, request))
                self._underway[task] = request
                task.add_done_callback(self._underway.pop)
                task.add_done_callback(lambda _: is_changed.set())
            if not self._underway and (self._is_closed or self._requests):
                return  # what waits is of another tenant
            if self._is_closed:
                raise asyncio.CancelledError
            await is_changed.wait()
            is_changed.clear()
            if not environment.is_usable:
                await asyncio.gather(*self._underway)
                return

    def _take(self, tenant_id: str | None) -> Request | None:
        """Return the next request of a tenant, if the environment has room for it."""
        with self._changed:
            is_full = len(self._underway) >= self._prepared.configuration.max_concurrency
            if is_full or self._is_closed or not self._requests:
                return None
            if self._requests[0].invocation.tenant_id != tenant_id:
                return None
            return self._requests.popleft()

    async def _run(self, environment: ExecutionEnvironment, request: Request) -> None:
        try:
            result = await environment.invoke(
                request.invocation, log=request.log, response=request.response
            )
        except EnvironmentUnusableError:
            with self._changed:
                self._requests.appendleft(request)
        except asyncio.CancelledError:
            request.result.set_exception(not_running())
        except Exception as error:  # noqa: BLE001  # its caller gets it
            request.result.set_exception(error)
        else:
            request.result.set_result(result)
