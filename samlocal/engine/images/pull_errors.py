"""Why an image can't be pulled: what engines and registries say, and what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from samlocal.engine.images.registry_login import ecr_registry, registry_of
from samlocal.errors import ImageArchitectureError, ImageNotFoundError, ImagePullError


@dataclass(frozen=True, slots=True)
class _Reason:
    """What is said, and the hint; `{login}` and `{registry}` in it are the image's."""

    said: str
    hint: str
    is_about_image: bool = False
    is_about_architecture: bool = False


# In this order: Docker Hub says of an image that it hides that it doesn't exist or needs a login.
_REASONS: Final = (
    _Reason("pull access denied", "is the name right? a private image needs {login}", True),
    _Reason(
        "unauthorized|authentication required|no basic auth|denied|forbidden",
        "the registry wants {login}, or a credential helper",
    ),
    _Reason(
        "no matching manifest|does not match the specified platform",
        "it isn't made for the function's `Architectures`; `--architecture` chooses another one",
        is_about_architecture=True,
    ),
    _Reason(
        "not found|manifest unknown|no such image|does not exist",
        "is the name right? a private image needs {login}",
        True,
    ),
    _Reason(
        "invalid reference|invalid tag|must be lowercase",
        "an image is REGISTRY/NAME:TAG, in lower case but for the tag",
        True,
    ),
    _Reason("no space left", "`docker system df` shows what takes the space"),
    _Reason("toomanyrequests|rate limit|rate exceeded", "more pulls are allowed after {login}"),
    _Reason(
        "HTTP response to HTTPS client",
        "it speaks plain HTTP: name {registry} in the engine's `insecure-registries`",
    ),
    _Reason(
        "x509|certificate",
        "the engine doesn't trust it: put its CA in /etc/docker/certs.d/{registry}/ca.crt",
    ),
    _Reason(
        "", "behind a firewall, `--image-repository PREFIX` takes runtime images from a mirror"
    ),
)


def explain(image: str, said: str) -> ImageNotFoundError | ImagePullError:
    """Return the error for what an engine said of a pull."""
    reason = next(each for each in _REASONS if re.search(each.said, said, re.IGNORECASE))
    hint = reason.hint.format(login=_login(image), registry=registry_of(image))
    if reason.is_about_image:
        return ImageNotFoundError(f"no image `{image}`: {said}", hint=hint)
    kind = ImageArchitectureError if reason.is_about_architecture else ImagePullError
    return kind(f"`{image}` can't be pulled: {said}", hint=hint)


def _login(image: str) -> str:
    registry = registry_of(image)
    if ecr := ecr_registry(image):
        return (
            "boto3 (`samlocal[aws]`) with credentials for its account,"
            f" or `aws ecr get-login-password --region {ecr['region']}"
            f" | docker login --username AWS --password-stdin {registry}`"
        )
    return f"`docker login {registry}`"
