"""What tests with real debuggers share."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from samlocal.project.model import ImageCode
from samlocal.project.project import open_project
from samlocal.sandbox.image_functions import planned_build
from samlocal.sandbox.plan import SandboxSettings
from tests.docker.command import CHECKOUT, Samlocal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import docker

PROJECT = CHECKOUT / "tests" / "projects" / "debugging"


@pytest.fixture
def samlocal(
    stand_in: Callable[[str], str],
    engine: docker.APIClient,
    environment: dict[str, str],
    tmp_path: Path,
) -> Iterator[Samlocal]:
    """The command in a project of the test's own; none of its containers may be left afterwards."""
    stand_in("python:3.11")
    project = shutil.copytree(PROJECT, tmp_path / "project")
    yield Samlocal(directory=project, environment=environment)
    for image in _images(project / "template.yaml"):
        if engine.images(name=image):
            engine.remove_image(image, force=True)
    assert not leftovers(engine, project)


def _images(template: Path) -> Iterator[str]:
    """The names of the images that are built for the project's functions."""
    opened = open_project(template)
    for entry in opened.functions:
        function = opened.resolve(entry)
        if isinstance(function.code, ImageCode):
            build = planned_build(function, function.code, opened.path, SandboxSettings())
            yield build.image if build else ""


def leftovers(engine: docker.APIClient, project: Path) -> list[str]:
    """The containers of a project, whatever state they are in."""
    label = f"samlocal.project={project / 'template.yaml'}"
    return [each["Id"] for each in engine.containers(all=True, filters={"label": label})]
