"""`samlocal prune` against a real engine."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.docker.command import BEHAVIOURS, PATIENCE_SECONDS, Samlocal
from tests.docker.leftovers import containers_of, that_stay

if TYPE_CHECKING:
    from pathlib import Path

    import docker

    from tests.docker.fixtures import SamlocalIn

MONTHS_AGO = time.time() - 100 * 24 * 60 * 60


@pytest.fixture
def samlocal(samlocal_in: SamlocalIn, tmp_path: Path) -> Samlocal:
    """The command with a cache of its own."""
    command = samlocal_in(BEHAVIOURS, "python:3.11")
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    return replace(command, environment={**command.environment, **cache})


def test_code_that_a_function_runs_on_stays(
    samlocal: Samlocal, engine: docker.APIClient, tmp_path: Path
) -> None:
    """Code in use is kept at any age, and is pruned after the function has ended."""
    template = samlocal.directory / "template.yaml"
    shutil.make_archive(str(samlocal.directory / "code"), "zip", samlocal.directory / "python")
    template.write_text(template.read_text().replace("CodeUri: python/", "CodeUri: code.zip"))
    running = samlocal.start_sleeping()
    try:
        (unpacked,) = (tmp_path / "cache" / "samlocal" / "archives").glob("*/*")
        os.utime(unpacked, (MONTHS_AGO, MONTHS_AGO))
        assert samlocal("prune").stdout.decode().count(str(unpacked)) == 0
        assert (unpacked / "app.py").is_file()
    finally:
        running.terminate()
        running.communicate(timeout=PATIENCE_SECONDS)
    # The engine may still be removing the container when the command has ended.
    assert not that_stay(lambda: containers_of(engine, samlocal.directory))
    assert f"removed {unpacked}, " in samlocal("prune").stdout.decode()
    assert not unpacked.exists()
