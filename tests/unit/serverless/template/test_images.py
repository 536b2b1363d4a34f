"""Functions that are container images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.errors import TemplateError
from samlocal.function import ImageBuild, ImageCode
from tests.unit.serverless.services import resolved, write_service

if TYPE_CHECKING:
    from pathlib import Path

URI = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop"
IMAGES = f"""
    images:
      ready: {URI}:1
      digest: {{uri: "{URI}@sha256:0"}}
      built: {{path: ./images, file: web.Dockerfile, buildArgs: {{VERSION: "1"}}, platform: linux/amd64}}
      short: ./images
      empty: {{}}
"""


def image_of(directory: Path, image: str) -> ImageCode:
    directory.joinpath("images").mkdir(exist_ok=True)
    project = write_service(
        directory,
        f"service: shop\nprovider:\n  name: aws\n  ecr:{IMAGES}\nfunctions: {{web: {{image: {image}}}}}",
    )
    function = resolved(project, "web")
    assert function.runtime is None
    assert isinstance(function.code, ImageCode)
    return function.code


@pytest.mark.parametrize(
    ("image", "uri"),
    [
        (f"{URI}@sha256:1", f"{URI}@sha256:1"),
        ("localhost/shop:latest", "localhost/shop:latest"),
        ("ready", f"{URI}:1"),
        ("digest", f"{URI}@sha256:0"),
        ("{name: ready}", f"{URI}:1"),
        (f"{{uri: '{URI}:2'}}", f"{URI}:2"),
    ],
)
def test_an_image_has_a_uri(tmp_path: Path, image: str, uri: str) -> None:
    """The function gives it, or names one of the provider's images."""
    code = image_of(tmp_path, image)
    assert (code.uri, code.build) == (uri, None)


def test_the_function_overrides_settings_of_the_image(tmp_path: Path) -> None:
    """Command, entry point and working directory are the function's."""
    code = image_of(
        tmp_path, "{name: ready, command: [app.web], entryPoint: [/run], workingDirectory: /srv}"
    )
    assert (code.command, code.entry_point) == (("app.web",), ("/run",))
    assert code.working_directory == "/srv"


def test_an_image_is_built_from_a_directory(tmp_path: Path) -> None:
    """The Dockerfile is relative to `path`."""
    assert image_of(tmp_path, "built").build == ImageBuild(
        context=tmp_path / "images", dockerfile="web.Dockerfile", build_args={"VERSION": "1"}
    )
    assert image_of(tmp_path, "short").build == ImageBuild(context=tmp_path / "images")


@pytest.mark.parametrize(
    ("image", "message", "hint"),
    [
        ("redy", "has no image `redy`", "did you mean `ready`?"),
        ("empty", "needs a `uri` or a `path`", None),
        ("{command: [a]}", "needs a `name` or a `uri`", None),
        ("{name: ready, uri: x/y}", "needs a `name` or a `uri`", None),
        ("[a]", "must be a string", None),
    ],
)
def test_an_image_that_is_not_there_is_refused(
    tmp_path: Path, image: str, message: str, hint: str | None
) -> None:
    """The error has a place."""
    with pytest.raises(TemplateError, match=message) as caught:
        image_of(tmp_path, image)
    assert caught.value.place is not None
    assert caught.value.hint == hint
