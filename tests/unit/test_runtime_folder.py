"""The folder of sockets."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import CacheError
from samlocal.runtime_folder import runtime_folder

if TYPE_CHECKING:
    from pathlib import Path


def test_is_in_the_runtime_directory_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is created in `XDG_RUNTIME_DIR`, for its owner only."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert runtime_folder() == f"{tmp_path}/samlocal"
    assert stat.S_IMODE((tmp_path / "samlocal").stat().st_mode) == 0o700
    assert runtime_folder() == f"{tmp_path}/samlocal"


@pytest.mark.parametrize("base", ["", "relative", "/nowhere/at/all"])
def test_is_else_in_the_folder_of_temporary_files(
    base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a usable `XDG_RUNTIME_DIR`, the name has the user's number."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", base)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert runtime_folder() == f"{tmp_path}/samlocal-run-{os.getuid()}"


def test_refuses_a_folder_that_others_can_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that someone else made accessible is not used."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "samlocal").mkdir()
    (tmp_path / "samlocal").chmod(0o755)
    with pytest.raises(CacheError, match="can be entered by other users"):
        runtime_folder()


def test_refuses_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link could lead to a folder of another user."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "samlocal").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CacheError, match="is not a directory"):
        runtime_folder()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder to another user")
def test_refuses_a_folder_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder for all users, anyone can be first."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    folder = tmp_path / f"samlocal-run-{os.getuid()}"
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, 12345)
    with pytest.raises(CacheError, match="belongs to another user"):
        runtime_folder()


def test_reports_a_folder_that_cannot_be_created(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message has the reason, the hint a variable."""
    (tmp_path / "file").write_text("")
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "file"))
    with pytest.raises(CacheError, match="Not a directory") as raised:
        runtime_folder()
    assert "XDG_RUNTIME_DIR" in str(raised.value.hint)
