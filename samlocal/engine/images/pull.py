"""Pulling images from registries."""

from __future__ import annotations

import json
import math
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import requests
from docker.errors import APIError
from docker.utils import parse_repository_tag

from samlocal.engine.images.policy import LOCAL_ONLY
from samlocal.errors import ImageNotFoundError, ImagePullError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from samlocal.engine.engine import Engine
    from samlocal.engine.images.policy import ImageProgress

# The limit for a pull without progress: registries hang, and the engine would wait forever.
_SILENCE_SECONDS: Final = 120.0
_SILENCE_VARIABLE: Final = "SAMLOCAL_PULL_TIMEOUT"
_DOWNLOADED: Final = "Download complete"
_COMPLETE: Final = "Pull complete"


def pull_image(
    engine: Engine,
    image: str,
    *,
    profile: str | None,
    progress: ImageProgress,
    cancelled: Callable[[], bool],
    platform: str | None = None,
) -> None:
    """Pull an image and report each step to `progress`; return early if `cancelled`.

    `profile` is an AWS profile, for images in ECR. `platform` is the platform of the image, such as
    `linux/arm64`, if it is not the engine's own.

    Raises:
        ImageNotFoundError: The registry has no such image.
        ImagePullError: The registry refuses or cannot be reached, or the pull was interrupted.
    """
    if image.startswith(LOCAL_ONLY):
        raise ImageNotFoundError(
            f"no image `{image}` on this machine, and no registry has it",
            hint="stand-ins exist only for this machine's architecture; choose it with `--architecture`"
            if platform
            else "build it: `make images` in a checkout of samlocal",
        )
    from samlocal.engine.images.registry_login import login_headers  # noqa: PLC0415  # pulls are rare

    progress.note(f"Pulling {image}")
    headers = login_headers(image, profile=profile, progress=progress)
    with engine.translated_errors(), _pull_errors(image):
        for event in _pull_events(engine, image, headers, platform):
            if cancelled():
                return
            if reason := event.get("error"):
                raise _pull_error(image, reason)
            detail = event.get("progressDetail") or {}
            progress(
                event.get("id", ""),
                _status(engine, event),
                detail.get("current") or 0,
                detail.get("total") or 0,
            )
    if engine.is_podman:  # it reports no completion of the whole image
        progress.note(f"Pulled {image}")


def _status(engine: Engine, event: dict[str, Any]) -> str:
    """Return the status of an event as Docker names it."""
    status = str(event.get("status", ""))
    # This is Podman's last status of a layer.
    return _COMPLETE if engine.is_podman and status == _DOWNLOADED else status


def _pull_events(
    engine: Engine, image: str, headers: dict[str, str], platform: str | None
) -> Iterator[dict[str, Any]]:
    """Yield the events of a pull; leaving the generator aborts the pull.

    docker-py's own call has no time limit.
    https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image/operation/ImageCreate
    """
    repository, tag = parse_repository_tag(image)
    with engine.sdk.post(
        f"{engine.sdk.base_url}/v{engine.sdk.api_version}/images/create",
        params={
            "fromImage": repository,
            "tag": tag or "latest",
            **({"platform": platform} if platform else {}),
        },
        headers=headers,
        stream=True,
        timeout=_silence_seconds(),
    ) as response:
        if not response.ok:
            raise APIError(response.reason, response=response, explanation=_explanation(response))
        for line in response.iter_lines():
            if line:
                yield json.loads(line)


def _explanation(response: requests.Response) -> str:
    try:
        return str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        return response.text.strip()


def _silence_seconds() -> float:
    try:
        seconds = float(os.environ.get(_SILENCE_VARIABLE, ""))
    except ValueError:
        return _SILENCE_SECONDS
    return seconds if 0 < seconds < math.inf else _SILENCE_SECONDS


@contextmanager
def _pull_errors(image: str) -> Iterator[None]:
    try:
        yield
    except APIError as error:
        raise _pull_error(image, error.explanation or str(error)) from error
    except (requests.Timeout, requests.ConnectionError) as error:
        if not _is_silence(error):
            raise
        raise ImagePullError(
            f"`{image}` cannot be pulled: no progress for {_silence_seconds():.0f} seconds",
            hint=f"the registry or the network does not respond; {_SILENCE_VARIABLE} sets a longer limit in seconds",
        ) from error


def _is_silence(error: requests.RequestException) -> bool:
    """Return whether an error is a timeout: requests has one error class for it and broken connections."""
    return isinstance(error, requests.Timeout) or "timed out" in str(error).lower()


def _pull_error(image: str, reason: str) -> ImageNotFoundError | ImagePullError:
    from samlocal.engine.images.pull_errors import explain  # noqa: PLC0415  # only a failure needs it

    return explain(image, reason.strip())
