"""The service: opens its socket, prepares itself, and serves."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING

from samlocal.service.identity import socket_path
from samlocal.service.launcher import READY
from samlocal.service.package_files import take_stamps
from samlocal.service.zygote import Zygote

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.service.zygote import Programs

# Clients that come at once wait for a fork each.
_BACKLOG = 128


def serve(programs: Programs, *, prepare: Callable[[], None]) -> None:
    """Listen, and serve until the end; tell the command that waits on stdout.

    `prepare` imports and calls what commands need, so that each new process has it.
    """
    if os.fork():
        os._exit(0)  # the process that waits for nobody
    stamps = take_stamps()
    prepare()
    previous = os.umask(0o177)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(socket_path())
        os.umask(previous)
        listener.listen(_BACKLOG)
        os.chdir("/")
        _tell_ready()
        Zygote(listener, programs, stamps).run()


def _tell_ready() -> None:
    """Close the streams of the command that started the service."""
    sys.stdout.flush()
    os.write(1, READY)
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    os.close(null)
