"""The sockets on which an endpoint listens: opened before anything else, so that clients can wait there."""

from __future__ import annotations

import errno
import socket
from typing import Final

from samlocal.errors import PortInUseError, SamlocalError, UsageError

# Connections that wait until the endpoint serves them.
_BACKLOG: Final = 2048
_MOST_ADDRESSES: Final = 8


def open_listeners(host: str, port: int) -> list[socket.socket]:
    """Return a listening socket for each address of a host, all on one port; 0 takes a free port.

    Raises:
        UsageError: The host is not an address of this machine.
        PortInUseError: Another program listens on the port.
        SamlocalError: The port needs permissions.
    """
    listeners: list[socket.socket] = []
    try:
        for family, address in _addresses(host):
            number = port_of(listeners[0]) if listeners else port
            try:
                listeners.append(_listen(family, address, number))
            except OSError as error:
                if listeners and error.errno != errno.EADDRINUSE:
                    continue  # such as IPv6 that is turned off
                raise _translated(error, host, number) from error
    except BaseException:
        for each in listeners:
            each.close()
        raise
    return listeners


def port_of(listener: socket.socket) -> int:
    """Return the port that a socket listens on."""
    port: int = listener.getsockname()[1]
    return port


def url_of(host: str, port: int) -> str:
    """Return the URL at which clients on this machine reach a host and port."""
    if host in {"0.0.0.0", ""}:  # noqa: S104  # compared, not bound
        host = "127.0.0.1"
    elif host == "::":  # without IPv4, see `_listen`
        host = "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _addresses(host: str) -> list[tuple[int, str]]:
    try:
        found = socket.getaddrinfo(
            host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f"`--host {host}` is not known: {getattr(error, 'strerror', None) or error}",
            hint="use an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all",
        ) from error
    unique = dict.fromkeys((int(family), str(address[0])) for family, _, _, _, address in found)
    return [*unique][:_MOST_ADDRESSES]


def _listen(family: int, address: str, port: int) -> socket.socket:
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address, port))
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def _translated(error: OSError, host: str, port: int) -> SamlocalError:
    if error.errno == errno.EADDRINUSE:
        return PortInUseError(
            f"port `{port}` of `{host}` is in use",
            hint=f"`--port` takes another port, 0 any free one; `ss -ltnp sport = :{port}` shows"
            " the listening program",
        )
    if error.errno == errno.EACCES:
        return SamlocalError(
            f"port `{port}` of `{host}` needs permissions: {error.strerror}",
            hint="`--port` takes another port, such as 3001",
        )
    return UsageError(
        f"`--host {host}` cannot be listened on: {error.strerror}",
        hint="use an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all",
    )
