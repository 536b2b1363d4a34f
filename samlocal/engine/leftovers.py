"""Labels of samlocal's containers, and the removal of those whose command was killed."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.errors import EngineError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from samlocal.engine.engine import Engine

_PID: Final = "samlocal.pid"
_HOST: Final = "samlocal.host"
_PROJECT: Final = "samlocal.project"
_FUNCTION: Final = "samlocal.function"
_RELAY: Final = "samlocal.relay"


def labels(*, project: str, function: str, is_relay: bool = False) -> dict[str, str]:
    """Return the labels of a container: its process, host, project and function."""
    return {
        _PID: str(os.getpid()),
        _HOST: _host(),
        _PROJECT: project,
        _FUNCTION: function,
        **({_RELAY: "true"} if is_relay else {}),
    }


@frozen
class Leftover:
    """A container whose command no longer runs, with its function and project.

    `size_bytes` is the size of its writable layer, if requested.
    """

    id: str
    function: str
    project: str
    size_bytes: int = 0


def find_leftovers(engine: Engine, *, with_sizes: bool = False) -> list[Leftover]:
    """Return the containers of commands on this machine that no longer run; sizes are slow.

    Relays come last: Podman cannot remove one while another container uses its network.
    """
    with engine.translated_errors():
        ours = engine.api.containers([_PROJECT, f"{_HOST}={_host()}"], with_sizes=with_sizes)
    return [
        Leftover(
            id=str(each["Id"]),
            function=each["Labels"].get(_FUNCTION, ""),
            project=each["Labels"][_PROJECT],
            size_bytes=each.get("SizeRw") or 0,
        )
        for each in sorted(ours, key=lambda each: _RELAY in each["Labels"])
        if not _is_alive(each["Labels"].get(_PID, ""))
    ]


def remove_container(engine: Engine, container_id: str) -> bool:
    """Remove a container in any state; return whether that succeeded."""
    with contextlib.suppress(EngineError), engine.translated_errors():
        engine.api.remove_container(container_id, force=True)
        return True
    return False


def remove_leftovers(engine: Engine) -> list[str]:
    """Remove the containers of commands on this machine that no longer run; return their ids."""
    return [each.id for each in find_leftovers(engine) if remove_container(engine, each.id)]


def mounted_paths(engine: Engine) -> set[str]:
    """Return the paths on the engine's machine that samlocal's containers mount."""
    with engine.translated_errors():
        ours = engine.api.containers([_PROJECT])
    return {mount["Source"] for each in ours for mount in each["Mounts"] if mount.get("Source")}


def _host() -> str:
    """Return the scope of our process ids: the host, and on Linux the namespace."""
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
