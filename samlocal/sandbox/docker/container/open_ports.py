"""Whether a program in a container listens on a port, without connecting to it.

A connection would be unreliable, because the engine's proxy accepts it even if nothing listens, and harmful,
because many debuggers take the first connection for their only client.

https://docs.kernel.org/networking/proc_net_tcp.html
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.errors import EngineError
from samlocal.sandbox.socket_tables import TABLES, is_listed, read_tables

if TYPE_CHECKING:
    from samlocal.engine.engine import Engine

_NO_SUCH_PROGRAM: Final = "executable file not found"


def listens_on(engine: Engine, container_id: str, pid: int, port: int) -> bool | None:
    """Return whether a program listens on a TCP port; None if unknown, without `cat` in the image."""
    tables = _on_host(container_id, pid)
    if tables is None:
        tables = _in_container(engine, container_id)
    return None if tables is None else is_listed(tables, port)


def _on_host(container_id: str, pid: int) -> str | None:
    """Read this machine's tables, if the process is one of the container's."""
    process = Path(f"/proc/{pid}")
    try:
        if container_id not in (process / "cgroup").read_text():
            return None
        return read_tables(process)
    except OSError:
        return None


def _in_container(engine: Engine, container_id: str) -> str | None:
    try:
        _, output = engine.run_in(container_id, ["cat", *(f"/proc/{name}" for name in TABLES)])
    except EngineError as error:
        output = error.message  # it has ended, mostly
    return None if _NO_SUCH_PROGRAM in output else output
