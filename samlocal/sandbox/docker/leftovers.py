"""What marks a container as ours, and the removal of those whose command was killed outright."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.errors import EngineError
from samlocal.sandbox.docker.engine import translated_errors

if TYPE_CHECKING:
    from samlocal.sandbox.docker.engine import Engine

_PID: Final = "samlocal.pid"
_HOST: Final = "samlocal.host"
_PROJECT: Final = "samlocal.project"
_FUNCTION: Final = "samlocal.function"


def labels(*, project: str, function: str) -> dict[str, str]:
    """Return the labels of a container: whose it is, and for what."""
    return {
        _PID: str(os.getpid()),
        _HOST: _host(),
        _PROJECT: project,
        _FUNCTION: function,
    }


def sweep(engine: Engine) -> list[str]:
    """Remove the containers of commands on this machine that no longer run; return their ids."""
    removed = []
    with translated_errors():
        ours = engine.api.containers(all=True, filters={"label": [_PROJECT, f"{_HOST}={_host()}"]})
    for container in ours:
        if not _is_alive(container["Labels"].get(_PID, "")):
            with contextlib.suppress(EngineError), translated_errors():
                engine.api.remove_container(container["Id"], force=True, v=True)
                removed.append(str(container["Id"]))
    return removed


def _host() -> str:
    """Name the place in which our process ids mean something: a host, and a namespace on Linux."""
    try:
        return f"{socket.gethostname()} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname()


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
