from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from samlocal.cli.image_updates import image_updates
from samlocal.sandbox.sandbox import SandboxSpec

if TYPE_CHECKING:
    from samlocal.engine.engine import Engine
    from samlocal.engine.images.policy import ImagePolicy

OFFICIAL = "public.ecr.aws/lambda/python:3.11"
NO_ENGINE = cast("Engine", None)


def spec(image: str = OFFICIAL, *, pull: ImagePolicy = "missing") -> SandboxSpec:
    return SandboxSpec(
        function="F", project=Path(), image=image, environment={}, memory_mb=128, pull=pull
    )


@pytest.mark.parametrize(
    ("sandbox", "shell", "expected"),
    [
        pytest.param(spec(), {}, True, id="official"),
        pytest.param(spec(), {"CI": "true"}, False, id="ci"),
        pytest.param(spec(), {"SAMLOCAL_UPDATE_CHECK": "0"}, False, id="off"),
        pytest.param(spec(), {"CI": "true", "SAMLOCAL_UPDATE_CHECK": "1"}, True, id="on in ci"),
        pytest.param(spec("localhost/samlocal/python:3.11"), {}, False, id="stand-in"),
        pytest.param(spec("mirror.test/lambda/python:3.11"), {}, False, id="mirror"),
        pytest.param(spec("mirror.test/x:1"), {"SAMLOCAL_UPDATE_CHECK": "1"}, True, id="asked for"),
        pytest.param(spec(pull="never"), {}, False, id="never pulled"),
        pytest.param(spec(pull="always"), {}, False, id="always pulled"),
    ],
)
def test_who_is_looked_after(
    sandbox: SandboxSpec, shell: dict[str, str], *, expected: bool
) -> None:
    """AWS's own images are, outside CI; others where it is asked for."""
    assert (image_updates(sandbox, NO_ENGINE, shell) is not None) is expected
