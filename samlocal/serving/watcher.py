"""Watches the files of a project, and reports changes of them in batches."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

from samlocal.diagnostics import Diagnostic
from samlocal.errors import SamlocalError
from samlocal.serving.file_comparison import FileComparison
from samlocal.serving.file_watch import IS_LINUX, FileWatch
from samlocal.serving.own_files import find_own_files
from samlocal.serving.watch_plan import WatchPlan, plan_watch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection
    from pathlib import Path

    from samlocal.preparation.observer import Reporter
    from samlocal.serving.ignore_rules import IgnoreRules

# How soon a change is noticed while there is no request, where the system does not tell; each request looks.
_LOOK_SECONDS: Final = 0.25
# Changes belong together until there is none for this long, but not for longer than the other.
_QUIET_SECONDS: Final = 0.05
_LONGEST_SECONDS: Final = 0.5
# Without the system's watch, files are compared at most this often.
_COMPARE_SECONDS: Final = 0.5
# watchfiles says nothing if the system does not watch a new directory.
_MAY_MISS_DIRECTORIES: Final = not IS_LINUX


class Watcher:
    """Calls `process` with the sources and the files that have changed, one batch after another.

    From the moment that a change is seen, `settled` waits until `process` has returned for it. Ignored files
    in directories of code do not count, nor do those that this process writes itself; a change of the directory does.
    Where the system allows no more watches, files are compared when there is a request.
    """

    def __init__(
        self,
        rules: IgnoreRules,
        *,
        observer: Reporter,
        process: Callable[[frozenset[Path], frozenset[Path]], Awaitable[None]],
        files: FileWatch | None = None,
    ) -> None:
        self._rules = rules
        self._own = find_own_files()
        self._observer = observer
        self._process = process
        self._watch = files or FileWatch()
        self._sources: set[Path] = set()
        self._files: set[Path] = set()
        self._plan = WatchPlan(trees={}, names={}, directories=frozenset())
        self._watched = 0
        self._changing = asyncio.Lock()
        self._comparison: FileComparison | None = None
        self._changed: set[Path] = set()
        self._is_replaced = False
        self._seen = self._processed = 0
        self._wake = asyncio.Event()
        self._advanced = asyncio.Condition()
        self._number: int | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        self._number = self._watch.fileno()
        if self._number is None:
            self._tick()
        else:
            asyncio.get_running_loop().add_reader(self._number, self._look)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._timer:
            self._timer.cancel()
        if self._number is not None:
            asyncio.get_running_loop().remove_reader(self._number)
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        async with self._advanced:
            self._advanced.notify_all()
        self._watch.close()

    def is_settled(self) -> bool:
        self._look()
        return self._processed == self._seen and not self._must_compare()

    async def settled(self) -> None:
        if self.is_settled():
            return
        if self._must_compare():
            await self._compare()
        seen = self._seen
        async with self._advanced:
            await self._advanced.wait_for(lambda: self._processed >= seen or self._task.done())

    async def add_files(self, files: Collection[Path], *, since_ns: int | None = None) -> None:
        """Watch files; those that have changed `since_ns` (Unix time) have changed."""
        new = {path for path in files if path not in self._files}
        if not new:
            return
        self._files |= new
        await self._extend()
        if since_ns is not None:
            changed = await asyncio.to_thread(_changed_since, new, since_ns)
            self._note(changed)

    async def add_sources(self, paths: Collection[Path]) -> None:
        new = {path for path in paths if path not in self._sources}
        if new:
            self._sources |= new
            await self._extend()

    async def _extend(self) -> None:
        """Watch all files and directories that are not watched."""
        async with self._changing:
            number = len(self._sources) + len(self._files)
            if number == self._watched:  # who had the lock before has watched these as well
                return
            await self._plan_again()
            has_missed = False
            try:
                has_missed = await asyncio.to_thread(self._watch.watch, *self._planned())
            except OSError as error:
                await self._compare_from_now_on(error)
            self._watched = number
            if has_missed:
                self._note_all()

    async def _watch_again(self) -> None:
        """Watch all files and directories as new ones."""
        async with self._changing:
            await self._plan_again()
            try:
                has_missed = await asyncio.to_thread(self._watch.watch_again, *self._planned())
            except OSError as error:
                has_missed = True
                await self._compare_from_now_on(error)
            if has_missed:
                self._note_all()

    async def _plan_again(self) -> None:
        # Known before the first change of what is new.
        self._plan = await asyncio.to_thread(plan_watch, [*self._sources], [*self._files])
        if self._comparison:
            await asyncio.to_thread(self._comparison.add, {*self._sources, *self._files})

    def _planned(self) -> tuple[Collection[str], Collection[str]]:
        return self._plan.trees, self._plan.directories

    async def _compare_from_now_on(self, error: OSError) -> None:
        self._observer.show_diagnostic(_no_more_watches(error))
        self._comparison = self._comparison or FileComparison()
        await asyncio.to_thread(self._comparison.add, {*self._sources, *self._files})

    def _look(self) -> None:
        """Take note of the changes up to now."""
        try:
            paths = self._watch.changed_paths()
        except OSError:  # any path may have changed
            self._is_replaced = True
            self._note_all()
            return
        for path in paths:
            if self._own.has(path):
                continue
            concerned = self._plan.concerned(path)
            if concerned:
                is_file = os.path.isfile(path) and not os.path.islink(path)  # noqa: PTH113, PTH114
                self._is_replaced |= not is_file
                self._note(concerned)
            for tree, sources in self._plan.trees_of(path):
                if not self._rules.is_ignored(tree, path[len(tree) + 1 :]):
                    if _MAY_MISS_DIRECTORIES:
                        self._is_replaced |= os.path.isdir(path)  # noqa: PTH112
                    self._note(sources)

    def _note(self, paths: Collection[Path]) -> None:
        if paths:
            self._changed.update(paths)
            self._seen += 1
            self._wake.set()

    def _note_all(self) -> None:
        self._note({*self._sources, *self._files})

    def _must_compare(self) -> bool:
        return self._comparison is not None and self._comparison.age_seconds > _COMPARE_SECONDS

    async def _compare(self) -> None:
        if self._comparison:
            self._note(await asyncio.to_thread(self._comparison.changed_paths))

    def _tick(self) -> None:
        """Look now and then, where the system does not tell of changes."""
        self._look()
        self._timer = asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._tick)

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            await self._wait_until_quiet()
            await self._process_changes()

    async def _wait_until_quiet(self) -> None:
        loop = asyncio.get_running_loop()
        latest, before = loop.time() + _LONGEST_SECONDS, -1
        while self._seen != before and loop.time() < latest:
            before = self._seen
            await asyncio.sleep(_QUIET_SECONDS)
            self._look()

    async def _process_changes(self) -> None:
        changed, self._changed = frozenset(self._changed), set()
        seen = self._seen
        self._wake.clear()
        self._rules.forget()
        try:
            if self._is_replaced:
                self._is_replaced = False
                await self._watch_again()
                changed |= self._changed
            await self._process(changed & self._sources, changed & self._files)
        except (SamlocalError, OSError) as error:
            message = f"changes of files could not be taken into account: {error}"
            self._observer.show_diagnostic(Diagnostic(message=message))
        finally:
            async with self._advanced:
                self._processed = seen
                self._advanced.notify_all()


def _changed_since(files: Collection[Path], since_ns: int) -> set[Path]:
    changed = set()
    for path in files:
        with suppress(OSError):
            if os.stat(path).st_mtime_ns > since_ns:  # noqa: PTH116
                changed.add(path)
    return changed


def _no_more_watches(error: OSError) -> Diagnostic:
    reason = error.strerror or str(error).partition(" about ")[0].rstrip(".")
    return Diagnostic(
        message=f"the system does not watch all files of the project ({reason}):"
        " they are compared when there is a request, which takes longer",
        hint="allow more watches on Linux: `sudo sysctl fs.inotify.max_user_watches=1048576"
        " fs.inotify.max_user_instances=1024`",
    )
