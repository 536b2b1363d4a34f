from __future__ import annotations

import json
from typing import TYPE_CHECKING, Self

import pytest

from samlocal.engine.images.pull import pull_image
from tests.unit.engine.fakes import fake_engine

if TYPE_CHECKING:
    from collections.abc import Iterator


IMAGE = "registry.example/lambda/python:3.11"


class FakeClient:
    """An engine that answers a pull with these events."""

    base_url = "http://engine"
    api_version = "1.41"
    ok = True

    def __init__(self, *events: dict[str, object]) -> None:
        self._events = events

    def post(self, _url: str, **_: object) -> Self:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        pass

    def iter_lines(self) -> Iterator[bytes]:
        return (json.dumps(event).encode() for event in self._events)


class Watcher:
    """Who sees a pull."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    def __call__(self, layer: str, status: str, current: int, total: int) -> None:
        self.seen.append((layer, status, current, total))

    def note(self, text: str) -> None:
        self.seen.append(text)


def seen(*events: dict[str, object], podman: bool) -> list[object]:
    watcher = Watcher()
    engine = fake_engine(sdk=FakeClient(*events), is_podman=podman)
    pull_image(engine, IMAGE, profile=None, progress=watcher, cancelled=lambda: False)
    return watcher.seen


@pytest.fixture(autouse=True)
def _no_logins(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path_factory.mktemp("docker")))


DOWNLOADED: dict[str, object] = {"id": "0a1b", "status": "Download complete"}


def test_steps_of_docker_are_told_as_it_says_them() -> None:
    """Its last word is about the whole image."""
    complete: dict[str, object] = {"id": "0a1b", "status": "Pull complete"}
    status: dict[str, object] = {"status": f"Status: Downloaded newer image for {IMAGE}"}

    assert seen(DOWNLOADED, complete, status, podman=False) == [
        f"Pulling {IMAGE}",
        ("0a1b", "Download complete", 0, 0),
        ("0a1b", "Pull complete", 0, 0),
        ("", f"Status: Downloaded newer image for {IMAGE}", 0, 0),
    ]


def test_podman_has_no_last_word_of_its_own() -> None:
    """Of a layer it says no more than that it has come, and of the whole nothing."""
    detail = {"current": 1, "total": 2}
    downloading: dict[str, object] = {"id": "0a1b", "status": "Downloading"}

    assert seen(downloading | {"progressDetail": detail}, DOWNLOADED, podman=True) == [
        f"Pulling {IMAGE}",
        ("0a1b", "Downloading", 1, 2),
        ("0a1b", "Pull complete", 0, 0),
        f"Pulled {IMAGE}",
    ]
