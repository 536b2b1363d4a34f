"""The endpoint at which the warm functions of a project call each other."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, NoReturn, cast

import pytest

from samlocal.errors import CacheError
from samlocal.service import project_endpoint
from samlocal.service.project_endpoint import ProjectEndpoint

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.execution.fleet.fleet import Fleet


def refuse(*_: object) -> NoReturn:
    raise CacheError("the disk is full")


async def test_an_endpoint_that_cannot_be_announced_leaves_nothing(
    short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its socket is gone: each invocation tries again."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short_path))
    monkeypatch.setattr(project_endpoint, "announce", refuse)
    fleet = cast("Fleet", SimpleNamespace(address="unix:///engine.sock"))
    endpoint = ProjectEndpoint(fleet, short_path / "template.yaml", lambda _: None)
    with pytest.raises(CacheError):
        endpoint.open()
    assert [*(short_path / "samlocal").iterdir()] == []
