"""`samlocal prune` where no engine answers: the cache alone."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.conftest import InProject

DAY = 24 * 60 * 60


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Create an unpacked archive that has been unused for 40 days."""
    path = tmp_path / "cache" / "samlocal" / "archives" / "a" / "old"
    path.mkdir(parents=True)
    (path / "app.py").write_bytes(b"x" * 100_000)
    at = time.time() - 40.5 * DAY
    os.utime(path, (at, at))
    return path


def test_prune_reports_what_it_frees(project: InProject, tmp_path: Path, old: Path) -> None:
    """Stdout has each removed entry and the sum; stderr has the reason for skipped containers."""
    samlocal = project("broken-nothing", XDG_CACHE_HOME=str(tmp_path / "cache"))

    ended = samlocal("prune")

    assert ended.exit_code == 0
    assert ended.stdout.decode() == (f"removed {old}, 0.1 MB, unused for 40 days\nfreed 0.1 MB\n")
    assert ended.stderr.startswith("Warning: skipped leftover containers: no container engine")
    assert not old.exists()
    assert samlocal("prune").stdout == b"nothing to remove\n"


def test_dry_run_removes_nothing(project: InProject, tmp_path: Path, old: Path) -> None:
    """`--dry-run` lists the same entries and removes none."""
    samlocal = project("broken-nothing", XDG_CACHE_HOME=str(tmp_path / "cache"))

    ended = samlocal("prune", "--dry-run")

    assert ended.stdout.decode() == (
        f"would remove {old}, 0.1 MB, unused for 40 days\nwould free 0.1 MB\n"
    )
    assert old.exists()


def test_prune_for_scripts(project: InProject, tmp_path: Path, old: Path) -> None:
    """JSON has sizes in bytes and absolute paths."""
    samlocal = project("broken-nothing", XDG_CACHE_HOME=str(tmp_path / "cache"))

    answer = json.loads(samlocal("prune", "--output", "json").stdout)

    (cached,) = answer["cached"]
    assert (cached["path"], cached["unused_days"]) == (str(old), 40)
    assert answer["freed_bytes"] == cached["bytes"] >= 100_000
    assert (answer["dry_run"], answer["containers"]) == (False, [])
    assert "no container engine answers" in answer["problem"]


@pytest.mark.parametrize("days", ["41", "400"])
def test_younger_entries_stay(project: InProject, tmp_path: Path, old: Path, days: str) -> None:
    """Entries younger than `--older-than` stay."""
    samlocal = project("broken-nothing", XDG_CACHE_HOME=str(tmp_path / "cache"))

    assert samlocal("prune", "--older-than", days).stdout == b"nothing to remove\n"
    assert old.exists()


def test_folder_of_layers_is_pruned_too(project: InProject, old: Path) -> None:
    """The layer cache is pruned too, from the option or from sam's variable."""
    samlocal = project("broken-nothing", SAM_LAYER_CACHE_BASEDIR=str(old.parents[2]))

    assert samlocal("prune", "--dry-run").stdout.startswith(b"would remove")


def test_a_day_is_the_minimum(project: InProject, old: Path) -> None:
    """`--older-than 0` is a usage error: younger entries may be in use."""
    ended = project("broken-nothing")("prune", "--older-than", "0")

    assert (ended.exit_code, ended.stdout) == (2, b"")
    assert "--older-than" in ended.stderr
    assert old.exists()
