from __future__ import annotations

import multiprocessing
import os
import signal
import stat
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from samlocal.artifacts import file_tree, layer_merge
from samlocal.artifacts.layer_merge import Source, merge_layers
from samlocal.errors import LayerError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files that a test has just written count as settled, unless the test changes that."""
    monkeypatch.setattr(file_tree, "_CLOCK_TICK_NS", 0)


def layer(directory: Path, content: dict[str, str]) -> Source:
    for name, text in content.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Source(directory=directory, follow=True)


def two(tmp_path: Path) -> list[Source]:
    first = layer(tmp_path / "first", {"python/a.py": "a", "x": "old"})
    return [first, layer(tmp_path / "second", {"python/b.py": "b", "x": "new"})]


def made(cache: Path) -> list[str]:
    return sorted(tree.name for family in cache.iterdir() for tree in family.iterdir())


def test_the_same_state_is_merged_once(tmp_path: Path) -> None:
    """Merging unchanged layers again copies nothing."""
    layers = two(tmp_path)
    first = merge_layers(layers, tmp_path / "cache")
    inode = (first.path / "x").stat().st_ino
    second = merge_layers(layers, tmp_path / "cache")
    assert first == second
    assert (second.path / "x").stat().st_ino == inode
    assert (second.path / "x").read_text() == "new"
    assert second.size_bytes == len("a" + "old" + "b" + "new")


def _rewrite(path: Path) -> None:
    path.write_text("neu")


def _rewrite_with_the_same_time(path: Path) -> None:
    status = path.stat()
    path.write_text("neu")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _replace_with_the_same_time(path: Path) -> None:
    status = path.stat()
    other = path.with_name("other")
    other.write_text("neu")
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize(
    "change", [_rewrite, _rewrite_with_the_same_time, _replace_with_the_same_time]
)
def test_every_change_of_a_file_is_detected(tmp_path: Path, change: Callable[[Path], None]) -> None:
    """Every change of a file gives a new tree, even with the same size and modification time."""
    layers = two(tmp_path)
    before = merge_layers(layers, tmp_path / "cache")
    change(tmp_path / "second" / "x")
    after = merge_layers(layers, tmp_path / "cache")
    assert after.path != before.path
    assert (after.path / "x").read_text() == "neu"


@pytest.mark.parametrize(
    "change",
    [
        lambda top: (top / "x").chmod(0o755),
        lambda top: (top / "x").unlink(),
        lambda top: (top / "empty").mkdir(),
        lambda top: (top / "link").symlink_to("x"),
        lambda top: (top / "x").rename(top / "y"),
    ],
    ids=["permissions", "removal", "directory", "link", "name"],
)
def test_every_other_change_is_detected(tmp_path: Path, change: Callable[[Path], object]) -> None:
    """Every change that is visible in the container gives a new tree."""
    layers = two(tmp_path)
    before = merge_layers(layers, tmp_path / "cache")
    change(tmp_path / "second")
    assert merge_layers(layers, tmp_path / "cache").path != before.path


def test_a_file_that_has_just_changed_may_change_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tree is not reused if files changed within the last tick of the clock."""
    monkeypatch.setattr(file_tree, "_CLOCK_TICK_NS", 3600 * 10**9)
    layers = two(tmp_path)
    first, second = (merge_layers(layers, tmp_path / "cache") for _ in range(2))
    assert first.path != second.path
    assert (second.path / "x").read_text() == "new"


def test_a_layer_that_changes_while_it_is_merged_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tree whose sources change during the merge is for that run only; the next one merges again."""
    layers = two(tmp_path)
    put = layer_merge._put

    def put_and_change(entry: file_tree.Entry, target: Path) -> None:
        put(entry, target)
        (tmp_path / "first" / "python" / "a.py").write_text("changed")

    monkeypatch.setattr(layer_merge, "_put", put_and_change)
    merge_layers(layers, tmp_path / "cache")
    monkeypatch.setattr(layer_merge, "_put", put)
    after = merge_layers(layers, tmp_path / "cache")
    assert (after.path / "python" / "a.py").read_text() == "changed"


def test_files_are_copies(tmp_path: Path) -> None:
    """Writing to a file of the layer in place does not change the tree."""
    layers = two(tmp_path)
    tree = merge_layers(layers, tmp_path / "cache").path
    (tmp_path / "second" / "x").write_text("written in place")
    assert (tree / "x").read_text() == "new"


def test_times_of_files_are_kept(tmp_path: Path) -> None:
    """Files keep their modification time, by which Python validates compiled modules."""
    layers = two(tmp_path)
    os.utime(tmp_path / "second" / "x", ns=(0, 1_600_000_000_123_456_789))
    tree = merge_layers(layers, tmp_path / "cache").path
    assert (tree / "x").stat().st_mtime_ns == 1_600_000_000_123_456_789


def test_links_out_of_the_users_directories_are_followed(tmp_path: Path) -> None:
    """Links to a file and a directory outside the layer, and absolute links, become their targets."""
    outside = layer(tmp_path / "outside", {"lib/module.py": "m", "one.py": "1"}).directory
    first, second = two(tmp_path)
    for name, target in {
        "file.py": "../outside/one.py",
        "lib": str(outside / "lib"),
        "absolute": str(first.directory / "x"),
    }.items():
        (first.directory / name).symlink_to(target)
    tree = merge_layers([first, second], tmp_path / "cache").path
    assert not any((tree / name).is_symlink() for name in ("file.py", "lib", "absolute"))
    assert (tree / "file.py").read_text() == "1"
    assert (tree / "lib" / "module.py").read_text() == "m"
    assert (tree / "absolute").read_text() == "old"


def test_targets_of_links_are_part_of_the_state(tmp_path: Path) -> None:
    """A change of the target of a link gives a new tree, although the layer itself is unchanged."""
    outside = layer(tmp_path / "outside", {"one.py": "1"}).directory
    layers = two(tmp_path)
    (layers[0].directory / "outside").symlink_to(outside)
    merge_layers(layers, tmp_path / "cache")
    (outside / "one.py").write_text("2")
    assert (merge_layers(layers, tmp_path / "cache").path / "outside" / "one.py").read_text() == "2"


def test_links_in_an_archive_are_not_followed(tmp_path: Path) -> None:
    """A link in an archive does not expose the user's files."""
    (tmp_path / "secret").write_text("password")
    first, second = two(tmp_path)
    (first.directory / "stolen").symlink_to(tmp_path / "secret")
    unpacked = Source(directory=first.directory, follow=False)
    tree = merge_layers([unpacked, second], tmp_path / "cache").path
    assert (tree / "stolen").readlink() == tmp_path / "secret"


def test_circular_links_stay_links(tmp_path: Path) -> None:
    """A link to an enclosing directory stays a link."""
    layers = two(tmp_path)
    (layers[0].directory / "python" / "up").symlink_to(tmp_path)
    (layers[0].directory / "self").symlink_to("self")
    tree = merge_layers(layers, tmp_path / "cache").path
    assert (tree / "python" / "up").readlink() == tmp_path
    assert (tree / "self").is_symlink()


def test_sockets_and_pipes_are_ignored(tmp_path: Path) -> None:
    """Sockets and pipes are ignored; nothing blocks on opening them."""
    layers = two(tmp_path)
    os.mkfifo(layers[0].directory / "pipe")
    assert not (merge_layers(layers, tmp_path / "cache").path / "pipe").exists()


def test_directories_can_be_removed_again(tmp_path: Path) -> None:
    """Read-only directories of a layer are writable in the tree, so that it can be removed."""
    layers = two(tmp_path)
    (layers[0].directory / "python").chmod(0o555)
    tree = merge_layers(layers, tmp_path / "cache").path
    assert stat.S_IMODE((tree / "python").stat().st_mode) & stat.S_IWUSR


def test_older_trees_are_removed_after_a_day(tmp_path: Path) -> None:
    """Old trees and incomplete ones are removed after a day; trees in use stay."""
    layers = two(tmp_path)
    old = merge_layers(layers, tmp_path / "cache").path
    (old.parent / ".new-killed").mkdir()
    for path in (old, old.parent / ".new-killed"):
        os.utime(path, (0, 0))
    (layers[1].directory / "x").write_text("newer")
    new = merge_layers(layers, tmp_path / "cache").path
    assert made(tmp_path / "cache") == [new.name]
    os.utime(new, (0, 0))
    merge_layers(layers, tmp_path / "cache")
    assert new.stat().st_mtime > 0


def test_a_layer_that_cannot_be_read(tmp_path: Path) -> None:
    """An unreadable file is an error that names its path."""
    layers = [*two(tmp_path), Source(directory=tmp_path / "none", follow=True)]
    with pytest.raises(
        LayerError, match=r"cannot be merged: no such file or directory at `.*none`"
    ):
        merge_layers(layers, tmp_path / "cache")


def _merge(layers: list[Source], cache: Path) -> Path:
    return merge_layers(layers, cache).path


def test_concurrent_merges_give_the_same_tree(tmp_path: Path) -> None:
    """Processes that merge at the same time get the same complete tree, and leave no incomplete ones."""
    content = {f"d{number % 10}/{number}": str(number) for number in range(500)}
    layers = [layer(tmp_path / "many", content), layer(tmp_path / "one", {"x": "x"})]
    time.sleep(0.05)  # processes of their own wait for files to settle
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        trees_made = pool.starmap(_merge, [(layers, tmp_path / "cache")] * 8)
    assert len(set(trees_made)) == 1
    assert made(tmp_path / "cache") == [trees_made[0].name]
    assert sum(path.is_file() for path in trees_made[0].rglob("*")) == 501


_KILLED = """
import os, signal, sys
from pathlib import Path
from samlocal.artifacts import layer_merge
put = layer_merge._put
def put_once(entry, target):
    put(entry, target)
    os.kill(os.getpid(), signal.SIGKILL)
layer_merge._put = put_once
layer_merge.merge_layers(
    [layer_merge.Source(directory=Path(each), follow=True) for each in sys.argv[2:]], Path(sys.argv[1])
)
"""


def test_a_killed_process_leaves_no_incomplete_tree(tmp_path: Path) -> None:
    """After a killed merge, the next process merges from the beginning."""
    layers = two(tmp_path)
    directories = [str(each.directory) for each in layers]
    command = [sys.executable, "-c", _KILLED, str(tmp_path / "cache"), *directories]
    killed = subprocess.run(command, check=False)
    assert killed.returncode == -signal.SIGKILL
    (left,) = made(tmp_path / "cache")
    tree = merge_layers(layers, tmp_path / "cache").path
    assert tree.name != left
    assert sorted(path.name for path in tree.rglob("*")) == ["a.py", "b.py", "python", "x"]
