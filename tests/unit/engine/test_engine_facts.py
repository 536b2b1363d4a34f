"""What an engine tells about itself and its machine, and what follows from that."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import docker.errors
import pytest

from samlocal.engine import engine as engine_module
from samlocal.engine.engine import Engine
from samlocal.engine.engine_api import ApiError, ImageMissingError
from samlocal.errors import EngineError, NetworkNotFoundError
from tests.unit.engine.fakes import fake_engine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from samlocal.engine.engine_api import Json


@dataclass
class FakeApi:
    """The API of an engine that says this about itself; `networks` are by name."""

    about_: Json = field(default_factory=dict)
    info_: Json = field(default_factory=dict)
    images_: list[Json] = field(default_factory=list)
    networks_: dict[str, Json] = field(default_factory=dict)
    socket_path: str | None = "/engine.sock"
    is_podman: bool = False
    is_open: bool = True
    status: int = 404
    version: str = "1.41"

    @property
    def address(self) -> SimpleNamespace:
        return SimpleNamespace(url="unix:///engine.sock", socket_path=self.socket_path)

    def about(self) -> Json:
        return self.about_

    def info(self) -> Json:
        return self.info_

    def images(self) -> list[Json]:
        return self.images_

    def network(self, name: str) -> Json:
        if name not in self.networks_:
            raise ApiError(self.status, f"network {name} not found")
        return self.networks_[name]

    def networks(self) -> list[Json]:
        return [{"Name": name} for name in self.networks_]

    def close(self) -> None:
        self.is_open = False


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Engine]:
    """What connects to an engine that says this."""

    def connect(**says: Any) -> Engine:  # noqa: ANN401  # whatever FakeApi takes
        monkeypatch.setattr(engine_module, "EngineApi", lambda _address: FakeApi(**says))
        return Engine("unix:///engine.sock")

    return connect


def in_bridge(*configs: Json) -> dict[str, Json]:
    return {"bridge": {"IPAM": {"Config": list(configs) or None}}}


@pytest.mark.parametrize(
    ("about", "info", "is_podman", "name"),
    [
        pytest.param(
            {"Platform": {"Name": "Docker Engine - Community"}},
            {},
            False,
            "Docker Engine - Community 24.0.7 (API 1.43)",
            id="docker",
        ),
        pytest.param(
            {"Platform": None}, {}, False, "Docker Engine 24.0.7 (API 1.43)", id="nameless"
        ),
        pytest.param(
            {"Platform": {"Name": "linux/amd64"}},
            {"Rootless": True},
            True,
            "Podman Engine 24.0.7 (API 1.43, rootless)",
            id="podman",
        ),
    ],
)
def test_name_and_version(
    engine: Callable[..., Engine], about: Json, info: Json, name: str, *, is_podman: bool
) -> None:
    """Docker's editions have names of their own; Podman's platform is none."""
    about = {"Version": "24.0.7", "ApiVersion": "1.43", "Arch": "amd64", **about}
    asked = engine(about_=about, info_=info, is_podman=is_podman)
    assert asked.name_and_version() == name
    assert (asked.version(), asked.architecture()) == ((24, 0), "amd64")
    assert asked.auto_removes is not is_podman
    assert asked.address == "unix:///engine.sock"


@pytest.mark.parametrize(
    ("info", "is_rootless"),
    [
        pytest.param({}, False, id="nothing"),
        pytest.param({"Rootless": True}, True, id="podman"),
        pytest.param({"SecurityOptions": ["name=seccomp", "name=rootless"]}, True, id="docker"),
        pytest.param({"Rootless": False, "SecurityOptions": None}, False, id="root"),
    ],
)
def test_rootless(engine: Callable[..., Engine], info: Json, *, is_rootless: bool) -> None:
    """Docker and Podman say it in different places."""
    assert engine(info_=info).is_rootless() is is_rootless


def test_machine(engine: Callable[..., Engine]) -> None:
    """Docker Desktop is known by its name; the folder of images is told."""
    desktop = engine(
        info_={"OperatingSystem": "Docker Desktop", "DockerRootDir": "/var/lib/docker"}
    )
    assert (desktop.is_desktop(), desktop.data_folder()) == (True, "/var/lib/docker")
    other = engine(info_={"OperatingSystem": "Debian GNU/Linux 12"})
    assert (other.is_desktop(), other.data_folder()) == (False, "")


@pytest.mark.parametrize(
    ("socket_path", "is_container", "name", "shares"),
    [
        pytest.param(None, False, socket.gethostname(), False, id="elsewhere"),
        pytest.param("/engine.sock", False, "other", True, id="this machine"),
        pytest.param("/engine.sock", True, socket.gethostname(), True, id="in this container"),
        pytest.param("/engine.sock", True, "other", False, id="outside of this container"),
    ],
)
def test_shared_files(
    engine: Callable[..., Engine],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    socket_path: str | None,
    is_container: bool,  # noqa: FBT001  # a parameter
    name: str,
    shares: bool,  # noqa: FBT001  # a parameter
) -> None:
    """An engine whose socket is here sees the same files, unless we are in a container of its own."""
    mark = tmp_path / "mark"
    if is_container:
        mark.touch()
    monkeypatch.setattr(engine_module, "_MARKS_OF_CONTAINERS", (str(tmp_path / "no"), str(mark)))
    assert engine(socket_path=socket_path, info_={"Name": name}).shares_files is shares


def test_marks_of_containers() -> None:
    """They are those of Docker and of Podman."""
    assert engine_module._MARKS_OF_CONTAINERS == ("/.dockerenv", "/run/.containerenv")


def test_digests_of_images(engine: Callable[..., Engine]) -> None:
    """An image has the digest of the registry that its name leads to, if it came from there."""
    images: list[Json] = [
        {
            "RepoTags": ["public.ecr.aws/lambda/python:3.11", "mine:1"],
            "RepoDigests": ["mirror/python@sha256:0b", "public.ecr.aws/lambda/python@sha256:0a"],
        },
        {"RepoTags": None, "RepoDigests": None},
        {"RepoTags": ["built:1"]},
    ]
    assert engine(images_=images).image_digests() == {
        "public.ecr.aws/lambda/python:3.11": "sha256:0a",
        "mine:1": None,
        "built:1": None,
    }


@pytest.mark.parametrize(
    ("networks", "address"),
    [
        pytest.param(
            in_bridge({"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.9"}), "172.17.0.9", id="told"
        ),
        pytest.param(in_bridge({"Subnet": "172.17.0.0/16"}), "172.17.0.1", id="new network"),
        pytest.param(in_bridge({}, {"Gateway": "fd00::1"}), "fd00::1", id="the second one"),
        pytest.param(in_bridge({}), None, id="neither"),
        pytest.param(in_bridge(), None, id="nothing"),
    ],
)
def test_gateway(
    engine: Callable[..., Engine], networks: dict[str, Json], address: str | None
) -> None:
    """It is the default network's, or the first address of its subnet."""
    assert engine(networks_=networks).gateway() == address


def test_gateway_of_an_engine_that_comes_back(engine: Callable[..., Engine]) -> None:
    """The engine is asked again only if it was asked earlier; what it says then is remembered."""
    networks = in_bridge({"Gateway": "172.17.0.1"})
    asked = engine(networks_=networks)
    assert list(asked.gateways()) == ["172.17.0.1"]
    networks |= in_bridge({"Gateway": "172.18.0.1"})
    assert list(asked.gateways()) == ["172.17.0.1", "172.18.0.1"]
    assert asked.gateway() == "172.18.0.1"


def test_network(engine: Callable[..., Engine]) -> None:
    """It is found by its name; the error of another name lists those that there are."""
    asked = engine(networks_={"shop": {"Id": "0a1b"}, "host": {"Id": "0c"}})
    assert asked.network_id("shop") == "0a1b"
    with pytest.raises(NetworkNotFoundError, match="`shp`") as caught:
        asked.network_id("shp")
    assert "`shop`, `host`" in (caught.value.hint or "")
    assert "`docker network create shp`" in (caught.value.hint or "")


def test_network_that_the_engine_does_not_tell(engine: Callable[..., Engine]) -> None:
    """Another refusal is not about the name."""
    with pytest.raises(EngineError, match="refused: network shop not found"):
        engine(status=500).network_id("shop")


def test_connections_are_closed(engine: Callable[..., Engine]) -> None:
    """Those of docker-py only where it was used: its import takes its time."""
    unused, used, closed = engine(), engine(), []
    used.__dict__["sdk"] = SimpleNamespace(close=lambda: closed.append("sdk"))
    for each in (unused, used):
        with each as entered:
            assert entered is each
        assert not vars(each.api)["is_open"]
    assert closed == ["sdk"]


def test_client_of_docker_py(
    engine: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the same address, and does not ask for the version again."""
    made: list[tuple[object, str]] = []
    monkeypatch.setattr(
        "samlocal.engine.client.EngineClient",
        lambda address, *, version: made.append((address, version)),
    )
    connected = engine(version="1.39")
    for _ in range(2):
        _ = connected.sdk
    assert made == [(connected.api.address, "1.39")]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        pytest.param(ApiError(500, "no space"), "engine refused: no space", id="call"),
        pytest.param(
            docker.errors.APIError("500", explanation="no space"),
            "engine refused: no space",
            id="sdk",
        ),
        pytest.param(docker.errors.APIError("no words"), "engine refused: no words", id="wordless"),
        pytest.param(
            docker.errors.DockerException("gone"), "stopped answering", id="sdk connection"
        ),
        pytest.param(ConnectionResetError(), "stopped answering", id="connection"),
    ],
)
def test_errors_of_the_clients(error: Exception, message: str) -> None:
    """Refusals and lost connections of the clients become errors of samlocal with the cause."""
    with pytest.raises(EngineError, match=message) as caught, fake_engine().translated_errors():
        raise error
    assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    "error", [ImageMissingError(404, "no such image"), ZeroDivisionError("a defect")]
)
def test_other_errors_stay(error: Exception) -> None:
    """The caller knows which image is missing; a defect is not the engine's."""
    with pytest.raises(type(error)) as caught, fake_engine().translated_errors():
        raise error
    assert caught.value is error
