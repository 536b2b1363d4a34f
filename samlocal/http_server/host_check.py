"""Which hosts a request may name, so that no page of a browser gets through to functions.

A page can make its own host name resolve to this machine (DNS rebinding), and then read what it gets. Its
requests still name that host: https://owasp.org/www-community/attacks/DNS_Rebinding
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Collection

_MOST_REMEMBERED: Final = 256


@frozen
class RefusedHost:
    """A header that names a foreign host: `Host` or `Origin`, and its value."""

    header: str
    value: str

    @property
    def message(self) -> str:
        host = _host_of(self.value.rpartition("://")[2])
        return (
            f"the header `{self.header}: {self.value}` is not from this machine"
            f" (`--allow-host {host or 'HOST'}` allows a host)"
        )


class HostCheck:
    """Accepts the names of this machine, its loopback addresses, and the allowed hosts, on any port.

    An address of all interfaces among them, `0.0.0.0` or `::`, allows every address, but no further name.
    """

    def __init__(self, allowed_hosts: Collection[str]) -> None:
        self._allowed = {_normalized(host) for host in allowed_hosts}
        self._allows_addresses = any(_is_unspecified(host) for host in self._allowed)
        self._accepted: set[str] = set()

    def find_refused(self, host: str | None, origin: str | None = None) -> RefusedHost | None:
        """Return the header that is not allowed; None if both are.

        Both are values of headers, None where a request has none. A request through a unix socket needs no check: no
        page can make one.
        """
        host = host or ""
        if host not in self._accepted:
            if not self._accepts(_host_of(host)):
                return RefusedHost(header="Host", value=host)
            if len(self._accepted) < _MOST_REMEMBERED:
                self._accepted.add(host)
        if origin is not None and not self._accepts(_host_of(origin.partition("://")[2])):
            return RefusedHost(header="Origin", value=origin)
        return None

    def _accepts(self, host: str | None) -> bool:
        if host is None:
            return False
        host = _normalized(host)
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
