"""Logins for registries: `docker login`, credential helpers, and AWS for ECR.

https://docs.docker.com/reference/cli/docker/login/#credential-stores
https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
"""

from __future__ import annotations

import base64
import re
import warnings
from typing import TYPE_CHECKING, Final, Protocol, cast

from docker import auth
from docker.credentials.errors import StoreError
from docker.errors import DockerException
from docker.utils import parse_repository_tag

from samlocal.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from samlocal.engine.images.policy import ImageProgress

_ECR: Final = re.compile(
    r"(?P<account>\d{12})\.dkr[.-]ecr(-fips)?\.(?P<region>[a-z0-9-]+)\.(amazonaws\.com(\.cn)?|on\.aws)"
)


class _EcrClient(Protocol):
    """The part of boto3's ECR client that is used."""

    def get_authorization_token(self) -> Mapping[str, Sequence[Mapping[str, str]]]:
        """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html."""


def registry_of(image: str) -> str:
    """Return the registry of an image, `docker.io` by default."""
    try:
        registry, _ = auth.resolve_repository_name(parse_repository_tag(image)[0])
    except DockerException:  # not a valid image name: the engine reports it
        return auth.INDEX_NAME
    return str(registry)


def ecr_registry(image: str) -> re.Match[str] | None:
    """Return the account and region of the image's private ECR registry; None for any other registry."""
    return _ECR.fullmatch(registry_of(image))


def login_headers(image: str, *, profile: str | None, progress: ImageProgress) -> dict[str, str]:
    """Return the headers for the pull of an image; none without a login.

    For ECR, a new token from AWS is preferred: a token of `docker login` expires after 12 hours.
    """
    found = ecr_registry(image)
    login = _ecr_login(found["region"], profile, progress) if found else None
    login = login or _configured_login(registry_of(image), progress)
    return {"X-Registry-Auth": auth.encode_header(login).decode()} if login else {}


def _ecr_login(region: str, profile: str | None, progress: ImageProgress) -> dict[str, str] | None:
    from samlocal.aws_clients import connect  # noqa: PLC0415  # most images are elsewhere

    try:
        client = cast("_EcrClient", connect(region=region, profile=profile)("ecr"))
        token = client.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    except UsageError as error:  # without boto3, try `docker login`
        progress.note(f"No login to ECR through AWS: {error.message}")
        return None
    except Exception as error:  # noqa: BLE001  # boto3's errors have no useful common root
        progress.note(f"No login to ECR through AWS: {error}")
        return None
    user, _, password = base64.b64decode(token).decode().partition(":")
    return {"username": user, "password": password}


def _configured_login(registry: str, progress: ImageProgress) -> dict[str, str] | None:
    """Return the login for a registry from Docker's config.json or its credential helper."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # docker-py warns of a missing helper, and then fails
            return cast("dict[str, str] | None", auth.load_config().resolve_authconfig(registry))
    except (DockerException, StoreError, ValueError, OSError) as error:
        # A public image needs no login, and a removed Docker Desktop leaves its helper in the settings.
        progress.note(f"Pulling without a login: {_reason(error)}")
        return None


def _reason(error: Exception) -> str:
    inner = error.__cause__ if isinstance(error.__cause__, StoreError) else error
    return f"the credential helper of Docker's config.json failed: {inner}"
