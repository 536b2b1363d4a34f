from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.errors import ImageNotFoundError, Place, UnusableImageError
from samlocal.function import Function, ImageBuild, ImageCode
from samlocal.sandbox.container_spec import ImageRequest
from samlocal.sandbox.image_functions import (
    Program,
    plan_image_function,
    with_program,
    without_emulator,
)
from samlocal.sandbox.plan import SandboxSettings

if TYPE_CHECKING:
    from samlocal.sandbox.container_spec import ContainerSpec

TEMPLATE = Path("/shop/template.yaml")
PLACE = Place(TEMPLATE, 12, 5)
BUILD = ImageBuild(context=Path("/shop/thumbnails"))
LAMBDAS = Program(entrypoint=("/lambda-entrypoint.sh",), command=("app.handler",))


def plan(
    code: ImageCode, settings: SandboxSettings | None = None, *, path: str = ""
) -> ContainerSpec:
    function = Function(
        logical_id="Thumbnails", full_path=path or "Thumbnails", name="t", code=code, place=PLACE
    )
    return plan_image_function(
        function, code, {"STAGE": "dev"}, project=TEMPLATE, settings=settings or SandboxSettings()
    )


def image(
    uri: str | None = "shop:1",
    build: ImageBuild | None = None,
    *,
    entry_point: tuple[str, ...] = (),
    command: tuple[str, ...] = (),
) -> ImageCode:
    return ImageCode(uri=uri, build=build, entry_point=entry_point, command=command, place=PLACE)


def test_code_of_an_image_is_inside() -> None:
    """An image function has no mounts, and the template's image."""
    spec = plan(image())

    assert spec.image == ImageRequest(name="shop:1", is_function=True)
    assert spec.sandbox.mounts == ()


def test_built_image_has_a_unique_name() -> None:
    """The name of a built image is stable, and differs for functions of one name in two stacks."""
    one, again, other = (
        plan(image(None, BUILD), path=path).image for path in ("A/T", "A/T", "B/T")
    )

    assert one.name.startswith("samlocal/thumbnails-")
    assert one.name.endswith(":latest")
    assert one.name == again.name != other.name
    assert one.build
    assert one.build.platform == "linux/amd64"


def test_tag_of_a_build() -> None:
    """`DockerTag` is the tag of a built image, as in `sam build`."""
    assert plan(image(None, replace(BUILD, tag="v1"))).image.name.endswith(":v1")


def test_image_with_a_uri_and_a_build() -> None:
    """An image in the template takes precedence over its build, which remains possible."""
    request = plan(image("thumbnails:v1", BUILD)).image

    assert request.name == "thumbnails:v1"
    assert request.build


def test_chosen_image_is_not_built() -> None:
    """`--invoke-image` replaces the template's image and its build."""
    request = plan(image("shop:1", BUILD), SandboxSettings(image="mine:2")).image

    assert (request.name, request.build) == ("mine:2", None)


def test_image_function_without_an_image() -> None:
    """An image function with neither `ImageUri` nor `Metadata` is an error."""
    with pytest.raises(
        ImageNotFoundError, match="`Thumbnails` is an image function without an"
    ) as caught:
        plan(image(None))
    assert caught.value.place == PLACE


@pytest.mark.parametrize(
    ("code", "entrypoint", "command"),
    [
        pytest.param(image(), LAMBDAS.entrypoint, LAMBDAS.command, id="own"),
        pytest.param(image(command=("a.b",)), LAMBDAS.entrypoint, ("a.b",), id="command"),
        pytest.param(image(entry_point=("/x",)), ("/x",), LAMBDAS.command, id="entry point"),
        pytest.param(image(entry_point=("/x",), command=("y",)), ("/x",), ("y",), id="both"),
    ],
)
def test_image_config_overrides_part_by_part(
    code: ImageCode, entrypoint: tuple[str, ...], command: tuple[str, ...]
) -> None:
    """`ImageConfig` overrides the image part by part; the handler is the first word of the command."""
    spec = with_program(plan(code), LAMBDAS).sandbox

    assert (spec.entrypoint, spec.command) == (entrypoint, command)
    assert spec.environment["_HANDLER"] == command[0]
    assert spec.environment["AWS_LAMBDA_FUNCTION_HANDLER"] == command[0]


def test_program_that_is_a_command() -> None:
    """An image without an entry point runs its command, without a leading emulator."""
    own = Program(entrypoint=(), command=("/aws-lambda-rie", "/main", "one"))

    spec = with_program(plan(image()), own).sandbox

    assert (spec.entrypoint, spec.command) == (("/main", "one"), ())


@pytest.mark.parametrize("command", [(), ("/aws-lambda-rie",)])
def test_image_with_nothing_to_run(command: tuple[str, ...]) -> None:
    """An image with no program, or only the emulator, is an error."""
    with pytest.raises(UnusableImageError, match="`shop:1` has nothing to run"):
        with_program(plan(image()), Program(entrypoint=(), command=command))


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--log-level", "debug"],
        ["--log-level=debug", "--enable-init-caching"],
        ["--runtime-interface-emulator-address", "0.0.0.0:9000"],
    ],
)
def test_emulator_and_its_options_are_removed(options: list[str]) -> None:
    """A leading emulator and its options are removed."""
    rest = ("/usr/bin/python3", "-m", "awslambdaric", "--verbose")
    assert without_emulator(["/usr/local/bin/aws-lambda-rie", *options, *rest]) == rest


@given(st.lists(st.text()).filter(lambda words: not words or "aws-lambda-rie" not in words[0]))
def test_other_programs_stay(words: list[str]) -> None:
    """A command line without a leading emulator is unchanged."""
    assert without_emulator(words) == tuple(words)
