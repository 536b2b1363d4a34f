"""A service whose commands only show what they get: `python -m tests.functional.service.program`."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from samlocal.sandbox.backend import Backend
from samlocal.service import zygote
from samlocal.service.handler import handle
from samlocal.service.service import serve
from samlocal.service.session import current_session
from samlocal.service.zygote import Programs

if TYPE_CHECKING:
    from samlocal.sandbox.sandbox import SandboxKind

# A service without a client must not end while a busy machine starts one; a test of the end sets a shorter time.
zygote.LINGER_SECONDS = float(os.environ.get("LINGER_SECONDS", "60"))  # type: ignore[misc]  # final elsewhere


def run() -> int:
    """Do what the first argument after the command says; return the exit code."""
    session = current_session()
    assert session
    action, *values = sys.argv[3:]
    if action == "decline":
        sys.stderr.write("nobody sees this\n")
        session.decline()
    if action == "warn":
        sys.stderr.write("held\n")
    session.accept()
    if action == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "sleep":
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))
        signal.signal(signal.SIGHUP, lambda *_: _note_and_exit(values[0]))
        sys.stdout.write("sleeping\n")
        sys.stdout.flush()
        time.sleep(60)
    if action == "late fleet":
        sys.stdout.write("waiting\n")
        sys.stdout.flush()
        sys.stdin.readline()
        action = "fleet"
    if action == "fleet":
        os.close(session.connect_fleet(Backend(), os.environ))
    if action == "show":
        mask = os.umask(0)
        seen = {
            "arguments": sys.argv,
            "directory": os.getcwd(),  # noqa: PTH109  # as a text
            "variable": os.environ.get("SHOWN"),
            "umask": mask,
            "stdin": sys.stdin.read(),
            "parent": os.getppid(),
        }
        json.dump(seen, sys.stdout)
        sys.stderr.write("on stderr\n")
    sys.stdout.flush()
    return int(values[-1]) if values and values[-1].isdigit() else 0


def _note_and_exit(file: str) -> None:
    with open(file, "w") as note:  # noqa: PTH123  # in a signal handler
        note.write("hung up")
    os._exit(129)


def serve_fleet(control: socket.socket, kind: SandboxKind, engine: str | None) -> None:
    """Keep connections until the end of the main process."""
    del kind, engine
    while socket.recv_fds(control, 4096, 1)[0]:
        pass


if __name__ == "__main__":
    if sys.argv[1:] == ["fail"]:
        sys.exit("no service today")
    serve(Programs(handle=partial(handle, run=run), serve_fleet=serve_fleet), prepare=lambda: None)
