"""What commands have left on an engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import docker

_PROJECT = "samlocal.project"


def leftovers(engine: docker.APIClient, project: Path) -> list[dict[str, Any]]:
    """The containers for functions of a project's directory, whatever state they are in."""
    containers = engine.containers(all=True, filters={"label": _PROJECT})
    return [each for each in containers if Path(each["Labels"][_PROJECT]).parent == project]
