"""How a container ended: its exit status, and whether the kernel killed it for its memory.

Docker returns the status to a caller that waits for the removal, and has an event for lack of memory.
Podman returns 0 to such a caller and has no such event, so its containers are inspected before they are
removed.
"""

from __future__ import annotations

from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from samlocal.engine.engine_api import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.engine.engine import Engine

# The exit status after SIGKILL.
KILLED: Final = 137
# Podman's error if the container ends while it is being killed.
_PODMAN_COULD_NOT_KILL: Final = "container state improper"


def wait_for_end(engine: Engine, container_id: str) -> tuple[int | None, bool]:
    """Wait for the removal of a container; return its exit status, and whether memory ran out.

    The status is None if it is unknown. On an engine without automatic removal, the container must have
    been started, and is removed here.
    """
    status = None
    killed = False
    with engine.translated_errors(), _ignore_removed():  # it may be removed before our calls
        if engine.auto_removes:
            status = engine.api.wait(container_id, until_removed=True)
            killed = status == KILLED and _has_oom_event(engine, container_id)
        else:
            status = engine.api.wait(container_id)
            killed = bool(engine.api.container(container_id)["State"]["OOMKilled"])
            engine.api.remove_container(container_id)
    return status, killed


def remove(engine: Engine, container_id: str) -> None:
    """Remove a container in any state, unless it is already removed or being removed."""
    with engine.translated_errors(), _ignore_removed():
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
def _ignore_removed() -> Iterator[None]:
    try:
        yield
    except ApiError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise


def _has_oom_event(engine: Engine, container_id: str) -> bool:
    """Return whether the engine reported that the container ran out of memory."""
    with engine.api.events(container_id, ["oom", "die"]) as events:
        return next((each["Action"] == "oom" for each in events), False)
