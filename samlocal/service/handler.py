"""A process of the service that runs one command, as its client would."""

from __future__ import annotations

import gc
import io
import os
import select
import signal
import socket
import struct
import sys
import tempfile
import threading
import time
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TextIO

from samlocal.frozen_dataclass import frozen
from samlocal.service.administration import answer_about_fleets
from samlocal.service.client import DECLINED, EXIT, HELLO, STREAMS
from samlocal.service.identity import identity
from samlocal.service.messages import close_files, end_service, receive, send
from samlocal.service.package_files import is_changed
from samlocal.service.session import DeclinedError, Session, begin_session
from samlocal.service.zygote import set_environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.service.package_files import Stamps

# How long a command may need to end after its client has gone.
_ORPHAN_SECONDS: Final = 15.0
# How long the main process may need to take note of a command, which otherwise runs by itself.
_KNOWN_SECONDS: Final = 5.0
# pid, uid and gid: see unix(7).
_PEER: Final = struct.Struct("3i")


@frozen
class _Command:
    """A command as its client sent it."""

    identity: bytes
    arguments: list[str]
    directory: str
    umask: int
    environment: dict[bytes, bytes]
    pid: int


_NAMES: Final = ("identity", "arguments", "directory", "umask", "environment", "pid")


def handle(
    listener: socket.socket, control: socket.socket, stamps: Stamps, *, run: Callable[[], int]
) -> None:
    """Wait for a client and serve it: run its command by `run`, which returns the exit code, or answer it."""
    gc.disable()  # as for every command
    client = _accept(listener, control)
    if client is None or not _is_own_user(client):
        return
    with suppress(OSError, EOFError, ValueError):  # a client that has gone, or is none
        client.sendall(HELLO)
        (kind, *values), files = receive(client)
        is_known = _is_known(control)
        if kind != "run":
            close_files(files)
            send(client, answer_about_fleets(control, kind, values))
            return
        command = _Command(**dict(zip(_NAMES, values, strict=True)))
        runner = _Run(client, control, stamps)
        client.sendall(runner.run(command, files, run) if is_known else DECLINED)


def _is_known(control: socket.socket) -> bool:
    """Tell whether the main process knows of this command, and so does not end meanwhile."""
    control.settimeout(_KNOWN_SECONDS)
    try:
        receive(control)
    except (EOFError, OSError):  # it has ended, or is stopped
        return False
    control.settimeout(None)
    return True


def _accept(listener: socket.socket, control: socket.socket) -> socket.socket | None:
    """Return the next client; None if the main process has ended before."""
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    poll.register(control, select.POLLIN)
    listener.setblocking(False)
    while True:
        if control.fileno() in dict(poll.poll()):
            return None
        with suppress(OSError):  # the client has gone
            client, _ = listener.accept()
            client.setblocking(True)
            listener.close()
            send(control, ("accepted",))
            return client


class _Run:
    """The run of a command for a client."""

    def __init__(self, client: socket.socket, control: socket.socket, stamps: Stamps) -> None:
        self._client = client
        self._control = control
        self._stamps = stamps

    def run(self, command: _Command, files: list[int], run: Callable[[], int]) -> bytes:
        """Return the answer for the client."""
        if command.identity != identity() or len(files) != len(STREAMS):
            return DECLINED
        if is_changed(self._stamps):
            end_service(self._control)
            return DECLINED
        try:
            os.chdir(command.directory)
        except OSError:
            return DECLINED
        _become(command, files)
        session = Session(self._control, client=command.pid)
        begin_session(session)
        follower = threading.Thread(target=self._follow, args=(threading.get_ident(),), daemon=True)
        follower.start()
        try:
            code = run()
        except DeclinedError:
            return DECLINED
        except Exception:  # noqa: BLE001  # a defect: the client must learn of it
            traceback.print_exc()
            code = 1
        session.accept()  # a command that ended before it was accepted has been answered too
        return EXIT + bytes((code & 0xFF,))

    def _follow(self, main_thread: int) -> None:
        """Pass the signals of the client on to the thread that handles them, and end after its end."""
        number = signal.SIGHUP
        with suppress(OSError):
            while message := self._client.recv(2, socket.MSG_WAITALL):
                signal.pthread_kill(main_thread, message[1])
        signal.pthread_kill(main_thread, number)
        time.sleep(_ORPHAN_SECONDS)
        os._exit(1)


def _become(command: _Command, files: list[int]) -> None:
    """Take over the streams and the surroundings of the client."""
    for stream, file in zip(STREAMS, files, strict=True):
        os.dup2(file, stream)
    close_files(files)
    os.umask(command.umask)
    set_environment(command.environment)
    sys.argv = list(command.arguments)
    tempfile.tempdir = None  # it may have been that of another environment
    sys.stdin, sys.stdout = _reopened(sys.stdin), _reopened(sys.stdout)


def _reopened(stream: TextIO) -> TextIO:
    """Return a standard stream of the same kind, for the file that has its number now."""
    return io.TextIOWrapper(
        open(stream.fileno(), "rb" if stream.readable() else "wb", closefd=False),  # for ever
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.isatty(),
    )


def _is_own_user(client: socket.socket) -> bool:
    """Tell whether the client is of the same user, where the system tells; the folder is private anyway."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    peer = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    _, user, _ = _PEER.unpack(peer)
    return bool(user == os.getuid())
