"""Which hosts a request may name."""

from __future__ import annotations

import pytest

from samlocal.http_server.host_check import HostCheck


@pytest.mark.parametrize(
    ("allowed", "host", "origin"),
    [
        ([], "localhost", None),
        ([], "LOCALHOST.:3000", "http://localhost:5173"),
        ([], "api.localhost:3000", "https://app.localhost"),
        ([], "127.0.0.1:3000", None),
        ([], "127.8.9.1", None),
        ([], "[::1]:3000", "http://[::1]:3000"),
        (["My-Machine."], "my-machine:3000", "https://MY-machine"),
        (["0.0.0.0"], "192.168.0.7:3000", "http://10.0.0.1"),  # noqa: S104
        (["::"], "192.168.0.7:3000", None),
    ],
)
def test_accepted(allowed: list[str], host: str, origin: str | None) -> None:
    """Names of this machine and allowed hosts pass, on any port, also the second time."""
    check = HostCheck(allowed)
    assert check.find_refused(host, origin) is None
    assert check.find_refused(host, origin) is None


@pytest.mark.parametrize(
    ("allowed", "host", "origin", "message"),
    [
        ([], None, None, "`Host: ` is not from this machine (`--allow-host HOST`"),
        ([], "evil.example:80", None, "`Host: evil.example:80` is not from this machine (`--allow-host evil.example`"),
        ([], "localhost.evil.example", None, "`--allow-host localhost.evil.example`"),
        ([], "192.168.0.7", None, "`--allow-host 192.168.0.7`"),
        ([], "[::2", None, "`--allow-host HOST`"),
        (["0.0.0.0"], "evil.example", None, "`--allow-host evil.example`"),  # noqa: S104
        ([], "localhost", "null", "`Origin: null` is not from this machine"),
        ([], "localhost", "https://evil.example:8", "`Origin: https://evil.example:8` is not from this machine (`--allow-host evil.example`"),
    ],
)  # fmt: skip
def test_refused(allowed: list[str], host: str | None, origin: str | None, message: str) -> None:
    """What is refused is named with its header and the option that allows it."""
    refused = HostCheck(allowed).find_refused(host, origin)
    assert refused is not None
    assert message in refused.message
