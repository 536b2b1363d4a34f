"""Starts the service, and finds the services that run."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from samlocal.errors import SamlocalError
from samlocal.runtime_folder import remove_dead_socket, runtime_folder, runtime_folder_path
from samlocal.service.client import connect
from samlocal.service.identity import package_folder, socket_path
from samlocal.service.messages import receive, send

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.service.client import Message

PROGRAM: Final = "samlocal.cli.background"
READY: Final = b"\0ready\n"


class ServiceError(SamlocalError):
    """The service does not start, or does not answer."""


def start_service() -> None:
    """Start the service, unless it runs; return when it listens.

    Raises:
        ServiceError: It does not start.
        CacheError: There is no folder for its socket.
    """
    runtime_folder()
    with _lock(socket_path().replace(".sock", ".lock")):
        remove_stale_sockets()
        if not Path(socket_path()).exists():
            _spawn()


def remove_stale_sockets() -> None:
    """Remove the sockets of services that were killed."""
    for path in service_sockets():
        remove_dead_socket(path)


def service_sockets() -> list[str]:
    """Return the sockets of all services of this user, of any version."""
    return [str(each) for each in sorted(Path(runtime_folder_path()).glob("samlocal-*.sock"))]


def ask_services(kind: str, *values: Message) -> list[dict[str, Any]]:
    """Return the answers of all services of this user to a request: see `answer_about_fleets`."""
    answers: list[dict[str, Any]] = []
    for path in service_sockets():
        connection = connect(path)
        if connection is None:
            continue
        with (
            socket.socket(fileno=connection.detach()) as connected,
            suppress(OSError, EOFError, ValueError),  # it has ended, or is of another version
        ):
            send(connected, (kind, *values))
            answer, _ = receive(connected)
            answers += answer or ()
    return answers


def _spawn() -> None:
    parent = Path(package_folder()).parent
    is_found = any(each and Path(each) == parent for each in sys.path[1:])
    options = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # noqa: SLF001  # as multiprocessing
    with subprocess.Popen(
        [sys.executable, *options, *(("-P",) if is_found else ()), "-m", PROGRAM],
        cwd=None if is_found else parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        output, _ = process.communicate()
    if not output.endswith(READY):
        reason = output.decode(errors="replace").strip().rpartition("\n")[2]
        raise ServiceError(f"the background service does not start: {reason or 'it ended'}")


@contextmanager
def _lock(path: str) -> Iterator[None]:
    """Let only one command start a service at a time; the file exists only meanwhile."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is_same(file, path):
                try:
                    yield
                finally:
                    os.unlink(path)  # noqa: PTH108  # while it is locked
                return
        finally:
            os.close(file)


def _is_same(file: int, path: str) -> bool:
    """Tell whether a file still has its name: the one that had the lock before removed it."""
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))  # noqa: PTH116
    except FileNotFoundError:
        return False
