"""Batches of changes, and a system that does not watch."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import SamlocalError
from samlocal.serving.file_watch import FileWatch
from samlocal.serving.ignore_rules import IgnoreRules
from samlocal.serving.watcher import Watcher
from tests.functional.serving.conftest import until
from tests.unit.preparation.host import RecordingObserver

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


class NoWatch(FileWatch):
    """The watch of a system that allows none."""

    def watch(self, trees: Collection[str], directories: Collection[str]) -> bool:
        raise OSError(f"OS file watch limit reached. about {[*trees, *directories]}")


class CountedWatch(FileWatch):
    """The system's watch, and how often it was told what to watch."""

    calls = 0

    def watch(self, trees: Collection[str], directories: Collection[str]) -> bool:
        self.calls += 1
        return super().watch(trees, directories)


class UncertainWatch(FileWatch):
    """A watch that does not know of its last changes when it takes a new directory."""

    def watch(self, trees: Collection[str], directories: Collection[str]) -> bool:
        super().watch(trees, directories)
        return True


@dataclass
class Batches:
    """Collects what changed; `error` is raised once, and each batch waits for `may_end`."""

    every: list[set[str]] = field(default_factory=list)
    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    error: Exception | None = None

    def __post_init__(self) -> None:
        self.may_end.set()

    async def __call__(self, sources: frozenset[Path], files: frozenset[Path]) -> None:
        self.every.append({path.name for path in sources | files})
        await self.may_end.wait()
        error, self.error = self.error, None
        if error:
            raise error


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A directory of code."""
    (tmp_path / "code").mkdir()
    return tmp_path / "code"


def watcher(
    code: Path, batches: Batches, observer: RecordingObserver, files: FileWatch | None = None
) -> Watcher:
    return Watcher(IgnoreRules(top=code), observer=observer, process=batches, files=files)


async def test_changes_while_a_batch_is_processed(code: Path) -> None:
    """They are in the next batch, for which those who come later wait."""
    batches, observer = Batches(), RecordingObserver()
    async with watcher(code, batches, observer) as watch:
        await watch.add_sources([code])
        batches.may_end.clear()
        (code / "a").touch()
        await until(lambda: not watch.is_settled())
        first = asyncio.create_task(watch.settled())
        await until(lambda: len(batches.every) == 1)
        (code / "b").touch()
        seen = watch._seen
        await until(lambda: watch.is_settled() or watch._seen > seen)
        second = asyncio.create_task(watch.settled())
        batches.may_end.set()
        await asyncio.gather(first, second)
        assert batches.every == [{"code"}, {"code"}]
        assert watch.is_settled()


async def test_changes_without_an_end(code: Path) -> None:
    """A file that changes all the time delays nobody for ever."""
    batches, observer = Batches(), RecordingObserver()
    async with watcher(code, batches, observer) as watch:
        await watch.add_sources([code])
        is_over = False

        async def write() -> None:
            while not is_over:
                (code / "log").write_text(str(time.monotonic()))
                await asyncio.sleep(0.005)

        writing = asyncio.create_task(write())
        await until(lambda: not watch.is_settled())
        async with asyncio.timeout(20):
            await watch.settled()
        is_over = True
        await writing
    assert batches.every


async def test_changes_that_may_have_gone_unnoticed(code: Path) -> None:
    """All that is watched counts as changed when the watch cannot tell."""
    batches, observer = Batches(), RecordingObserver()
    (code / "a").mkdir()
    (code / "template.yaml").touch()
    async with watcher(code, batches, observer, UncertainWatch()) as watch:
        await watch.add_files([code / "template.yaml"])
        await watch.add_sources([code / "a"])
        await watch.settled()
    assert set().union(*batches.every) == {"template.yaml", "a"}


async def test_failed_batch(code: Path) -> None:
    """An error is reported, and the next change is processed."""
    batches, observer = Batches(error=SamlocalError("no")), RecordingObserver()
    async with watcher(code, batches, observer) as watch:
        await watch.add_sources([code])
        for _ in range(2):
            (code / "a").write_text("1")
            await until(lambda: not watch.is_settled())
            await watch.settled()
    assert observer.messages == ["changes of files could not be taken into account: no"]
    assert len(batches.every) == 2


async def test_end_during_a_batch(code: Path) -> None:
    """Who waits for a batch goes on when the watch ends."""
    batches, observer = Batches(), RecordingObserver()
    batches.may_end.clear()
    async with watcher(code, batches, observer) as watch:
        await watch.add_sources([code])
        (code / "a").touch()
        await until(lambda: batches.every)
        waiting = asyncio.create_task(watch.settled())
        await asyncio.sleep(0)
    async with asyncio.timeout(20):
        await waiting


async def test_recently_changed_file(code: Path) -> None:
    """A file that changed before it was watched, but after it was read, has changed."""
    batches, observer = Batches(), RecordingObserver()
    file = code / "template.yaml"
    file.touch()
    async with watcher(code, batches, observer) as watch:
        await watch.add_files([file], since_ns=file.stat().st_mtime_ns - 1)
        assert not watch.is_settled()
        await watch.settled()
        await watch.add_files([code / "later.yaml"], since_ns=time.time_ns())
        assert watch.is_settled()
    assert batches.every == [{"template.yaml"}]


async def test_sources_that_come_at_once(code: Path) -> None:
    """Directories of many functions that are prepared at once are watched together."""
    batches, files = Batches(), CountedWatch()
    directories = [code / str(number) for number in range(5)]
    for each in directories:
        each.mkdir()
    async with watcher(code, batches, RecordingObserver(), files) as watch:
        await asyncio.gather(*(watch.add_sources([each]) for each in directories))
        assert files.calls == 2  # for the first one, and for all that came meanwhile
        for each in directories:
            (each / "a").touch()
        await watch.settled()
    assert batches.every == [{each.name for each in directories}]


async def test_without_watches(code: Path) -> None:
    """Where the system watches nothing, files are compared when there is a request, and that is said."""
    batches, observer = Batches(), RecordingObserver()
    (code / "a").touch()
    async with watcher(code, batches, observer, NoWatch()) as watch:
        await watch.add_sources([code])
        await watch.add_files([code.parent / "template.yaml"])
        for name, change in (
            ("code", code / "a"),
            ("template.yaml", code.parent / "template.yaml"),
        ):
            change.write_text("1")
            await until(lambda: not watch.is_settled())
            await watch.settled()
            assert batches.every.pop() == {name}
        await until(lambda: not watch.is_settled())
        await watch.settled()  # nothing has changed
    assert not batches.every
    (diagnostic,) = {*observer.diagnostics}
    assert "does not watch all files of the project (OS file watch limit reached)" in (
        diagnostic.message
    )
    assert "sysctl fs.inotify.max_user_watches" in (diagnostic.hint or "")
