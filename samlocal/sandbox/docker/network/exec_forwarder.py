"""Connections into a container whose network this machine cannot reach: the engine runs a forwarder inside.

Every official image has bash. Each connection has a forwarder of its own, which takes about 50 ms to start. It
cannot end one direction alone: a connection that is shut down for writing is closed.
"""

from __future__ import annotations

import errno
import socket
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Final

from samlocal.engine.output import read_output
from samlocal.errors import EngineError
from samlocal.sandbox.refusal import refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from samlocal.engine.engine import Engine
    from samlocal.engine.streams import Attached

_CHUNK_BYTES: Final = 64 * 1024
_OPEN: Final = b"+"
# `cat` is the program that the engine waits for, so the end of either direction ends the connection.
_FORWARD: Final = f"""\
for address; do
  if {{ exec 3<>"/dev/tcp/$address/$0"; }} 2>/dev/null; then
    printf {_OPEN.decode()}
    exec 4<&0
    (cat <&4; kill $$) >&3 2>/dev/null &
    exec cat <&3
  fi
done
"""


def connect_inside(
    engine: Engine, container_id: str, addresses: Iterable[str], port: int
) -> socket.socket:
    """Connect to the first of these addresses of a container on which a program listens.

    Raises:
        OSError: No program listens on the port, or the image has no bash.
    """
    command = ["bash", "-c", _FORWARD, str(port), *addresses]
    try:
        with engine.translated_errors():
            execution = engine.api.create_execution(container_id, command, stdin=True)
            attached = engine.api.start_execution(execution)
    except EngineError as error:
        raise _unusable(error.message) from error
    words = bytearray()
    output = read_output(attached.receive, stderr=words.extend)
    first = _next(output)
    if not first.startswith(_OPEN):
        _end(attached, output)
        # Engines write there, or to stdout, that there is no such program.
        if said := (words + first).decode(errors="replace").strip():
            raise _unusable(said)
        raise refused(port)
    ours, theirs = socket.socketpair()
    Thread(target=_receive, args=(first[1:], output, theirs, attached), daemon=True).start()
    Thread(target=_send, args=(theirs, attached), daemon=True).start()
    return ours


def _next(output: Iterator[bytes]) -> bytes:
    with suppress(OSError):
        return next(output, b"")
    return b""


def _end(attached: Attached, output: Iterator[bytes]) -> None:
    """End the forwarder; the connection to it is closed with the end of its output."""
    attached.close()
    with suppress(OSError):
        for _ in output:
            pass


def _receive(
    first: bytes, output: Iterator[bytes], local: socket.socket, attached: Attached
) -> None:
    """Write what the program in the container sends to the local socket."""
    with suppress(OSError):
        local.sendall(first)
        for data in output:
            local.sendall(data)
    with suppress(OSError):
        local.shutdown(socket.SHUT_RDWR)
    _end(attached, output)


def _send(local: socket.socket, attached: Attached) -> None:
    """Send what the local socket has to the program in the container, then end the connection."""
    with suppress(OSError), local:
        while data := local.recv(_CHUNK_BYTES):
            attached.send(data)
    attached.close()


def _unusable(reason: str) -> OSError:
    return OSError(
        errno.ENETUNREACH, f"the sandbox's network cannot be reached from this machine: {reason}"
    )
