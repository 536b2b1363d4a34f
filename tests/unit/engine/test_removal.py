from __future__ import annotations

import pytest

from samlocal.engine.engine_api import ApiError
from samlocal.engine.removal import remove
from samlocal.errors import EngineError
from tests.unit.engine.fakes import fake_engine


class FakeApi:
    """An engine's API, which refuses as often as it has refusals."""

    def __init__(self, *refusals: tuple[int, str]) -> None:
        self.calls: list[str] = []
        self._refusals = [*refusals]

    def remove_container(self, container_id: str, **_: object) -> None:
        self.calls.append(f"remove {container_id}")
        if self._refusals:
            status, words = self._refusals.pop(0)
            raise ApiError(status, words)

    def wait(self, container_id: str) -> None:
        self.calls.append(f"wait for {container_id}")


def removed(api: FakeApi) -> list[str]:
    remove(fake_engine(api=api), "0a1b")
    return api.calls


def test_container_that_ends_as_podman_kills_it_is_removed_all_the_same() -> None:
    """Podman gives up where the container is faster."""
    improper = (500, "sending SIGKILL to container 0a1b: container state improper: stopped")
    assert removed(FakeApi(improper)) == ["remove 0a1b", "wait for 0a1b", "remove 0a1b"]


def test_container_that_the_engine_is_removing_is_left_to_it() -> None:
    """Docker says that it is at it already."""
    assert removed(FakeApi((409, "removal is already in progress"))) == ["remove 0a1b"]


def test_any_other_refusal_is_an_error() -> None:
    """It is the engine's own message."""
    with pytest.raises(EngineError, match="the container engine refused: no space left"):
        removed(FakeApi((500, "no space left")))
