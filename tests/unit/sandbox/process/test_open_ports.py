"""Whether clients of localhost reach a program of this machine on a port."""

from __future__ import annotations

import socket
import sys

import pytest

from samlocal.sandbox.process.open_ports import listens_on
from samlocal.sandbox.socket_tables import accepts_loopback
from tests.free_ports import free_port


@pytest.mark.parametrize(
    ("host", "reached"),
    [
        pytest.param("127.0.0.1", True, id="loopback"),
        pytest.param("", True, id="all addresses"),
        pytest.param("127.0.0.2", False, id="another address"),
    ],
)
def test_listener(host: str, *, reached: bool) -> None:
    """A listener on the port counts if its address is reached by way of localhost."""
    port = free_port()
    with socket.create_server((host, port)):
        assert listens_on(port) is reached
    assert listens_on(port) is False


@pytest.mark.parametrize(
    ("words", "reached"),
    [
        pytest.param([0, 0, 0, 1], True, id="::1"),
        pytest.param([0, 0, 0, 0], True, id="::"),
        pytest.param([0, 0, 0xFFFF, 0x7F000001], True, id="::ffff:127.0.0.1"),
        pytest.param([0, 0, 0xFFFF, 0x7F000002], False, id="::ffff:127.0.0.2"),
        pytest.param([0xFE800000, 0, 0, 1], False, id="fe80::1"),
    ],
)
def test_listener_of_ipv6(words: list[int], *, reached: bool) -> None:
    """The kernel writes the words of an address in the order of this machine's bytes."""
    big = (int.to_bytes(word, 4, "big") for word in words)
    address = "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in big)
    assert accepts_loopback(f"   0: {address}:16E2 {'0' * 32}:0000 0A 0\n", 5858) is reached
