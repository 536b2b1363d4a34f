"""Projects in directories of every name."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.docker.command import CHECKOUT, Samlocal
from tests.docker.conftest import STAND_INS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("name", ["a:b", "with space, comma", "süß", "-t", "$HOME"])
def test_code_is_mounted_from_any_directory(
    stand_in: Callable[[str], str], tmp_path: Path, name: str
) -> None:
    """What is special to a shell, or to an engine's command line, is not special here."""
    stand_in("provided:al2023")
    directory = shutil.copytree(CHECKOUT / "templates" / "hello-provided", tmp_path / name)
    samlocal = Samlocal(
        directory=directory,
        environment={"SAMLOCAL_IMAGE_REPOSITORY": STAND_INS, "HOME": str(tmp_path)},
    )

    ended = samlocal("local", "invoke", "--no-credentials", "-e", "event.json")

    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout.startswith(b'{"greeting": "Hello"')
