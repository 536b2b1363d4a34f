from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from samlocal.cache.pruning import DAY_SECONDS, remove, stale_entries

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_800_000_000.0
MONTH = 30 * DAY_SECONDS


def entry(path: Path, *, unused_days: float) -> Path:
    """A directory with 5,000 bytes in two files, last used so many days ago."""
    (path / "lib").mkdir(parents=True)
    (path / "app.py").write_bytes(b"x" * 2500)
    (path / "lib" / "rates.py").write_bytes(b"x" * 2500)
    used(path, unused_days)
    return path


def used(path: Path, days_ago: float) -> None:
    at = NOW - days_ago * DAY_SECONDS
    os.utime(path, (at, at))


def stale(cache: Path, *in_use: Path) -> list[Path]:
    found = stale_entries(cache, before=NOW - MONTH, now=NOW, in_use=in_use)
    return [each.path for each in found]


@pytest.mark.parametrize("folder", ["archives/a", "layers/a", "inline", "layer-versions"])
def test_what_is_long_unused_is_stale(tmp_path: Path, folder: str) -> None:
    """The others of its folder stay."""
    old = entry(tmp_path / folder / "old", unused_days=31)
    entry(tmp_path / folder / "new", unused_days=29)
    assert stale(tmp_path) == [old]


def test_a_download_is_a_file(tmp_path: Path) -> None:
    """Archives from S3 are entries by themselves."""
    archive = tmp_path / "downloads" / "code.zip"
    archive.parent.mkdir()
    archive.write_bytes(b"PK")
    used(archive, 40)
    assert stale(tmp_path) == [archive]


def test_what_is_half_made_is_stale_after_a_day(tmp_path: Path) -> None:
    """A killed command leaves it, and nobody looks for it."""
    family = tmp_path / "archives" / "a"
    old = entry(family / ".new-1", unused_days=1.1)
    entry(family / ".new-2", unused_days=0.9)
    scratch = entry(tmp_path / "images" / "scratch-1", unused_days=1.1)
    entry(tmp_path / "images" / "node-22", unused_days=400)
    assert stale(tmp_path) == [old, scratch]


def test_what_a_container_sees_stays(tmp_path: Path) -> None:
    """A function may run for longer than the cache keeps things, on a part of an entry."""
    family = tmp_path / "layers" / "a"
    running = entry(family / "running", unused_days=50)
    old = entry(family / "old", unused_days=50)
    assert stale(tmp_path, running / "lib") == [old]
    assert stale(tmp_path, running) == [old]


def test_nothing_else_is_touched(tmp_path: Path) -> None:
    """A folder that is named as the place of layers may hold other things as well."""
    entry(tmp_path / "my-project", unused_days=400)
    assert stale(tmp_path) == []
    assert stale(tmp_path / "missing") == []


def test_a_family_without_entries_is_stale_itself(tmp_path: Path) -> None:
    """Removing entries leaves no empty directories for good."""
    family = tmp_path / "archives" / "a"
    family.mkdir(parents=True)
    used(family, 31)
    assert stale(tmp_path) == [family]


def test_an_entry_is_removed_whole(tmp_path: Path) -> None:
    """Its size is told before, also where an archive has made its directories read-only."""
    old = entry(tmp_path / "layers" / "a" / "old", unused_days=31)
    (old / "lib").chmod(0o500)
    (found,) = stale_entries(tmp_path, before=NOW - MONTH, now=NOW)
    assert found.size_bytes >= 5000
    assert remove(found)
    assert list(old.parent.iterdir()) == []


def test_what_a_link_leads_to_stays(tmp_path: Path) -> None:
    """A link in a layer is removed as a link."""
    outside = entry(tmp_path / "outside", unused_days=31)
    old = entry(tmp_path / "cache" / "inline" / "old", unused_days=31)
    (old / "link").symlink_to(outside)
    used(old, 31)
    (found,) = stale_entries(tmp_path / "cache", before=NOW - MONTH, now=NOW)
    assert found.size_bytes < 40_000
    assert remove(found)
    assert (outside / "app.py").is_file()


def test_an_entry_that_is_used_meanwhile_stays(tmp_path: Path) -> None:
    """Another command found it between the look and the removal."""
    old = entry(tmp_path / "inline" / "old", unused_days=31)
    (found,) = stale_entries(tmp_path, before=NOW - MONTH, now=NOW)
    used(old, 0)
    assert not remove(found)
    assert old.is_dir()


def test_an_entry_that_is_gone_meanwhile(tmp_path: Path) -> None:
    """Two commands may prune at once."""
    entry(tmp_path / "inline" / "old", unused_days=31)
    (found,) = stale_entries(tmp_path, before=NOW - MONTH, now=NOW)
    assert remove(found)
    assert not remove(found)
