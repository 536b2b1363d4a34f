"""The sockets on which an endpoint listens."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from samlocal.cli.listeners import open_listeners, port_of, url_of
from samlocal.errors import PortInUseError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator


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


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:3001"),
        ("0.0.0.0", "http://127.0.0.1:3001"),  # noqa: S104  # not bound
        ("::1", "http://[::1]:3001"),
        ("::", "http://[::1]:3001"),
        ("localhost", "http://localhost:3001"),
    ],
)
def test_url_for_clients(host: str, url: str) -> None:
    """The URL is one that clients on this machine can use."""
    assert url_of(host, 3001) == url
