from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from samlocal.engine.engine_api import ApiError
from samlocal.engine.removal import remove, wait_for_end
from samlocal.errors import EngineError
from tests.unit.engine.fakes import fake_engine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class FakeApi:
    """An engine's API that raises its refusals first."""

    def __init__(self, *refusals: tuple[int, str]) -> None:
        self.calls: list[str] = []
        self._refusals = [*refusals]

    def remove_container(self, container_id: str, *, force: bool) -> None:
        assert force
        self.calls.append(f"remove {container_id}")
        if self._refusals:
            status, words = self._refusals.pop(0)
            raise ApiError(status, words)

    def wait(self, container_id: str) -> None:
        self.calls.append(f"wait for {container_id}")


class EndingApi:
    """An engine's API that reports how a container ended, or that it is removed."""

    def __init__(
        self,
        status: int,
        *,
        killed: bool = False,
        events: Sequence[str] = (),
        gone: int | None = None,
    ) -> None:
        self.calls: list[str] = []
        self._status = status
        self._killed = killed
        self._events = events
        self._refusal = gone

    def wait(self, container_id: str, *, until_removed: bool = False) -> int:
        self.calls.append(f"wait for {'removal' if until_removed else 'end'} of {container_id}")
        if self._refusal:
            raise ApiError(self._refusal, "no such container")
        return self._status

    def container(self, container_id: str) -> dict[str, dict[str, bool]]:
        self.calls.append(f"look at {container_id}")
        return {"State": {"OOMKilled": self._killed}}

    def remove_container(self, container_id: str) -> None:
        self.calls.append(f"remove {container_id}")

    @contextmanager
    def events(self, container_id: str, kinds: Sequence[str]) -> Iterator[Iterator[dict[str, str]]]:
        self.calls.append(f"events of {container_id}")
        yield ({"Action": each} for each in self._events if each in kinds)


def ended(api: EndingApi, *, auto_removes: bool = True) -> tuple[int | None, bool]:
    return wait_for_end(fake_engine(api=api, auto_removes=auto_removes), "0a1b")


def removed(api: FakeApi) -> list[str]:
    remove(fake_engine(api=api), "0a1b")
    return api.calls


def test_container_that_ends_as_podman_kills_it_is_removed() -> None:
    """Podman refuses to kill a container that ends at that moment; it is removed nevertheless."""
    improper = (500, "sending SIGKILL to container 0a1b: container state improper: stopped")
    assert removed(FakeApi(improper)) == ["remove 0a1b", "wait for 0a1b", "remove 0a1b"]


def test_removal_in_progress_is_not_an_error() -> None:
    """A conflict with a removal in progress is not an error."""
    assert removed(FakeApi((409, "removal is already in progress"))) == ["remove 0a1b"]


def test_any_other_refusal_is_an_error() -> None:
    """Any other refusal is an error with the engine's message."""
    with pytest.raises(EngineError, match="the container engine refused: no space left"):
        removed(FakeApi((500, "no space left")))


@pytest.mark.parametrize(
    ("status", "events", "killed"),
    [
        pytest.param(137, ("oom", "die"), True, id="out of memory"),
        pytest.param(137, ("exec_create", "die"), False, id="killed"),
        pytest.param(137, (), False, id="forgotten"),
        pytest.param(137, ("die", "oom"), False, id="another time"),
        pytest.param(1, ("oom", "die"), False, id="only a child was killed"),
    ],
)
def test_end_on_docker(status: int, events: tuple[str, ...], killed: bool) -> None:  # noqa: FBT001  # a parameter
    """Docker's status comes with the removal; events tell about memory after SIGKILL."""
    api = EndingApi(status, events=events)
    assert ended(api) == (status, killed)
    assert api.calls[0] == "wait for removal of 0a1b"
    assert ("events of 0a1b" in api.calls) is (status == 137)


@pytest.mark.parametrize("killed", [True, False])
def test_end_on_podman(killed: bool) -> None:  # noqa: FBT001  # a parameter
    """Podman's container is inspected and then removed."""
    api = EndingApi(137, killed=killed)
    assert ended(api, auto_removes=False) == (137, killed)
    assert api.calls == ["wait for end of 0a1b", "look at 0a1b", "remove 0a1b"]


def test_unknown_end() -> None:
    """The status is unknown if the container is already removed; any other refusal is an error."""
    assert ended(EndingApi(0, gone=404)) == (None, False)
    with pytest.raises(EngineError):
        ended(EndingApi(0, gone=500))


def test_missing_container_counts_as_removed() -> None:
    """The removal of a missing container is not an error."""
    assert removed(FakeApi((404, "no such container"))) == ["remove 0a1b"]
