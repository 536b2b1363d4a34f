"""Which hosts a request may name, so that no page of a browser gets through to functions.

A page can make its own host name resolve to this machine (DNS rebinding), and then read what it gets. Its
requests still name that host: https://owasp.org/www-community/attacks/DNS_Rebinding
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from samlocal.lambda_api import error_types
from samlocal.lambda_api.api_error import LambdaApiError

if TYPE_CHECKING:
    from collections.abc import Collection

    from samlocal.lambda_api.request import Request

_MOST_REMEMBERED: Final = 256


class HostCheck:
    """Accepts the names of this machine, its loopback addresses, and the allowed hosts, on any port.

    An address of all interfaces among them, `0.0.0.0` or `::`, allows every address, but no further name.
    """

    def __init__(self, allowed_hosts: Collection[str]) -> None:
        self._allowed = {_normalized(host) for host in allowed_hosts}
        self._allows_addresses = any(_is_unspecified(host) for host in self._allowed)
        self._accepted: set[str] = set()

    def __call__(self, request: Request) -> None:
        """Check the host, and the origin if a browser names one.

        A request through a unix socket may name any: no page can make one.

        Raises:
            LambdaApiError: The host or the origin is not allowed.
        """
        if not request.has_address:
            return
        host = request.header(b"host") or ""
        if host not in self._accepted:
            self._check("Host", host, _host_of(host))
            if len(self._accepted) < _MOST_REMEMBERED:
                self._accepted.add(host)
        if (origin := request.header(b"origin")) is not None:
            self._check("Origin", origin, _host_of(origin.partition("://")[2]))

    def _check(self, header: str, value: str, host: str | None) -> None:
        if host is None or not self._is_allowed(_normalized(host)):
            raise LambdaApiError(
                error_types.FORBIDDEN_HOST,
                f"the header `{header}: {value}` is not from this machine"
                f" (`--allow-host {host or 'HOST'}` allows a host)",
            )

    def _is_allowed(self, host: str) -> bool:
        if host in self._allowed or host == "localhost" or host.endswith(".localhost"):
            return True
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return address.is_loopback or self._allows_addresses


def _host_of(text: str) -> str | None:
    """Return the host in `HOST:PORT`; None if it has none."""
    try:
        return urlsplit(f"//{text}").hostname
    except ValueError:
        return None


def _normalized(host: str) -> str:
    return host.lower().strip("[]").removesuffix(".")


def _is_unspecified(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False
