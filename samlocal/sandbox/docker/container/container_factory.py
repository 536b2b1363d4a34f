"""Creates containers, pulling a missing image first, until closed."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from samlocal.engine.engine_api import ImageMissingError
from samlocal.engine.images.policy import skipped_pull_error, vanished_image_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.engine.engine import Engine

_T = TypeVar("_T")


class ContainerFactory:
    """Creates containers until it is closed, also by another thread.

    `pull` pulls an image; None if pulls are not allowed.
    """

    def __init__(self, engine: Engine, *, pull: Callable[[str], None] | None) -> None:
        self._engine = engine
        self._pull = pull
        self._creating = Lock()
        self._closed = False

    @property
    def is_closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Stop creating containers, and wait for the one that is being created."""
        with self._creating:
            self._closed = True

    def make(self, image: str, create: Callable[[], _T]) -> _T | None:
        """Return the result of `create` for an image; None if closed.

        Raises:
            SandboxError: The engine refused, or the image is not available.
        """
        try:
            return self._create_if_open(create)
        except ImageMissingError:
            if self._pull is None:
                raise skipped_pull_error(image) from None
            self._pull(image)
        try:
            return self._create_if_open(create)
        except ImageMissingError:
            raise vanished_image_error(image) from None

    def _create_if_open(self, create: Callable[[], _T]) -> _T | None:
        with self._creating, self._engine.translated_errors():
            return None if self._closed else create()
