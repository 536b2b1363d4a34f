"""Listening for a container that connects to its Runtime API on this machine.

Directly, where the engine runs here: its containers reach this machine at the gateway address of their
network, or, from an engine in a virtual machine, as `host.docker.internal`. Through a relay in every
other case: an engine on another machine or in a network of its own (which rootless engines have), or a
firewall in between. Finding out costs the ordinary case nothing: a firewall is noticed by the runtime
that never calls, and remembered.
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
    from samlocal.sandbox.container_spec import ApiConnection, ContainerSpec
    from samlocal.sandbox.docker.container.container_factory import ContainerFactory
    from samlocal.sandbox.docker.network.relay.launch import RelayLauncher

_log = logging.getLogger(__name__)

_VIRTUAL_MACHINES_HOST: Final = "host.docker.internal"
# Binding an address that the interface gets later: https://man7.org/linux/man-pages/man7/ip.7.html
_IP_FREEBIND: Final = 15
_CREDENTIALS: Final = struct.Struct("3i")


@frozen
class Listening:
    """An open listening socket, and the `host:port` at which containers find it.

    `relayed` says why a relay is needed: its containers find nothing then.
    """

    listener: socket.socket
    address: str
    relayed: str | None = None


class ApiListener:
    """The listener of one sandbox's Runtime API, and the relay that its container may need.

    `lost` is called where the relay ends before it is closed.
    """

    def __init__(self, engine: Engine, *, lost: Callable[[SandboxError], None]) -> None:
        self.address = ""
        """Where the container finds the API, as `host:port`; empty until it is connected."""
        self._engine = engine
        self._lost = lost
        self._listening: Listening | None = None
        self._relay: RelayLauncher | None = None
        self._peers: frozenset[str] = frozenset()

    @property
    def has_relay(self) -> bool:
        return self._relay is not None

    @property
    def relay_id(self) -> str | None:
        """The container in whose network the sandbox's container has to be."""
        return self._relay.container_id if self._relay else None

    def listen(self, spec: ContainerSpec) -> socket.socket:
        """Open the listening socket, which `close` closes."""
        chosen = spec.api_connection
        self._listening = listen(self._engine, network=spec.network.name, chosen=chosen)
        return self._listening.listener

    def connect(self, spec: ContainerSpec, factory: ContainerFactory) -> bool:
        """Set the address, starting a relay if it takes one; tell whether the factory was open for that.

        Raises:
            SandboxError: There can be no relay.
        """
        listening = self._listening
        if listening is None:
            return False
        if listening.relayed:
            self.address = self._start_relay(spec, factory, listening)
        else:
            self.address = listening.address
        _log.debug("the Runtime API is at %s", self.address)
        return bool(self.address)

    def _start_relay(
        self, spec: ContainerSpec, factory: ContainerFactory, listening: Listening
    ) -> str:
        from samlocal.sandbox.docker.network.relay.launch import RelayLauncher  # noqa: PLC0415  # the cold path goes without

        _log.debug("it takes a relay: %s", listening.relayed)
        target = listening.listener.getsockname()
        self._relay = RelayLauncher(self._engine, spec, target=target, lost=self._lost)
        joined = spec.network.joined
        with port_errors(spec.sandbox.debug_ports):
            network_id = self._engine.network_id(joined) if joined else None
            port = self._relay.launch(factory, network_id=network_id)
        return f"{LOOPBACK}:{port}" if port else ""

    def allow(self, addresses: Iterable[str]) -> None:
        """Let the container connect, which has these addresses."""
        self._peers = frozenset(addresses) | {LOOPBACK}

    def accepts_peer(self, host: str, port: int) -> bool:
        """Tell whether a connection from that address comes from the container."""
        return self._relay.accepts_peer(host, port) if self._relay else host in self._peers

    def close(self) -> None:
        """Remove the relay, whose network no container may be in any more, and stop listening."""
        if self._relay:
            self._relay.close()
        if self._listening:
            self._listening.listener.close()


def listen(engine: Engine, *, network: str | None, chosen: ApiConnection) -> Listening:
    """Open a listening socket that containers can reach, and only they if that can be had.

    `network` is what `--docker-network` says, `chosen` what `--api-connection` says.
    """
    reason = _needs_relay(engine, chosen)
    if reason:
        return _relayed(reason)
    gateway = LOOPBACK if network == "host" else engine.gateway()
    if gateway:
        with suppress(OSError):
            return _direct(_bind(gateway, early=engine.is_podman), gateway)
    if chosen == "auto" and sys.platform == "linux" and not engine.is_desktop():
        return _relayed("the engine's network isn't on this machine")
    return _direct(_bind(LOOPBACK), _VIRTUAL_MACHINES_HOST)


def remember_relay(engine: Engine) -> None:
    """Let the next command that uses this engine take the relay at once."""
    with suppress(OSError):  # then it finds out again
        _mark(engine).parent.mkdir(parents=True, exist_ok=True)
        _mark(engine).touch()


def forget_relay(engine: Engine) -> bool:
    """Let the next command try a direct connection again; tell whether it wouldn't have."""
    try:
        _mark(engine).unlink()
    except OSError:
        return False
    return True


def _needs_relay(engine: Engine, chosen: ApiConnection) -> str | None:
    if chosen == "relay":
        return "as asked for"
    if chosen == "direct":
        return None
    if engine.socket_path is None:
        return "the engine is on another machine"
    if sys.platform == "linux":
        if reason := _lives_apart(engine, engine.socket_path):
            return reason
    if exists(_mark(engine)):
        return "its containers could not reach this machine"
    return None


def _lives_apart(engine: Engine, path: str) -> str | None:
    """Say why an engine behind a socket of this machine isn't on this machine's network."""
    process, user = _who_listens(path)
    if user:  # not root: a rootless engine, or what stands for a virtual machine
        if engine.is_rootless():
            return "the engine is rootless"
        return None if engine.is_desktop() else "the engine is in a virtual machine"
    with suppress(OSError):  # nobody but root may look, or the process is hidden from us
        theirs = Path(f"/proc/{process}/ns/net").readlink()
        if theirs != Path("/proc/self/ns/net").readlink():
            return "the engine is in a network of its own"
    return None


def _who_listens(path: str) -> tuple[int, int]:
    """Return the process and the user that opened a socket; 0 for a process that we can't see."""
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(path)
        answer = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    process, user, _ = _CREDENTIALS.unpack(answer)
    return process, user


def _relayed(reason: str) -> Listening:
    return Listening(listener=_bind(LOOPBACK), address="", relayed=reason)


def _direct(listener: socket.socket, host: str) -> Listening:
    return Listening(listener=listener, address=f"{host}:{listener.getsockname()[1]}")


def _bind(address: str, *, early: bool = False) -> socket.socket:
    """Listen on a free port; `early` where the address may appear when the first container does."""
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
