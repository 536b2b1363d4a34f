from __future__ import annotations

import pytest

from samlocal.engine.images.pull_errors import explain
from samlocal.errors import ImageArchitectureError, ImageNotFoundError, ImagePullError

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("said", "error_class", "hint"),
    [
        pytest.param(
            "manifest for r.test/shop:1 not found: manifest unknown: manifest unknown",
            ImageNotFoundError,
            "check the name; a private image needs `docker login r.test`",
            id="not found",
        ),
        pytest.param(
            "pull access denied for shop, repository does not exist or may require 'docker login'",
            ImageNotFoundError,
            "check the name; a private image needs `docker login r.test`",
            id="hidden",
        ),
        pytest.param(
            "Head https://r.test/v2/shop/manifests/1: no basic auth credentials",
            ImagePullError,
            "the registry requires `docker login r.test` or a credential helper",
            id="unauthorised",
        ),
        pytest.param(
            "no matching manifest for linux/arm64/v8 in the manifest list entries: not found",
            ImageArchitectureError,
            "the image is not available for the function's `Architectures`; `--architecture` chooses another",
            id="architecture",
        ),
        pytest.param(
            "image with reference x was found but does not match the specified platform:"
            " wanted linux/arm64, actual: linux/amd64",
            ImageArchitectureError,
            "the image is not available for the function's `Architectures`; `--architecture` chooses another",
            id="single architecture",
        ),
        pytest.param(
            "write /var/lib/docker/tmp/x: no space left on device",
            ImagePullError,
            "`docker system df` shows what uses the disk",
            id="no space",
        ),
        pytest.param(
            "invalid reference format: repository name must be lowercase",
            ImageNotFoundError,
            "an image name is REGISTRY/NAME:TAG; only the tag may have upper case",
            id="no name",
        ),
        pytest.param(
            "dial tcp 10.0.0.1:443: connect: connection refused",
            ImagePullError,
            "behind a firewall, `--image-repository PREFIX` pulls runtime images from a mirror",
            id="anything else",
        ),
    ],
)
def test_errors_of_engines(said: str, error_class: type[Exception], hint: str) -> None:
    """Each error has the engine's message and a hint."""
    error = explain("r.test/shop:1", said)

    assert type(error) is error_class
    assert error.message.endswith(f": {said}")
    assert error.hint == hint


def test_login_to_ecr() -> None:
    """The hint for ECR names the ways to get a token from AWS."""
    error = explain(f"{ECR}/shop:1", "denied: Your authorization token has expired")

    assert error.hint
    assert "boto3" in error.hint
    assert "get-login-password --region eu-west-1 | docker login --username AWS" in error.hint
