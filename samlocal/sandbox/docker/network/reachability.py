"""Whether containers can reach the Runtime API, tested from inside a container."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from samlocal.engine.leftovers import labels
from samlocal.engine.removal import remove
from samlocal.errors import EngineError

if TYPE_CHECKING:
    from samlocal.engine.engine import Engine

# Every official image has bash. Without the timeout, a firewall that drops packets takes minutes.
_PROBE: Final = "command -v bash timeout >/dev/null || exit 3; timeout 3 bash -c 'exec 3<>/dev/tcp/{host}/{port}'"
_NO_TOOLS: Final = (3, 126, 127)


def reaches(engine: Engine, container_id: str, address: str) -> bool | None:
    """Return whether a running container can connect to `host:port`; None if it has no tool for that."""
    with suppress(EngineError):
        status, _ = engine.run_in(container_id, ["/bin/sh", "-c", _command(address)])
        return _verdict(status)
    return None


def reaches_from_new_container(engine: Engine, image: str, address: str) -> bool | None:
    """Return the same for a new container."""
    with suppress(EngineError), engine.translated_errors():
        config = {
            "Image": image,
            "Entrypoint": ["/bin/sh"],
            "Cmd": ["-c", _command(address)],
            "Labels": labels(project="", function=""),
        }
        container_id = engine.api.create_container(config)
        try:
            engine.api.start(container_id)
            return _verdict(engine.api.wait(container_id))
        finally:
            remove(engine, container_id)
    return None


def _command(address: str) -> str:
    host, _, port = address.partition(":")
    return _PROBE.format(host=host, port=port)


def _verdict(status: int) -> bool | None:
    return None if status in _NO_TOOLS else status == 0
