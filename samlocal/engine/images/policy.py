"""When images are pulled or built, who watches, and what to say where they are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Protocol

from samlocal.errors import ImageNotFoundError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from samlocal.function import ImageBuild

LOCAL_ONLY: Final = "localhost/"

# When an image is built, or pulled.
ImagePolicy = Literal["never", "missing", "always"]


@frozen
class Build:
    """How the image of a function is built: under which name, for which platform, and when."""

    function: str
    recipe: ImageBuild
    image: str
    platform: str
    policy: ImagePolicy = "missing"


class ImageProgress(Protocol):
    """Who watches an image being pulled or built."""

    def __call__(self, layer: str, status: str, current: int, total: int) -> None:
        """See that `layer` (empty: the whole image) has `current` of `total` bytes (0: unknown)."""

    def note(self, text: str) -> None:
        """See a line about the image, such as one of its build."""


def is_pulled_always(image: str, policy: ImagePolicy) -> bool:
    """Tell whether a registry is asked for an image whether or not it is here."""
    return policy == "always" and not image.startswith(LOCAL_ONLY)


def skipped_pull_error(image: str, option: str = "--pull never") -> ImageNotFoundError:
    return ImageNotFoundError(
        f"no image `{image}` on this machine",
        hint=f"leave out `{option}`, so that it is pulled",
    )


def vanished_image_error(image: str) -> ImageNotFoundError:
    return ImageNotFoundError(
        f"`{image}` was pulled, and the engine doesn't have it",
        hint="was it removed at the same time? try again",
    )
