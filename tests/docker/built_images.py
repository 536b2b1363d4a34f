"""The images that are built for a project's functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.cloudformation.project import open_project
from samlocal.function import ImageCode
from samlocal.sandbox.image_functions import planned_build
from samlocal.sandbox.plan import SandboxSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import docker


def built_images(template: Path) -> Iterator[str]:
    """Yield the names of all of them, built or not."""
    opened = open_project(template)
    for entry in opened.functions:
        function = opened.resolve(entry)
        if isinstance(function.code, ImageCode):
            build = planned_build(function, function.code, opened.path, SandboxSettings())
            if build:
                yield build.image


def remove_built_images(engine: docker.APIClient, template: Path) -> None:
    for image in built_images(template):
        if engine.images(name=image):
            engine.remove_image(image, force=True)
