"""What commands have left on an engine."""

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
    """The containers for functions of a project's directory, whatever state they are in."""
    containers = engine.containers(all=True, filters={"label": _PROJECT})
    return [each for each in containers if Path(each["Labels"][_PROJECT]).parent == project]


def leftovers(engine: docker.APIClient, project: Path) -> list[dict[str, Any]]:
    """Those of them that the engine isn't removing."""
    return that_stay(lambda: containers_of(engine, project))


def that_stay(containers: Callable[[], list[_T]]) -> list[_T]:
    """What is still there when the engine has had its time: a killed container may outlive its command."""
    deadline = time.monotonic() + _SECONDS_TO_REMOVE
    while (left := containers()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left
