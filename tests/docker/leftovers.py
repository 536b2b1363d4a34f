"""Containers of commands that remain on an engine."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    import docker

_T = TypeVar("_T")

_PROJECT = "samlocal.project"
# How long a busy engine may take to remove a container that was killed.
_SECONDS_TO_REMOVE = 30


def containers_of(engine: docker.APIClient, project: Path) -> list[dict[str, Any]]:
    """Return the containers for functions of a project's directory, in any state."""
    containers = engine.containers(all=True, filters={"label": _PROJECT})
    return [each for each in containers if Path(each["Labels"][_PROJECT]).parent == project]


def leftovers(engine: docker.APIClient, project: Path) -> list[dict[str, Any]]:
    """Return those that the engine is not removing."""
    return that_stay(lambda: containers_of(engine, project))


def that_stay(containers: Callable[[], list[_T]]) -> list[_T]:
    """Return the remaining containers after a wait, because a killed container may outlive its command."""
    deadline = time.monotonic() + _SECONDS_TO_REMOVE
    while (left := containers()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left
