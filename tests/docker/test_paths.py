"""Projects in directories of every name."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.docker.command import CHECKOUT, Samlocal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENGINES = ("docker", "podman")


@pytest.mark.parametrize("name", ["a:b", "with space, comma", "süß", "-t", "$HOME"])
def test_code_is_mounted_from_any_directory(
    stand_in: Callable[[str], str], environment: dict[str, str], tmp_path: Path, name: str
) -> None:
    """Directories with special characters of a shell or an engine work."""
    stand_in("provided:al2023")
    directory = shutil.copytree(CHECKOUT / "templates" / "hello-provided", tmp_path / name)

    ended = Samlocal(directory=directory, environment=environment)(
        "local", "invoke", "--no-credentials", "-e", "event.json"
    )

    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout.startswith(b'{"greeting": "Hello"')
