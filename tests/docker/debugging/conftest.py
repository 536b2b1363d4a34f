"""Fixtures of tests with real debuggers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docker.built_images import remove_built_images
from tests.docker.command import CHECKOUT, Samlocal

if TYPE_CHECKING:
    from collections.abc import Iterator

    import docker

    from tests.docker.fixtures import SamlocalIn

PROJECT = CHECKOUT / "tests" / "projects" / "debugging"


@pytest.fixture
def samlocal(samlocal_in: SamlocalIn, engine: docker.APIClient) -> Iterator[Samlocal]:
    """The command in a copy of the project; the images of its functions are removed afterwards."""
    command = samlocal_in(PROJECT, "python:3.11")
    yield command
    remove_built_images(engine, command.directory / "template.yaml")
