"""When images are pulled or built, their progress, and the errors for missing images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Protocol

from samlocal.errors import ImageNotFoundError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from samlocal.function import ImageBuild

LOCAL_ONLY: Final = "localhost/"

# When an image is built or pulled.
ImagePolicy = Literal["never", "missing", "always"]


@frozen
class Build:
    """The build of a function's image: its recipe, name, platform and policy."""

    function: str
    recipe: ImageBuild
    image: str
    platform: str
    policy: ImagePolicy = "missing"


class ImageProgress(Protocol):
    """Observes the pull or the build of an image."""

    def __call__(self, layer: str, status: str, current: int, total: int) -> None:
        """Report `current` of `total` bytes (0: unknown) of `layer` (empty: the whole image)."""

    def note(self, text: str) -> None:
        """Report a line about the image, such as one of its build."""


def is_pulled_always(image: str, policy: ImagePolicy) -> bool:
    """Return whether an image is pulled even if it is on the engine's machine."""
    return policy == "always" and not image.startswith(LOCAL_ONLY)


def skipped_pull_error(image: str, option: str = "--pull never") -> ImageNotFoundError:
    return ImageNotFoundError(
        f"no image `{image}` on this machine",
        hint=f"run without `{option}` to pull it",
    )


def vanished_image_error(image: str) -> ImageNotFoundError:
    return ImageNotFoundError(
        f"the engine does not have `{image}` after pulling it",
        hint="something may have removed it meanwhile; try again",
    )
