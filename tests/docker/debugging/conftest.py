"""Fixtures of tests with real debuggers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.cloudformation.project import open_project
from samlocal.function import ImageCode
from samlocal.sandbox.image_functions import planned_build
from samlocal.sandbox.plan import SandboxSettings
from tests.docker.command import CHECKOUT, Samlocal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import docker

    from tests.docker.conftest import SamlocalIn

PROJECT = CHECKOUT / "tests" / "projects" / "debugging"


@pytest.fixture
def samlocal(samlocal_in: SamlocalIn, engine: docker.APIClient) -> Iterator[Samlocal]:
    """The command in a copy of the project; the images of its functions are removed afterwards."""
    command = samlocal_in(PROJECT, "python:3.11")
    yield command
    for image in _images(command.directory / "template.yaml"):
        if engine.images(name=image):
            engine.remove_image(image, force=True)


def _images(template: Path) -> Iterator[str]:
    """The names of the images that are built for the project's functions."""
    opened = open_project(template)
    for entry in opened.functions:
        function = opened.resolve(entry)
        if isinstance(function.code, ImageCode):
            build = planned_build(function, function.code, opened.path, SandboxSettings())
            yield build.image if build else ""
