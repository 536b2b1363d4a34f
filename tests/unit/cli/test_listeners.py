"""The sockets on which an endpoint listens."""

from __future__ import annotations

import socket
import stat
from typing import TYPE_CHECKING

import pytest

from samlocal.cli.listeners import open_listeners, port_of, unix_listener, url_of
from samlocal.errors import CacheError, PortInUseError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of 127.0.0.1 on which a program listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield port_of(listener)


def test_free_port_is_taken() -> None:
    """Port 0 is a free port; clients can connect before anything serves them."""
    (listener,) = open_listeners("127.0.0.1", 0)
    with listener:
        assert port_of(listener) > 0
        with socket.create_connection(("127.0.0.1", port_of(listener))):
            pass


def test_all_addresses_of_a_host_have_one_port() -> None:
    """A name with several addresses is listened on at each, on the same port."""
    listeners = open_listeners("localhost", 0)
    assert len({port_of(each) for each in listeners}) == 1
    assert "127.0.0.1" in {each.getsockname()[0] for each in listeners}
    for each in listeners:
        each.close()


def test_port_in_use(taken: int) -> None:
    """A port of another program is an error with the port and a way out."""
    with pytest.raises(PortInUseError) as caught:
        open_listeners("127.0.0.1", taken)
    assert caught.value.message == f"port `{taken}` of `127.0.0.1` is in use"
    assert "`--port` takes another port" in str(caught.value.hint)
    assert caught.value.exit_code == 1


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1", "x" * 300, "a..b"])
def test_host_of_another_machine(host: str) -> None:
    """A host that is not this machine is a wrong option."""
    with pytest.raises(UsageError) as caught:
        open_listeners(host, 0)
    assert f"`--host {host}`" in caught.value.message


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The runtime folder of the process."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "samlocal"


def test_unix_listener_is_private(folder: Path) -> None:
    """Only the user can connect, and nothing is left behind."""
    with unix_listener() as (_, path), socket.socket(socket.AF_UNIX) as client:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        client.connect(str(path))
    assert [*folder.iterdir()] == []


def test_sockets_of_killed_processes_are_removed(folder: Path) -> None:
    """A socket that nobody listens on is removed; one that is in use stays."""
    with unix_listener() as (_, running):
        with socket.socket(socket.AF_UNIX) as killed:
            killed.bind(str(folder / "lambda-1-killed"))
        with unix_listener() as (_, path):
            assert {*folder.iterdir()} == {running, path}


@pytest.mark.usefixtures("folder")
def test_path_too_long_for_a_unix_listener(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that the system does not take is an error with a hint."""
    long = tmp_path / ("x" * 200)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    with pytest.raises(CacheError) as caught, unix_listener():
        pass
    assert "no socket can be created" in caught.value.message
    assert "XDG_RUNTIME_DIR" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:3001"),
        ("0.0.0.0", "http://127.0.0.1:3001"),  # noqa: S104  # not bound
        ("::1", "http://[::1]:3001"),
        ("localhost", "http://localhost:3001"),
    ],
)
def test_url_for_clients(host: str, url: str) -> None:
    """The URL is one that clients on this machine can use."""
    assert url_of(host, 3001) == url
