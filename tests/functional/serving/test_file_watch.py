"""The system's watch over directories."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from samlocal.serving.file_watch import FileWatch, system_notify
from samlocal.serving.rust_notify import WatchfilesNotify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A process that may open no more files cannot watch any either.
PROGRAM = """\
import os, resource, sys
from samlocal.serving.file_watch import FileWatch

resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
files = []
while True:
    try:
        files.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        break
try:
    FileWatch().watch([sys.argv[1]], [])
except OSError as error:
    print("OSError")
"""


@pytest.fixture(params=[system_notify, WatchfilesNotify])
def watch(request: pytest.FixtureRequest) -> Iterator[FileWatch]:
    """A watch that is closed at the end: the system's own, and that of other systems."""
    watch = FileWatch(request.param)
    yield watch
    watch.close()


def is_exact(watch: FileWatch) -> bool:
    """Return whether no thread reads the changes, which may know of the last ones too late."""
    return all(each.notify.fileno() is not None for each in watch._groups)


def changed(watch: FileWatch, expected: Path) -> set[str]:
    """Wait for the change of a path, and return all changes up to it."""
    seen: set[str] = set()
    latest = time.monotonic() + 20
    while str(expected) not in seen:
        assert time.monotonic() < latest, f"{expected} is not in {seen}"
        seen |= watch.changed_paths()
        time.sleep(0.001)
    return seen


def test_nothing_changes(watch: FileWatch, tmp_path: Path) -> None:
    """Without a change the answer comes at once, as often as it is asked for."""
    watch.watch([str(tmp_path)], [])
    assert [watch.changed_paths() for _ in range(1000)] == [set()] * 1000


def test_changes_between_two_looks(watch: FileWatch, tmp_path: Path) -> None:
    """No change is lost, however often one looks."""
    watch.watch([str(tmp_path)], [])
    for number in range(200):
        (tmp_path / str(number)).touch()
        watch.changed_paths()
        (tmp_path / f"{number}b").touch()
        changed(watch, tmp_path / f"{number}b")


def test_directories_alone(watch: FileWatch, tmp_path: Path) -> None:
    """Of a directory that is no tree only the entries are watched."""
    (tmp_path / "lib").mkdir()
    watch.watch([], [str(tmp_path)])
    (tmp_path / "lib" / "a").touch()
    (tmp_path / "b").touch()
    assert changed(watch, tmp_path / "b") == {str(tmp_path / "b")}


def test_many_directories(watch: FileWatch, tmp_path: Path) -> None:
    """Directories that are added one by one are all watched, with few watches of the system."""
    trees = [tmp_path / str(number) for number in range(20)]
    unnoticed: set[str] = set()
    for number, tree in enumerate(trees):
        tree.mkdir()
        if watch.watch([str(tree)], [str(tmp_path)]):
            unnoticed = {str(each / "before") for each in trees[:number]}
        (tree / "before").touch()
    assert bool(unnoticed) is (not is_exact(watch))
    assert len(watch._groups) <= 8
    for tree in trees:
        (tree / "after").touch()
    seen = set()
    for tree in trees:
        seen |= {*changed(watch, tree / "after")} if str(tree / "after") not in seen else set()
    assert {str(tree / "before") for tree in trees} <= seen | unnoticed


def test_replaced_directory(watch: FileWatch, tmp_path: Path) -> None:
    """A directory that takes the place of another one is watched after `watch_again`."""
    tree = tmp_path / "tree"
    tree.mkdir()
    watch.watch([str(tree)], [str(tmp_path)])
    tree.rename(tmp_path / "old")
    tree.mkdir()
    changed(watch, tree)
    assert watch.watch_again([str(tree)], [str(tmp_path)]) is not is_exact(watch)
    (tree / "a").touch()
    changed(watch, tree / "a")


def test_missing_directories(watch: FileWatch, tmp_path: Path) -> None:
    """Directories that do not exist are left out, and the others are watched."""
    watch.watch([str(tmp_path), str(tmp_path / "no")], [str(tmp_path / "none")])
    (tmp_path / "a").touch()
    changed(watch, tmp_path / "a")


def test_closed_watch(tmp_path: Path) -> None:
    """A watch that is closed watches nothing, and takes nothing more."""
    watch = FileWatch()
    watch.close()
    watch.watch([str(tmp_path)], [])
    assert not watch._groups
    assert watch.changed_paths() == set()


def test_no_more_watches(tmp_path: Path) -> None:
    """A system that allows no more watches is an error."""
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.stdout == "OSError\n", run.stderr
