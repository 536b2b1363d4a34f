"""Which files an image holds, without running anything of it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from docker.errors import NotFound

from samlocal.sandbox.docker.ending import remove
from samlocal.sandbox.docker.engine import translated_errors
from samlocal.sandbox.docker.leftovers import labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from samlocal.sandbox.docker.engine import Engine


@contextmanager
def image_files(engine: Engine, image: str) -> Iterator[Callable[[str], bool]]:
    """Give what tells whether the image has a file at a path, asked of a container that never starts."""
    with translated_errors():
        container = engine.api.create_container(
            image, command=["true"], labels=labels(project="", function="")
        )

    def holds(path: str) -> bool:
        with translated_errors():
            try:
                content, _ = engine.api.get_archive(container["Id"], path)
            except NotFound:
                return False
            content.close()
            return True

    try:
        yield holds
    finally:
        remove(engine, container["Id"])
