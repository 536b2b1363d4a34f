"""Changes of files from Linux's inotify."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.serving.inotify import Inotify
from tests.functional.serving.conftest import call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.functional.serving.conftest import Shop

MOST_EVENTS = Path("/proc/sys/fs/inotify/max_queued_events")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A directory with directories in it."""
    (tmp_path / "tree" / "a" / "b").mkdir(parents=True)
    return tmp_path / "tree"


@pytest.fixture
def watch(tree: Path) -> Iterator[Inotify]:
    """A watch over all of it."""
    watch = Inotify([str(tree)], is_recursive=True)
    yield watch
    watch.close()


def test_changes_are_seen_at_once(watch: Inotify, tree: Path) -> None:
    """What has happened is seen without any wait: new content, permissions, times, names."""
    file = tree / "a" / "b" / "app.py"
    for change in (
        file.touch,
        lambda: file.write_text("1"),
        lambda: file.chmod(0o755),
        lambda: os.utime(file, ns=(0, 0)),
        file.unlink,
    ):
        change()
        assert str(file) in watch.changed_paths()
        assert watch.changed_paths() == set()


def test_reading_is_no_change(watch: Inotify, tree: Path) -> None:
    """Reading files and listing directories is no change."""
    (tree / "app.py").write_text("1")
    watch.changed_paths()
    (tree / "app.py").read_text()
    assert [*tree.iterdir()]
    assert watch.changed_paths() == set()


def test_new_directories(watch: Inotify, tree: Path, tmp_path: Path) -> None:
    """Directories that are made or moved in are watched with all below them."""
    (tmp_path / "other" / "c" / "d").mkdir(parents=True)
    (tmp_path / "other").rename(tree / "moved")
    (tree / "new" / "deep").mkdir(parents=True)
    watch.changed_paths()
    for directory in (tree / "moved" / "c" / "d", tree / "new" / "deep"):
        (directory / "file").touch()
        assert str(directory / "file") in watch.changed_paths()


def test_directory_that_leaves(watch: Inotify, tree: Path, tmp_path: Path) -> None:
    """A directory that is moved away is not watched any more; one that is renamed has its new name."""
    (tree / "a").rename(tree / "renamed")
    assert watch.changed_paths() == {str(tree / "a"), str(tree / "renamed")}
    (tree / "renamed" / "b" / "file").touch()
    assert watch.changed_paths() == {str(tree / "renamed" / "b" / "file")}
    (tree / "renamed").rename(tmp_path / "away")
    watch.changed_paths()
    (tmp_path / "away" / "b" / "file").unlink()
    assert watch.changed_paths() == set()


def test_end_of_the_directory_itself(watch: Inotify, tree: Path, tmp_path: Path) -> None:
    """A directory that is moved away as a whole has changed."""
    tree.rename(tmp_path / "away")
    assert str(tree) in watch.changed_paths()


def test_links_are_not_followed(tree: Path, tmp_path: Path) -> None:
    """A link that leads in a circle, or elsewhere, is a file."""
    (tree / "a" / "circle").symlink_to(tree)
    (tmp_path / "elsewhere").mkdir()
    (tree / "link").symlink_to(tmp_path / "elsewhere")
    watch = Inotify([str(tree), str(tree / "missing")], is_recursive=True)
    (tmp_path / "elsewhere" / "file").touch()
    assert watch.changed_paths() == set()
    (tree / "a" / "file").touch()
    assert watch.changed_paths() == {str(tree / "a" / "file")}
    watch.close()


def test_names_that_are_not_text(watch: Inotify, tree: Path) -> None:
    """A file may have any name."""
    name = os.fsdecode(b"\xff\n")
    (tree / name).touch()
    assert watch.changed_paths() == {f"{tree}/{name}"}


def fill_queue(directory: Path) -> None:
    """Change more than the kernel remembers."""
    names = [directory / "one", directory / "other"]
    names[0].touch()
    for _ in range(int(MOST_EVENTS.read_text())):
        names[0].rename(names[1])
        names.reverse()


def test_too_many_changes(watch: Inotify, tree: Path) -> None:
    """Changes that the kernel did not remember are an error, from then on."""
    fill_queue(tree)
    for _ in range(2):
        with pytest.raises(OSError, match="too many files"):
            watch.changed_paths()


async def test_too_many_changes_of_a_project(shop: Shop) -> None:
    """After changes that were lost, all code counts as changed, and is watched again."""
    async with shop.serve() as served:
        await served.invoke(call("Notify"))
        fill_queue(shop.directory / "ratings")
        await served.invoke(call())
        fill_queue(shop.directory / "ratings")
        (shop.directory / "notify" / "app.py").write_text("notify 2")
        assert (await served.invoke(call("Notify"))).payload == b"notify 2"
        (shop.directory / "notify" / "app.py").write_text("notify 3")
        assert (await served.invoke(call("Notify"))).payload == b"notify 3"
    assert not shop.observer.diagnostics
