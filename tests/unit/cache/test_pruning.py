from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from samlocal.cache.pruning import DAY_SECONDS, find_stale_entries, remove

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_800_000_000.0
MONTH = 30 * DAY_SECONDS


def entry(path: Path, *, unused_days: float) -> Path:
    """Create a directory with 5,000 bytes in two files, last used some days ago."""
    (path / "lib").mkdir(parents=True)
    (path / "app.py").write_bytes(b"x" * 2500)
    (path / "lib" / "rates.py").write_bytes(b"x" * 2500)
    used(path, unused_days)
    return path


def used(path: Path, days_ago: float) -> None:
    at = NOW - days_ago * DAY_SECONDS
    os.utime(path, (at, at))


def stale(cache: Path, *in_use: Path) -> list[Path]:
    found = find_stale_entries(cache, before=NOW - MONTH, now=NOW, in_use=in_use)
    return [each.path for each in found]


@pytest.mark.parametrize("folder", ["archives/a", "layers/a", "inline", "layer-versions"])
def test_entries_long_unused_are_stale(tmp_path: Path, folder: str) -> None:
    """Only entries unused for longer than the limit are stale."""
    old = entry(tmp_path / folder / "old", unused_days=31)
    entry(tmp_path / folder / "new", unused_days=29)
    assert stale(tmp_path) == [old]


def test_a_download_is_an_entry(tmp_path: Path) -> None:
    """A downloaded archive is an entry."""
    archive = tmp_path / "downloads" / "code.zip"
    archive.parent.mkdir()
    archive.write_bytes(b"PK")
    used(archive, 40)
    assert stale(tmp_path) == [archive]


def test_incomplete_entries_are_stale_after_a_day(tmp_path: Path) -> None:
    """Incomplete entries of killed commands are stale after a day."""
    family = tmp_path / "archives" / "a"
    old = entry(family / ".new-1", unused_days=1.1)
    entry(family / ".new-2", unused_days=0.9)
    scratch = entry(tmp_path / "images" / "scratch-1", unused_days=1.1)
    entry(tmp_path / "images" / "node-22", unused_days=400)
    assert stale(tmp_path) == [old, scratch]


def test_entries_in_use_are_not_stale(tmp_path: Path) -> None:
    """An entry that contains a path in use is not stale, however long the function runs."""
    family = tmp_path / "layers" / "a"
    running = entry(family / "running", unused_days=50)
    old = entry(family / "old", unused_days=50)
    assert stale(tmp_path, running / "lib") == [old]
    assert stale(tmp_path, running) == [old]


def test_other_files_are_not_stale(tmp_path: Path) -> None:
    """Other files in the folder of a layer cache are never stale."""
    entry(tmp_path / "my-project", unused_days=400)
    assert stale(tmp_path) == []
    assert stale(tmp_path / "missing") == []


def test_an_empty_directory_of_entries_is_stale(tmp_path: Path) -> None:
    """An empty directory for entries is stale too."""
    family = tmp_path / "archives" / "a"
    family.mkdir(parents=True)
    used(family, 31)
    assert stale(tmp_path) == [family]


def test_an_entry_is_removed_completely(tmp_path: Path) -> None:
    """An entry is removed completely, including read-only directories, and its size is known before."""
    old = entry(tmp_path / "layers" / "a" / "old", unused_days=31)
    (old / "lib").chmod(0o500)
    (found,) = find_stale_entries(tmp_path, before=NOW - MONTH, now=NOW)
    assert found.size_bytes >= 5000
    assert remove(found)
    assert list(old.parent.iterdir()) == []


def test_targets_of_links_stay(tmp_path: Path) -> None:
    """Removing an entry removes its links, not their targets."""
    outside = entry(tmp_path / "outside", unused_days=31)
    old = entry(tmp_path / "cache" / "inline" / "old", unused_days=31)
    (old / "link").symlink_to(outside)
    used(old, 31)
    (found,) = find_stale_entries(tmp_path / "cache", before=NOW - MONTH, now=NOW)
    assert found.size_bytes < 40_000
    assert remove(found)
    assert (outside / "app.py").is_file()


def test_an_entry_used_before_the_removal_stays(tmp_path: Path) -> None:
    """An entry that another command uses before the removal stays."""
    old = entry(tmp_path / "inline" / "old", unused_days=31)
    (found,) = find_stale_entries(tmp_path, before=NOW - MONTH, now=NOW)
    used(old, 0)
    assert not remove(found)
    assert old.is_dir()


def test_an_entry_that_another_command_removed(tmp_path: Path) -> None:
    """An entry that another command removed first is not an error."""
    entry(tmp_path / "inline" / "old", unused_days=31)
    (found,) = find_stale_entries(tmp_path, before=NOW - MONTH, now=NOW)
    assert remove(found)
    assert not remove(found)
