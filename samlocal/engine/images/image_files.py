"""The files of an image, found without running it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from samlocal.engine.leftovers import labels
from samlocal.engine.removal import remove

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from samlocal.engine.engine import Engine


@contextmanager
def image_files(engine: Engine, image: str) -> Iterator[Callable[[str], bool]]:
    """Provide a function that tells whether an image has a file, from a container that never starts."""
    config = {"Image": image, "Cmd": ["true"], "Labels": labels(project="", function="")}
    with engine.translated_errors():
        container_id = engine.api.create_container(config)

    def has_file(path: str) -> bool:
        with engine.translated_errors():
            return engine.api.has_file(container_id, path)

    try:
        yield has_file
    finally:
        remove(engine, container_id)
