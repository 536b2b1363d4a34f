"""Errors of pulls: messages of engines and registries, and the hints for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from samlocal.engine.images.registry_login import ecr_registry, registry_of
from samlocal.errors import ImageArchitectureError, ImageNotFoundError, ImagePullError


@dataclass(frozen=True, slots=True)
class _Reason:
    """A pattern of a message, and its hint; `{login}` and `{registry}` are placeholders."""

    message: str
    hint: str
    is_about_image: bool = False
    is_about_architecture: bool = False


# The order matters: Docker Hub's message for a private image also has the words for a missing one.
_REASONS: Final = (
    _Reason("pull access denied", "check the name; a private image needs {login}", True),
    _Reason(
        "unauthorized|authentication required|no basic auth|denied|forbidden",
        "the registry requires {login} or a credential helper",
    ),
    _Reason(
        "no matching manifest|does not match the specified platform",
        "the image is not available for the function's `Architectures`; `--architecture` chooses another",
        is_about_architecture=True,
    ),
    _Reason(
        "not found|manifest unknown|no such image|does not exist",
        "check the name; a private image needs {login}",
        True,
    ),
    _Reason(
        "invalid reference|invalid tag|must be lowercase",
        "an image name is REGISTRY/NAME:TAG; only the tag may have upper case",
        True,
    ),
    _Reason("no space left", "`docker system df` shows what uses the disk"),
    _Reason("toomanyrequests|rate limit|rate exceeded", "more pulls are allowed after {login}"),
    _Reason(
        "HTTP response to HTTPS client",
        "the registry uses plain HTTP: add {registry} to the engine's `insecure-registries`",
    ),
    _Reason(
        "x509|certificate",
        "the engine does not trust the registry: put its CA certificate in /etc/docker/certs.d/{registry}/ca.crt",
    ),
    _Reason(
        "", "behind a firewall, `--image-repository PREFIX` pulls runtime images from a mirror"
    ),
)


def explain(image: str, message: str) -> ImageNotFoundError | ImagePullError:
    """Return the error for an engine's message about a pull."""
    reason = next(each for each in _REASONS if re.search(each.message, message, re.IGNORECASE))
    hint = reason.hint.format(login=_login(image), registry=registry_of(image))
    if reason.is_about_image:
        return ImageNotFoundError(f"no image `{image}`: {message}", hint=hint)
    kind = ImageArchitectureError if reason.is_about_architecture else ImagePullError
    return kind(f"`{image}` cannot be pulled: {message}", hint=hint)


def _login(image: str) -> str:
    registry = registry_of(image)
    if ecr := ecr_registry(image):
        return (
            "boto3 (the extra `aws` of samlocal) with credentials for its account,"
            f" or `aws ecr get-login-password --region {ecr['region']}"
            f" | docker login --username AWS --password-stdin {registry}`"
        )
    return f"`docker login {registry}`"
