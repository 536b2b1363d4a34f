"""How a container ended: its exit status, and whether the kernel ended it for its memory.

Docker tells the status to whoever waits for the removal, and keeps the memory in its recent events.
Podman answers 0 to those who wait so, and has no such event: its container stays until it has been
looked at.
"""

from __future__ import annotations

from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from samlocal.engine.engine_api import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.engine.engine import Engine

# The exit status of what SIGKILL ended.
KILLED: Final = 137
# It was to be killed, and ended by itself at that moment.
_PODMAN_COULD_NOT_KILL: Final = "container state improper"


def wait_for_end(engine: Engine, container_id: str) -> tuple[int | None, bool]:
    """Return the exit status, and whether memory ran out, once the container has been removed.

    The status is None where nobody saw it. For an engine that doesn't remove containers by itself the
    container must have been started, and is removed here.
    """
    status = None
    killed = False
    with engine.translated_errors(), _unless_gone():  # its removal may be faster than our calls
        if engine.auto_removes:
            status = engine.api.wait(container_id, until_removed=True)
            killed = status == KILLED and _has_oom_event(engine, container_id)
        else:
            status = engine.api.wait(container_id)
            killed = bool(engine.api.container(container_id)["State"]["OOMKilled"])
            engine.api.remove_container(container_id)
    return status, killed


def remove(engine: Engine, container_id: str) -> None:
    """Remove a container, whatever it does, unless it has gone or is going already."""
    with engine.translated_errors(), _unless_gone():
        try:
            engine.api.remove_container(container_id, force=True)
        except ApiError as error:
            if error.status == HTTPStatus.CONFLICT:  # the engine is removing it already
                return
            if _PODMAN_COULD_NOT_KILL not in error.explanation:
                raise
            engine.api.wait(container_id)
            engine.api.remove_container(container_id, force=True)


@contextmanager
def _unless_gone() -> Iterator[None]:
    try:
        yield
    except ApiError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise


def _has_oom_event(engine: Engine, container_id: str) -> bool:
    """Tell whether the engine has seen the container run out of memory before it died."""
    with engine.api.events(container_id, ["oom", "die"]) as events:
        return next((each["Action"] == "oom" for each in events), False)
