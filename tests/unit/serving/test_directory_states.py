"""States of directories that are computed once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.serving import directory_states
from samlocal.serving.directory_state import directory_state
from samlocal.serving.directory_states import DirectoryStates

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_known_state(tmp_path: Path) -> None:
    """A state stays until it is forgotten."""
    states = DirectoryStates()
    before = states.get(str(tmp_path))
    (tmp_path / "a").touch()
    assert states.get(str(tmp_path)) == before
    states.forget(str(tmp_path))
    assert states.get(str(tmp_path)) == directory_state(str(tmp_path)) != before


def test_change_during_a_walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state that a walk finds is not kept if the directory changed meanwhile."""
    states = DirectoryStates()

    def walk(path: str) -> str:
        state = directory_state(path)
        (tmp_path / "a").touch()
        states.forget(path)
        return state

    monkeypatch.setattr(directory_states, "directory_state", walk)
    before = states.get(str(tmp_path))
    monkeypatch.undo()
    assert states.get(str(tmp_path)) != before
