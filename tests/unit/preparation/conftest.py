"""The code of a function."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A directory of code with a link to what is beside it."""
    directory = tmp_path / "app" / "src"
    directory.mkdir(parents=True)
    (directory / "app.py").touch()
    (tmp_path / "app" / "shared").mkdir()
    (directory / "shared").symlink_to("../shared")
    return directory
