"""Where images are to be found, and what to say where they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.errors import ImageNotFoundError

if TYPE_CHECKING:
    from samlocal.sandbox.sandbox import SandboxSpec

LOCAL_ONLY: Final = "localhost/"


def is_pulled_always(spec: SandboxSpec) -> bool:
    """Tell whether a registry is asked for an image whether or not it is here."""
    return spec.pull == "always" and not spec.image.startswith(LOCAL_ONLY)


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
