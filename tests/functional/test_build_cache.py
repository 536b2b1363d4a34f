"""What tests build once is whole, and is built again only for another recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docker.build_cache import NoCompilerError, built_once, content, require

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def _no_build(folder: Path) -> None:
    pytest.fail(f"{folder} is built again")


def test_recipe_is_built_once() -> None:
    """A second request of the same name and recipe gets the same folder without a build."""
    first = built_once("tool", "version 1", lambda folder: (folder / "tool").touch())

    assert built_once("tool", "version 1", _no_build) == first
    assert [path.name for path in first.iterdir()] == ["tool"]


def test_other_recipe_is_another_folder() -> None:
    """A changed recipe is built into a folder of its own."""
    first = built_once("tool", "version 1", lambda folder: (folder / "old").touch())
    second = built_once("tool", "version 2", lambda folder: (folder / "new").touch())

    assert (first / "old").exists()
    assert [path.name for path in second.iterdir()] == ["new"]


def test_failed_build_starts_over() -> None:
    """A build that failed leaves nothing for the next one."""

    def fails(folder: Path) -> None:
        (folder / "half").touch()
        require("no-such-compiler")

    with pytest.raises(NoCompilerError, match="the test needs no-such-compiler"):
        built_once("tool", "version 1", fails)
    again = built_once("tool", "version 1", lambda folder: (folder / "whole").touch())

    assert [path.name for path in again.iterdir()] == ["whole"]


def test_content_is_that_of_files_and_their_names(tmp_path: Path) -> None:
    """The digest of a folder changes with a file's name and with its bytes."""
    (tmp_path / "a").write_text("1")
    before = content(tmp_path)
    (tmp_path / "a").write_text("2")
    changed = content(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")

    assert len({before, changed, content(tmp_path)}) == 3
