"""The metadata endpoint, called by real clients."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING, Final

import pytest

from tests.docker.build_cache import built_once, run
from tests.docker.command import API_CONNECTION, CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docker.fixtures import SamlocalIn

PROJECT: Final = CHECKOUT / "tests" / "projects" / "environment-apis"
ENGINES = ("docker", "podman")
_POWERTOOLS: Final = (
    "aws-lambda-powertools==3.37.0",
    "jmespath==1.1.0",
    "typing-extensions==4.15.0",
)


def powertools() -> Path:
    """Return a folder with Powertools, which has a client of the endpoint."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", *_POWERTOOLS, "--target"]

    def build(folder: Path) -> None:
        run([*pip, folder])

    return built_once("powertools", " ".join(_POWERTOOLS), build)


@pytest.mark.parametrize("connection", ["direct", "relay"])
def test_powertools_reads_the_zone(samlocal_in: SamlocalIn, connection: str) -> None:
    """Powertools finds the endpoint and its token, and reads the zone of the function's Region."""
    samlocal = samlocal_in(PROJECT, "python:3.13")
    code = shutil.copytree(powertools(), samlocal.directory / "powertools")
    shutil.copy(PROJECT / "python" / "app.py", code)
    ended = samlocal.invoke("Zone", "--region", "eu-west-1", API_CONNECTION, connection)
    assert ended.exit_code == 0, ended.stderr
    assert json.loads(ended.stdout) == "euw1-az1"


def test_extensions_read_the_zone(samlocal_in: SamlocalIn) -> None:
    """An extension finds the endpoint as the function does, with SnapStart too."""
    samlocal = samlocal_in(PROJECT, "python:3.13")
    ended = samlocal.invoke("Extended:live")
    assert ended.exit_code == 0, ended.stderr
    assert 'the zone is {"AvailabilityZoneID": "use1-az1"}' in ended.stderr
    assert ended.stderr.index("EXTENSION\tName: zone.sh") < ended.stderr.index("RESTORE_START")
