"""The functions of a served project, in its present state."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from samlocal.diagnostics import error_diagnostic
from samlocal.errors import EnvironmentUnusableError, SamlocalError
from samlocal.qualifier import LATEST
from samlocal.serving.code_facts import read_code_facts
from samlocal.serving.function_preparation import pool_key
from samlocal.serving.served_function import ServedFunction

if TYPE_CHECKING:
    from collections.abc import Collection, Coroutine
    from pathlib import Path

    from samlocal.function import Function, FunctionEntry
    from samlocal.serving.function_call import CodeFacts
    from samlocal.serving.function_fleet import FunctionFleet
    from samlocal.serving.function_preparation import FunctionPreparation, PreparedVersion
    from samlocal.serving.once_observer import OnceObserver
    from samlocal.serving.project_snapshot import ProjectSnapshot


class ServedFunctions:
    """Resolves and prepares functions once, and again after a change, when old environments are retired."""

    def __init__(
        self,
        snapshot: ProjectSnapshot,
        preparation: FunctionPreparation,
        fleet: FunctionFleet,
        *,
        observer: OnceObserver,
    ) -> None:
        self.snapshot = snapshot
        self._preparation = preparation
        self._fleet = fleet
        self._observer = observer
        self._served: dict[str, ServedFunction] = {}
        self._entries: dict[str, FunctionEntry] = {}
        self._resolved: dict[str, asyncio.Task[Function]] = {}
        self._facts: dict[str, asyncio.Task[CodeFacts]] = {}
        self._begun: set[str] = set()
        self._announced: set[str] = set()
        self._is_eager = False
        self._tasks: set[asyncio.Task[object]] = set()

    async def close(self) -> None:
        """End what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def entry(self, name: str) -> FunctionEntry:
        """Return the function with an identifier, found once until the project changes.

        Raises:
            FunctionNotFoundError: There is none.
            AmbiguousFunctionError: There are several.
        """
        if name not in self._entries:
            self._entries[name] = self.snapshot.find(name)
        return self._entries[name]

    def get(self, full_path: str) -> ServedFunction:
        """Return the function with that path."""
        if full_path not in self._served:
            self._served[full_path] = ServedFunction(partial(self._prepare, full_path))
        return self._served[full_path]

    def note_invocation(self, full_path: str) -> None:
        """Say again that a function has changed, which is said once before an invocation.

        What says it may be a change itself, such as output that another program writes to a file beside the code.
        """
        self._announced.discard(full_path)

    async def resolve(self, entry: FunctionEntry) -> Function:
        """Return a function, resolved once until something changes.

        Raises:
            SamlocalError: It cannot be resolved.
        """
        path = entry.full_path
        task = self._resolved.get(path)
        if task is None:
            task = asyncio.create_task(self._resolve(entry))
            self._resolved[path] = task
            task.add_done_callback(partial(_forget_failed, self._resolved, path))
        return task.result() if task.done() else await asyncio.shield(task)

    async def code_facts(self, function: Function) -> CodeFacts:
        """Return facts about a function's code, read once until it changes.

        Raises:
            CodeNotFoundError: The code does not exist.
        """
        path = function.full_path
        task = self._facts.get(path)
        if task is None:
            task = asyncio.create_task(asyncio.to_thread(read_code_facts, function))
            self._facts[path] = task
            task.add_done_callback(partial(_forget_failed, self._facts, path))
        return await asyncio.shield(task)

    async def warm_up(self) -> bool:
        """Initialise an environment for each function, also after changes, and return whether all succeeded.

        A failure is a diagnostic.
        """
        self._is_eager = True
        ups = await asyncio.gather(*(self._warm_up(entry) for entry in self.snapshot.entries))
        return all(ups)

    async def check_any(self) -> None:
        """Resolve functions until it is certain that one of them can run, or that they fail for several reasons.

        Raises:
            SamlocalError: All of them fail for the same reason, such as an env file that does not exist.
        """
        first: SamlocalError | None = None
        for entry in self.snapshot.entries:
            try:
                await self.resolve(entry)
            except SamlocalError as error:
                if first and str(error) != str(first):
                    return
                first = first or error
            else:
                return
        if first:
            raise first

    async def check(self, snapshot: ProjectSnapshot) -> None:
        """Resolve the functions that are in use as another reading of the project has them.

        Raises:
            SamlocalError: One of them cannot be resolved.
        """
        for entry in snapshot.entries:
            served = self._served.get(entry.full_path)
            for version in tuple(served.versions) if served else ():
                await self._preparation.resolve(snapshot, entry, version.resolved.version)

    def replace(self, snapshot: ProjectSnapshot) -> None:
        """Serve another reading of the project; environments that it would not change stay."""
        old = {each.full_path for each in self.snapshot.entries}
        new = {each.full_path: each for each in snapshot.entries}
        self.snapshot = snapshot
        for each in (self._entries, self._resolved, self._facts):
            each.clear()
        for name in old - set(new):
            self._fleet.retire(pool_key(snapshot.project.path, name))
            if served := self._served.pop(name, None):
                served.invalidate()
        for name in self._served:
            self._refresh(name)
        if self._is_eager:
            for name in set(new) - old:
                self._start(self._warm_up(new[name]))

    def change_code(self, paths: Collection[Path]) -> None:
        """Prepare the functions again whose code is in one of these directories and archives."""
        self._facts.clear()
        for name, served in self._served.items():
            if served.is_underway or served.depends_on(paths):
                self._refresh(name)

    def _refresh(self, name: str) -> None:
        served = self._served[name]
        before = {each.resolved.version: each for each in served.versions}
        versions = served.invalidate()
        if versions:
            self._start(self._prepare_again(name, versions, before))

    async def _prepare_again(
        self, name: str, versions: tuple[str, ...], before: dict[str, PreparedVersion]
    ) -> None:
        key, served = pool_key(self.snapshot.project.path, name), self.get(name)
        try:
            now = [await served.prepared(version) for version in versions]
        except (SamlocalError, OSError) as error:  # which the next caller gets as well
            self._fleet.retire(key)
            if self._is_eager and isinstance(error, SamlocalError):
                self._observer.show_diagnostic(error_diagnostic(error, function=name))
            return
        changed = [
            each
            for each in now
            if (old := before.get(each.resolved.version)) and not _same(old, each)
        ]
        if not changed:
            return
        self._fleet.retire(key, keep=now[0].function.fingerprint)
        if name not in self._announced:
            self._announced.add(name)
            self._observer.show_status(
                f"`{name}` has changed: its next invocation runs the new version"
            )
        if self._is_eager:
            await self._warm_up(self.entry(name))

    async def _prepare(self, full_path: str, version: str) -> PreparedVersion:
        prepared = await self._preparation.prepare(self.snapshot, self.entry(full_path), version)
        if full_path not in self._begun:
            # The project may have been served before with other options, and have left environments.
            self._begun.add(full_path)
            self._fleet.retire(prepared.function.key, keep=prepared.function.fingerprint)
        return prepared

    async def _resolve(self, entry: FunctionEntry) -> Function:
        return (await self._preparation.resolve(self.snapshot, entry)).function

    async def _warm_up(self, entry: FunctionEntry) -> bool:
        try:
            prepared = await self.get(entry.full_path).prepared(LATEST)
            await self._fleet.warm_up(prepared.function)
        except EnvironmentUnusableError:  # it was to end: all do, or it has changed
            return False
        except SamlocalError as error:
            self._observer.show_diagnostic(error_diagnostic(error, function=entry.full_path))
            return False
        return True

    def _start(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _same(old: PreparedVersion, new: PreparedVersion) -> bool:
    return old.function.fingerprint == new.function.fingerprint


def _forget_failed(tasks: dict[str, asyncio.Task[Any]], key: str, task: asyncio.Task[Any]) -> None:
    """Forget a task that has failed, so that the next caller tries again."""
    if (task.cancelled() or task.exception()) and tasks.get(key) is task:
        del tasks[key]
