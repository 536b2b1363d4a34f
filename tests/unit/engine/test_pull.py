from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

import pytest
import requests

from samlocal.engine.images.pull import pull_image
from samlocal.errors import EngineError, ImageNotFoundError, ImagePullError
from tests.unit.engine.fakes import fake_engine

if TYPE_CHECKING:
    from collections.abc import Iterator


IMAGE = "registry.example/lambda/python:3.11"


class FakeClient:
    """An engine that answers a pull with these events."""

    base_url = "http://engine"
    api_version = "1.41"
    ok = True

    def __init__(self, *events: dict[str, object], failure: Exception | None = None) -> None:
        self.asked: dict[str, Any] = {}
        self._events = events
        self._failure = failure

    def post(self, url: str, **arguments: object) -> Self:
        self.asked = {"url": url, **arguments}
        if self._failure:
            raise self._failure
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        pass

    def iter_lines(self) -> Iterator[bytes]:
        return (json.dumps(event).encode() for event in self._events)


class Watcher:
    """Records the progress of a pull."""

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


def test_steps_of_docker_are_reported() -> None:
    """Docker's steps are reported with its statuses, the last for the whole image."""
    complete: dict[str, object] = {"id": "0a1b", "status": "Pull complete"}
    status: dict[str, object] = {"status": f"Status: Downloaded newer image for {IMAGE}"}

    assert seen(DOWNLOADED, complete, status, podman=False) == [
        f"Pulling {IMAGE}",
        ("0a1b", "Download complete", 0, 0),
        ("0a1b", "Pull complete", 0, 0),
        ("", f"Status: Downloaded newer image for {IMAGE}", 0, 0),
    ]


def test_steps_of_podman_are_reported() -> None:
    """Podman's downloads are reported as complete, and the end of the pull is added."""
    detail = {"current": 1, "total": 2}
    downloading: dict[str, object] = {"id": "0a1b", "status": "Downloading"}

    assert seen(downloading | {"progressDetail": detail}, DOWNLOADED, podman=True) == [
        f"Pulling {IMAGE}",
        ("0a1b", "Downloading", 1, 2),
        ("0a1b", "Pull complete", 0, 0),
        f"Pulled {IMAGE}",
    ]


def pull(
    client: FakeClient, image: str = IMAGE, *, platform: str | None = None, cancelled: bool = False
) -> Watcher:
    watcher = Watcher()
    engine = fake_engine(sdk=client, is_podman=False)
    pull_image(
        *(engine, image),
        profile=None,
        progress=watcher,
        cancelled=lambda: cancelled,
        platform=platform,
    )
    return watcher


@pytest.mark.parametrize(
    ("image", "platform", "params"),
    [
        pytest.param("a/b", None, {"fromImage": "a/b", "tag": "latest"}, id="no tag"),
        pytest.param("a/b:1", None, {"fromImage": "a/b", "tag": "1"}, id="tag"),
        pytest.param("a/b@sha256:0a", None, {"fromImage": "a/b", "tag": "sha256:0a"}, id="digest"),
        pytest.param(
            "a/b:1",
            "linux/arm64",
            {"fromImage": "a/b", "tag": "1", "platform": "linux/arm64"},
            id="platform",
        ),
    ],
)
def test_call_of_the_engine(image: str, platform: str | None, params: dict[str, str]) -> None:
    """It pulls one image, the engine's own platform unless another one is named."""
    client = FakeClient()
    pull(client, image, platform=platform)
    assert client.asked == {
        "url": "http://engine/v1.41/images/create",
        "params": params,
        "headers": {},
        "stream": True,
        "timeout": 120.0,
    }


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7.5", 7.5), ("0", 120.0), ("-1", 120.0), ("inf", 120.0), ("nan", 120.0), ("soon", 120.0)],
)
def test_seconds_that_a_registry_may_say_nothing(
    value: str, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable sets them; what is no time is ignored."""
    monkeypatch.setenv("SAMLOCAL_PULL_TIMEOUT", value)
    client = FakeClient()
    pull(client)
    assert client.asked["timeout"] == seconds


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(requests.ReadTimeout("slow"), id="before the answer"),
        pytest.param(requests.ConnectionError("Read timed out."), id="while it is read"),
    ],
)
def test_registry_that_says_nothing(failure: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says for how long, and what allows more."""
    monkeypatch.setenv("SAMLOCAL_PULL_TIMEOUT", "7")
    with pytest.raises(ImagePullError, match="7 seconds") as caught:
        pull(FakeClient(failure=failure))
    assert "SAMLOCAL_PULL_TIMEOUT" in (caught.value.hint or "")


def test_engine_that_disconnects_during_a_pull() -> None:
    """That is no silence of a registry."""
    with pytest.raises(EngineError, match="stopped answering"):
        pull(FakeClient(failure=requests.ConnectionError("Connection refused")))


def test_error_in_the_middle() -> None:
    """A pull that fails after its first steps has the engine's reason."""
    client = FakeClient(DOWNLOADED, {"error": "toomanyrequests: slow down"})
    with pytest.raises(ImagePullError, match="toomanyrequests"):
        pull(client)


def test_pull_that_nobody_wants_any_more() -> None:
    """It is left at the next step."""
    assert pull(FakeClient(DOWNLOADED), cancelled=True).seen == [f"Pulling {IMAGE}"]


@pytest.mark.parametrize(
    ("platform", "hint"), [(None, "`make images`"), ("linux/arm64", "`--architecture`")]
)
def test_image_that_no_registry_has(platform: str | None, hint: str) -> None:
    """Nobody is asked; what helps depends on the architecture."""
    client = FakeClient()
    with pytest.raises(ImageNotFoundError, match="no image `localhost/a:1`") as caught:
        pull(client, "localhost/a:1", platform=platform)
    assert hint in (caught.value.hint or "")
    assert client.asked == {}
