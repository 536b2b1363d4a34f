from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from samlocal.cli.image_updates import image_updates
from samlocal.sandbox.container_spec import ImageRequest

if TYPE_CHECKING:
    from samlocal.engine.engine import Engine
    from samlocal.engine.images.policy import ImagePolicy

OFFICIAL = "public.ecr.aws/lambda/python:3.11"
NO_ENGINE = cast("Engine", None)


def request(name: str = OFFICIAL, *, pull: ImagePolicy = "missing") -> ImageRequest:
    return ImageRequest(name=name, pull=pull)


@pytest.mark.parametrize(
    ("image", "shell", "expected"),
    [
        pytest.param(request(), {}, True, id="official"),
        pytest.param(request(), {"CI": "true"}, False, id="ci"),
        pytest.param(request(), {"SAMLOCAL_UPDATE_CHECK": "0"}, False, id="off"),
        pytest.param(request(), {"CI": "true", "SAMLOCAL_UPDATE_CHECK": "1"}, True, id="on in ci"),
        pytest.param(request("localhost/samlocal/python:3.11"), {}, False, id="stand-in"),
        pytest.param(request("mirror.test/lambda/python:3.11"), {}, False, id="mirror"),
        pytest.param(
            request("mirror.test/x:1"), {"SAMLOCAL_UPDATE_CHECK": "1"}, True, id="asked for"
        ),
        pytest.param(request(pull="never"), {}, False, id="never pulled"),
        pytest.param(request(pull="always"), {}, False, id="always pulled"),
    ],
)
def test_which_images_are_checked(
    image: ImageRequest, shell: dict[str, str], *, expected: bool
) -> None:
    """AWS's own images are checked outside CI; others only with SAMLOCAL_UPDATE_CHECK=1."""
    assert (image_updates(image, NO_ENGINE, shell) is not None) is expected
