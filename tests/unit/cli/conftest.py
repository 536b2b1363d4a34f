"""The installed command where nothing of this machine has a say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from tests.docker.command import CHECKOUT, Samlocal

if TYPE_CHECKING:
    from pathlib import Path


class InProject(Protocol):
    """Gives the command in the directory of one of `tests/projects`."""

    def __call__(self, name: str, **environment: str) -> Samlocal: ...


@pytest.fixture
def project(tmp_path: Path) -> InProject:
    """No engine, no profiles, 80 columns."""

    def command(name: str, **environment: str) -> Samlocal:
        fixed = {
            "COLUMNS": "80",
            "DOCKER_HOST": "unix:///nowhere/docker.sock",
            "HOME": str(tmp_path),
            "NO_COLOR": "",
        }
        directory = CHECKOUT / "tests" / "projects" / name
        return Samlocal(directory=directory, environment=fixed | environment)

    return command
