"""How a container ended: its exit status, and whether the kernel ended it for its memory.

Docker tells the status to whoever waits for the removal, and keeps the memory in its recent events.
Podman answers 0 to those who wait so, and has no such event: its container stays until it has been
looked at.
"""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from docker.errors import APIError, NotFound

from samlocal.sandbox.docker.engine import translated_errors

if TYPE_CHECKING:
    from samlocal.sandbox.docker.engine import Engine

_KILLED: Final = 137
# It was to be killed, and ended by itself at that moment.
_PODMAN_COULD_NOT_KILL: Final = "container state improper"


def wait_for_end(engine: Engine, container_id: str) -> tuple[int | None, bool]:
    """Return the exit status, and whether memory ran out, once the container has been removed.

    The status is None where nobody saw it. For an engine that doesn't remove containers by itself the
    container must have been started, and is removed here.
    """
    with translated_errors():
        try:
            if engine.auto_removes:
                answer = engine.streams.wait(container_id, condition="removed")
                status = int(answer["StatusCode"])
                return status, status == _KILLED and _has_oom_event(engine, container_id)
            status = int(engine.streams.wait(container_id)["StatusCode"])
            killed = bool(engine.api.inspect_container(container_id)["State"]["OOMKilled"])
            engine.api.remove_container(container_id, v=True)
        except NotFound:  # its removal was faster than our call
            return None, False
    return status, killed


def remove(engine: Engine, container_id: str) -> None:
    """Remove a container, whatever it does, unless it has gone or is going already."""
    with translated_errors(), suppress(NotFound):
        try:
            engine.api.remove_container(container_id, force=True, v=True)
        except APIError as error:
            if error.status_code == HTTPStatus.CONFLICT:  # the engine is removing it already
                return
            if _PODMAN_COULD_NOT_KILL not in str(error.explanation):
                raise
            engine.api.wait(container_id)
            engine.api.remove_container(container_id, force=True, v=True)


def _has_oom_event(engine: Engine, container_id: str) -> bool:
    filters = {"container": container_id, "event": ["oom", "die"]}
    for event in engine.streams.events(since=0, filters=filters, decode=True):
        if event["Action"] == "oom":
            return True
        if event["Action"] == "die":
            return False
    return False
