"""Messages between the processes of the service, over sockets: whole, and with open files."""

from __future__ import annotations

import marshal
import socket
from typing import TYPE_CHECKING, Any

from samlocal.service.client import LENGTH_BYTES, STREAMS, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from samlocal.service.client import Message

_CHUNK_BYTES = 64 * 1024


def receive(connection: socket.socket) -> tuple[Any, list[int]]:
    """Return the next message, and the files that came with its first byte.

    Raises:
        EOFError: The connection has ended.
        ValueError: It is not a message.
    """
    received, files, _, _ = socket.recv_fds(connection, _CHUNK_BYTES, len(STREAMS))
    try:
        content = bytearray(received)
        while len(content) < LENGTH_BYTES or len(content) < _size(content):
            content += _receive_some(connection)
        message = marshal.loads(content[LENGTH_BYTES:])  # noqa: S302  # of the same user and interpreter
    except BaseException:
        close_files(files)
        raise
    return message, files


def _receive_some(connection: socket.socket) -> bytes:
    chunk = connection.recv(_CHUNK_BYTES)
    if not chunk:
        raise EOFError
    return chunk


def send(connection: socket.socket, message: Message, files: Sequence[int] = ()) -> None:
    """Send a message, and open files with it; they stay open here.

    Raises:
        OSError: The other side has gone.
    """
    content = encode(message)
    sent = socket.send_fds(connection, [content], files) if files else 0
    if rest := content[sent:]:  # nothing can be sent to one that has read all, and has gone
        connection.sendall(rest)


def close_files(files: Sequence[int]) -> None:
    """Close files that nobody needs."""
    for each in files:
        socket.close(each)


def _size(content: bytearray) -> int:
    return LENGTH_BYTES + int.from_bytes(content[:LENGTH_BYTES])


def end_service(control: socket.socket) -> None:
    """Let the service of a handler end; when this returns, another service may start.

    Processes of fleets finish what they run.
    """
    try:
        send(control, ("end",))
        receive(control)
    except (OSError, EOFError):
        return  # it has ended
