"""Runtime images: pulling them, and saying why that failed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from docker.errors import APIError

from samlocal.errors import ImageNotFoundError, ImagePullError
from samlocal.sandbox.docker.engine import translated_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from samlocal.sandbox.docker.engine import Engine
    from samlocal.sandbox.sandbox import ImageProgress

# What registries and engines say where the image, and not the way to it, is the trouble.
_NO_SUCH_IMAGE: Final = ("not found", "manifest unknown", "no such image", "does not exist")
_LOCAL_ONLY: Final = "localhost/"


def pull_image(
    engine: Engine,
    image: str,
    *,
    progress: ImageProgress,
    cancelled: Callable[[], bool],
    platform: str | None = None,
) -> None:
    """Pull an image, telling `progress` each step; leave early where `cancelled` says so.

    `platform` is that of the image, where it isn't the engine's own: `linux/arm64`.

    Raises:
        ImageNotFoundError: The registry has no such image, or shows it to nobody without a login.
        ImagePullError: The registry can't be reached, or the pull broke off.
    """
    if image.startswith(_LOCAL_ONLY):
        raise ImageNotFoundError(
            f"no image `{image}` on this machine, and no registry has it",
            hint="stand-ins are for this machine's own architecture: set `Architectures` to it"
            if platform
            else "build it: `make images` in a checkout of samlocal",
        )
    with translated_errors(), _pull_errors(image):
        for event in engine.streams.pull(image, platform=platform, stream=True, decode=True):
            if cancelled():
                return
            if reason := event.get("error"):
                raise _pull_error(image, reason)
            detail = event.get("progressDetail") or {}
            progress(
                event.get("id", ""),
                event.get("status", ""),
                detail.get("current") or 0,
                detail.get("total") or 0,
            )


def skipped_pull_error(image: str) -> ImageNotFoundError:
    return ImageNotFoundError(
        f"no image `{image}` on this machine",
        hint="leave out `--skip-pull-image`, so that it is pulled",
    )


def vanished_image_error(image: str) -> ImageNotFoundError:
    return ImageNotFoundError(
        f"`{image}` was pulled, and the engine doesn't have it",
        hint="was it removed at the same time? try again",
    )


@contextmanager
def _pull_errors(image: str) -> Iterator[None]:
    try:
        yield
    except APIError as error:
        raise _pull_error(image, error.explanation or str(error)) from error


def _pull_error(image: str, reason: str) -> ImageNotFoundError | ImagePullError:
    if any(words in reason.lower() for words in _NO_SUCH_IMAGE):
        return ImageNotFoundError(
            f"no image `{image}`: {reason}",
            hint="is the name right? a private image needs `docker login` first",
        )
    return ImagePullError(
        f"`{image}` can't be pulled: {reason}",
        hint="behind a firewall, `--image-repository PREFIX` takes runtime images from a mirror",
    )
