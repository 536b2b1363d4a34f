"""The listener of a Runtime API on this machine, for the connections of a container; and those the other way.

Containers of a local engine connect directly: to the gateway address of their network, or from an engine in
a virtual machine to `host.docker.internal`. In all other cases they need a relay: the engine is on another
machine or in a separate network (as rootless engines are), or a firewall blocks the connection. The detection
costs the ordinary case nothing: a firewall is detected when a runtime never calls, and remembered.
"""

from __future__ import annotations

import logging
import socket
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from samlocal.data import cache_folder, exists
from samlocal.frozen_dataclass import frozen
from samlocal.sandbox.ports import LOOPBACK, port_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from samlocal.engine.engine import Engine
    from samlocal.errors import SandboxError
    from samlocal.sandbox.container_spec import ApiConnection, ContainerNetwork, ContainerSpec
    from samlocal.sandbox.docker.container.container_factory import ContainerFactory
    from samlocal.sandbox.docker.container.function_container import FunctionContainer
    from samlocal.sandbox.docker.network.relay.launch import RelayLauncher
    from samlocal.sandbox.docker.network.sandbox_connector import SandboxConnector

_log = logging.getLogger(__name__)

_VIRTUAL_MACHINES_HOST: Final = "host.docker.internal"
# Binds an address that the interface gets later: https://man7.org/linux/man-pages/man7/ip.7.html
_IP_FREEBIND: Final = 15
_CREDENTIALS: Final = struct.Struct("3i")


@frozen
class Listening:
    """An open listening socket, and its `host:port` for containers.

    `relay_reason` is the reason for a relay; `address` is empty then.
    """

    listener: socket.socket
    address: str
    relay_reason: str | None = None


class ApiListener:
    """The listener of one sandbox's Runtime API, and the relay that its container may need.

    `lost` is called if the relay ends before it is closed.
    """

    def __init__(self, engine: Engine, *, lost: Callable[[SandboxError], None]) -> None:
        self.address = ""
        """The `host:port` of the API for the container; empty until it is connected."""
        self._engine = engine
        self._lost = lost
        self._listening: Listening | None = None
        self._relay: RelayLauncher | None = None
        self._connector: SandboxConnector | None = None
        self._addresses: frozenset[str] = frozenset()

    @property
    def has_relay(self) -> bool:
        return self._relay is not None

    @property
    def relay_id(self) -> str | None:
        """The container whose network the sandbox's container must use."""
        return self._relay.container_id if self._relay else None

    def listen(self, spec: ContainerSpec) -> socket.socket:
        """Open the listening socket; `close` closes it."""
        if _serves_credentials_at_loopback(self._engine, spec):
            self._listening = _relayed("SDKs accept credentials from a loopback address only")
        else:
            chosen = spec.api_connection
            self._listening = listen(self._engine, network=spec.network, chosen=chosen)
        return self._listening.listener

    def connect(self, spec: ContainerSpec, factory: ContainerFactory) -> bool:
        """Set the address, and start a relay if needed; return whether the factory was open.

        Raises:
            SandboxError: No relay can run.
        """
        listening = self._listening
        if listening is None:
            return False
        if listening.relay_reason:
            self.address = self._start_relay(spec, factory, listening)
        else:
            self.address = listening.address
        _log.debug("the Runtime API is at %s", self.address)
        return bool(self.address)

    def _start_relay(
        self, spec: ContainerSpec, factory: ContainerFactory, listening: Listening
    ) -> str:
        from samlocal.sandbox.docker.network.relay.launch import RelayLauncher  # noqa: PLC0415  # the cold path does not need it

        _log.debug("using a relay: %s", listening.relay_reason)
        target = listening.listener.getsockname()
        self._relay = RelayLauncher(self._engine, spec, target=target, lost=self._lost)
        with port_errors(spec.sandbox.debug_ports):
            port = self._relay.launch(factory)
        return f"{LOOPBACK}:{port}" if port else ""

    def allow(self, addresses: Iterable[str]) -> None:
        """Accept connections from these addresses of the container."""
        self._addresses = frozenset(addresses)

    def accepts_peer(self, host: str, port: int) -> bool:
        """Return whether a connection from that address comes from the container."""
        if self._relay:
            return self._relay.accepts_peer(host, port)
        return host in self._addresses or host == LOOPBACK

    def connect_to(self, port: int, container: FunctionContainer) -> socket.socket:
        """Connect to a program that listens on a port in the started container.

        Raises:
            OSError: No program listens there.
        """
        if self._relay:
            return self._relay.connect(port)
        if self._connector is None:
            from samlocal.sandbox.docker.network.sandbox_connector import SandboxConnector  # noqa: PLC0415  # few need it

            self._connector = SandboxConnector(
                self._engine,
                container.id,
                # A container in this machine's network has no address of its own.
                addresses=sorted(self._addresses) or [LOOPBACK],
                is_reachable=not self.address.startswith(_VIRTUAL_MACHINES_HOST),
            )
        return self._connector.connect(port, pid=container.pid)

    def close(self) -> None:
        """Remove the relay, whose network must be unused, and close the listener."""
        if self._relay:
            self._relay.close()
        if self._listening:
            self._listening.listener.close()


def listen(engine: Engine, *, network: ContainerNetwork, chosen: ApiConnection) -> Listening:
    """Open a listening socket that containers can reach, and if possible no other program.

    `chosen` is the value of `--api-connection`.
    """
    reason = _needs_relay(engine, chosen)
    if reason:
        return _relayed(reason)
    for gateway in (LOOPBACK,) if network.is_host else engine.gateways():
        with suppress(OSError):
            return _direct(_bind(gateway, early=engine.is_podman), gateway)
    if chosen == "auto" and sys.platform == "linux" and not engine.is_desktop():
        return _relayed("the engine's network is not on this machine")
    return _direct(_bind(LOOPBACK), _VIRTUAL_MACHINES_HOST)


def remember_relay(engine: Engine) -> bool:
    """Make the next sandbox on this engine use a relay at once; return whether that is a change."""
    if exists(_mark(engine)):
        return False
    with suppress(OSError):  # the next command then detects it again
        _mark(engine).parent.mkdir(parents=True, exist_ok=True)
        _mark(engine).touch()
    return True


def forget_relay(engine: Engine) -> bool:
    """Make the next command try a direct connection; return whether that is a change."""
    try:
        _mark(engine).unlink()
    except OSError:
        return False
    return True


def _serves_credentials_at_loopback(engine: Engine, spec: ContainerSpec) -> bool:
    """Return whether a relay is to serve credentials, because it listens at a loopback address.

    It is not worth the pull of an image: the credentials can also be variables.
    """
    if spec.sandbox.credentials is None or spec.api_connection != "auto" or spec.network.is_host:
        return False
    from samlocal.sandbox.docker.network.relay.launch import has_relay_image  # noqa: PLC0415  # only SnapStart needs it

    return has_relay_image(engine, spec)


def _needs_relay(engine: Engine, chosen: ApiConnection) -> str | None:
    if chosen == "relay":
        return "`--api-connection relay` is set"
    if chosen == "direct":
        return None
    if engine.socket_path is None:
        return "the engine is on another machine"
    if sys.platform == "linux":
        if reason := _separate_network_reason(engine, engine.socket_path):
            return reason
    if exists(_mark(engine)):
        return "its containers could not reach this machine"
    return None


def _separate_network_reason(engine: Engine, path: str) -> str | None:
    """Return why an engine behind a local socket is not on this machine's network; None if it is."""
    with engine.translated_errors():
        process, user = _socket_owner(path)
    if user:  # not root: a rootless engine, or the proxy of a virtual machine
        if engine.is_rootless():
            return "the engine is rootless"
        return None if engine.is_desktop() else "the engine is in a virtual machine"
    with suppress(OSError):  # only root may read it, or the process is hidden
        theirs = Path(f"/proc/{process}/ns/net").readlink()
        if theirs != Path("/proc/self/ns/net").readlink():
            return "the engine is in a separate network"
    return None


def _socket_owner(path: str) -> tuple[int, int]:
    """Return the process and the user that opened a socket; 0 for a process in another namespace."""
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(path)
        answer = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    process, user, _ = _CREDENTIALS.unpack(answer)
    return process, user


def _relayed(reason: str) -> Listening:
    return Listening(listener=_bind(LOOPBACK), address="", relay_reason=reason)


def _direct(listener: socket.socket, host: str) -> Listening:
    return Listening(listener=listener, address=f"{host}:{listener.getsockname()[1]}")


def _bind(address: str, *, early: bool = False) -> socket.socket:
    """Listen on a free port; `early` if the address may appear only with the first container."""
    if not (early and sys.platform == "linux"):
        return socket.create_server((address, 0), backlog=64)
    listener = socket.socket()
    try:
        listener.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
        listener.bind((address, 0))
        listener.listen(64)
    except OSError:
        listener.close()
        raise
    return listener


def _mark(engine: Engine) -> Path:
    return cache_folder() / "relayed-engines" / quote(engine.address, safe="")
