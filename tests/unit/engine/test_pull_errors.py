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
            "is the name right? a private image needs `docker login r.test`",
            id="not found",
        ),
        pytest.param(
            "pull access denied for shop, repository does not exist or may require 'docker login'",
            ImageNotFoundError,
            "is the name right? a private image needs `docker login r.test`",
            id="hidden",
        ),
        pytest.param(
            "Head https://r.test/v2/shop/manifests/1: no basic auth credentials",
            ImagePullError,
            "the registry wants `docker login r.test`, or a credential helper",
            id="unauthorised",
        ),
        pytest.param(
            "no matching manifest for linux/arm64/v8 in the manifest list entries: not found",
            ImageArchitectureError,
            "it isn't made for the function's `Architectures`; `--architecture` chooses another one",
            id="architecture",
        ),
        pytest.param(
            "image with reference x was found but does not match the specified platform:"
            " wanted linux/arm64, actual: linux/amd64",
            ImageArchitectureError,
            "it isn't made for the function's `Architectures`; `--architecture` chooses another one",
            id="single architecture",
        ),
        pytest.param(
            "write /var/lib/docker/tmp/x: no space left on device",
            ImagePullError,
            "`docker system df` shows what takes the space",
            id="no space",
        ),
        pytest.param(
            "invalid reference format: repository name must be lowercase",
            ImageNotFoundError,
            "an image is REGISTRY/NAME:TAG, in lower case but for the tag",
            id="no name",
        ),
        pytest.param(
            "dial tcp 10.0.0.1:443: connect: connection refused",
            ImagePullError,
            "behind a firewall, `--image-repository PREFIX` takes runtime images from a mirror",
            id="anything else",
        ),
    ],
)
def test_what_engines_say(said: str, error_class: type[Exception], hint: str) -> None:
    """Each reason keeps the engine's words, and gets what to do about it."""
    error = explain("r.test/shop:1", said)

    assert type(error) is error_class
    assert error.message.endswith(f": {said}")
    assert error.hint == hint


def test_login_to_ecr() -> None:
    """AWS's own registries take no password that a person could know."""
    error = explain(f"{ECR}/shop:1", "denied: Your authorization token has expired")

    assert error.hint
    assert "boto3" in error.hint
    assert "get-login-password --region eu-west-1 | docker login --username AWS" in error.hint
