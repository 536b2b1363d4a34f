"""The web functions of a served project, in its present state."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from samlocal.diagnostics import error_diagnostic
from samlocal.errors import EnvironmentUnusableError, FunctionNotFoundError, SamlocalError
from samlocal.qualifier import LATEST
from samlocal.serving.function_preparation import pool_key
from samlocal.serving.served_function import ServedFunction

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine
    from pathlib import Path

    from samlocal.execution.fleet.fleet_function import FleetFunction
    from samlocal.project.web_functions import WebFunction, WebFunctions
    from samlocal.serving.function_fleet import ProgramFleet
    from samlocal.serving.function_preparation import FunctionPreparation, PreparedVersion
    from samlocal.serving.once_observer import OnceObserver
    from samlocal.serving.project_snapshot import ProjectSnapshot

_Used = TypeVar("_Used")


class ServedWebFunctions:
    """Prepares web functions once, and again after a change, when old programs end.

    `programs` is what runs them. `count` is how many there were when they were read last, 0 before.
    """

    def __init__(
        self,
        snapshot: ProjectSnapshot,
        preparation: FunctionPreparation,
        programs: ProgramFleet,
        *,
        observer: OnceObserver,
    ) -> None:
        self._snapshot = snapshot
        self._preparation = preparation
        self._programs = programs
        self._observer = observer
        self._reading: asyncio.Task[WebFunctions] | None = None
        self.count = 0
        self._served: dict[str, ServedFunction] = {}
        self._is_eager = False
        self._tasks: set[asyncio.Task[object]] = set()
        self._readings: set[asyncio.Task[Any]] = set()

    async def close(self) -> None:
        """End what is under way, but for readings, which requests wait for."""
        for task in self._tasks - self._readings:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def all(self) -> WebFunctions:
        """Return the web functions, read once until the project changes.

        Raises:
            SamlocalError: They cannot be read.
        """
        if self._reading is None or (self._reading.done() and self._reading.exception()):
            self._reading = self._start(self._preparation.read_web_functions(self._snapshot))
            self._readings.add(self._reading)
            self._reading.add_done_callback(self._readings.discard)
        found = await asyncio.shield(self._reading)
        self.count = len(found.functions)
        return found

    @asynccontextmanager
    async def connected(
        self, full_path: str, *, holds: bool = True
    ) -> AsyncIterator[socket.socket]:
        """Yield a connection to the program of a web function: see `WebPrograms.connected`.

        Raises:
            FunctionNotFoundError: There is no such web function.
            SamlocalError: It cannot be prepared, or its program does not run.
        """
        async with AsyncExitStack() as stack:

            async def connect(
                function: FleetFunction, is_current: Callable[[], bool]
            ) -> socket.socket:
                return await stack.enter_async_context(
                    self._programs.connected(function, is_current, holds=holds)
                )

            yield await self._use_current(full_path, connect)

    async def _use_current(
        self, full_path: str, use: Callable[[FleetFunction, Callable[[], bool]], Awaitable[_Used]]
    ) -> _Used:
        """Return the result for the version as it is now: once more if it is replaced meanwhile."""
        while True:
            served = self._get(full_path)
            prepared = served.ready(LATEST) or await served.prepared(LATEST)
            is_current = partial(self._is_current, full_path, prepared)
            try:
                return await use(prepared.function, is_current)
            except EnvironmentUnusableError:
                if is_current():  # all programs are ending
                    raise

    async def warm_up(self) -> bool:
        """Start all programs, also after changes, and return whether all listen. A failure is a diagnostic."""
        self._is_eager = True
        return await self._warm_up_except(frozenset())

    def replace(self, snapshot: ProjectSnapshot) -> None:
        """Serve another reading of the project; programs that it would not change stay."""
        self._snapshot = snapshot
        self._reading = None
        known = {n for n, each in self._served.items() if each.versions or each.is_underway}
        for name in known:
            self._refresh(name)
        if self._is_eager:
            self._start(self._warm_up_except(known))

    def change_code(self, paths: Collection[Path]) -> None:
        """Prepare the web functions again whose code is in one of these directories and archives."""
        for name, served in self._served.items():
            if served.is_underway or served.depends_on(paths):
                self._refresh(name)

    def _get(self, full_path: str) -> ServedFunction:
        if full_path not in self._served:
            self._served[full_path] = ServedFunction(partial(self._prepare, full_path))
        return self._served[full_path]

    def _is_current(self, full_path: str, prepared: PreparedVersion) -> bool:
        served = self._served.get(full_path)
        return served is not None and served.ready(LATEST) is prepared

    async def _find(self, full_path: str) -> WebFunction:
        for each in (await self.all()).functions:
            if each.api.full_path == full_path:
                return each
        raise FunctionNotFoundError(f"the template has no web function `{full_path}` any more")

    async def _prepare(self, full_path: str, _version: str) -> PreparedVersion:
        web = await self._find(full_path)
        return await self._preparation.prepare_web_function(self._snapshot, web)

    def _refresh(self, name: str) -> None:
        served = self._served[name]
        before = {each.function.fingerprint for each in served.versions}
        if served.invalidate():
            self._start(self._prepare_again(name, before))

    async def _prepare_again(self, name: str, before: Collection[str]) -> None:
        key = pool_key(self._snapshot.project.path, name)
        try:
            now = (await self._get(name).prepared(LATEST)).function
        except FunctionNotFoundError:
            self._programs.retire(key)
            self._served.pop(name, None)
            return
        except (SamlocalError, OSError) as error:  # which the next request gets as well
            self._programs.retire(key)
            if self._is_eager and isinstance(error, SamlocalError):
                self._observer.show_diagnostic(error_diagnostic(error, function=name))
            return
        if now.fingerprint in before:
            return
        self._programs.retire(key, keep=now.fingerprint)
        self._observer.show_status(f"`{name}` has changed: its next request starts the new version")
        if self._is_eager:
            await self._warm_up(name)

    async def _warm_up_except(self, known: Collection[str]) -> bool:
        try:
            found = (await self.all()).functions
        except SamlocalError as error:
            self._observer.show_diagnostic(error_diagnostic(error))
            return False
        names = (each.api.full_path for each in found)
        ups = await asyncio.gather(*(self._warm_up(each) for each in names if each not in known))
        return all(ups)

    async def _warm_up(self, full_path: str) -> bool:
        try:
            await self._use_current(full_path, self._programs.warm_up)
        except (EnvironmentUnusableError, FunctionNotFoundError):  # all are ending, or it is gone
            return False
        except SamlocalError as error:
            self._observer.show_diagnostic(error_diagnostic(error, function=full_path))
            return False
        return True

    def _start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._end_of)
        return task

    def _end_of(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waits for it has it
