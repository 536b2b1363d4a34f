from __future__ import annotations

from pathlib import Path

import pytest

from samlocal.cli.options.code import CodeOptions
from samlocal.cli.options.container import ContainerOptions
from samlocal.cli.options.debugging import DebugOptions
from samlocal.cli.options.limits import LimitOptions
from samlocal.cli.plain_options import parse_images
from samlocal.cli.sandbox_settings import read_settings
from samlocal.errors import FunctionNotFoundError, Place
from samlocal.function import FunctionEntry
from samlocal.preparation.resolution import chosen_image

PLACE = Place(Path("template.yaml"), 1, 1)
RATINGS = FunctionEntry(
    logical_id="Ratings", full_path="Shop/Ratings", function_name="ratings-api", place=PLACE
)
REPORTS = FunctionEntry(logical_id="Reports", full_path="Shop/Reports", place=PLACE)


def image(*values: str) -> str | None:
    return chosen_image(parse_images(values), RATINGS, (RATINGS, REPORTS))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([], None, id="none"),
        pytest.param(["all:1"], "all:1", id="for every function"),
        pytest.param(["Ratings=mine:1", "all:1"], "mine:1", id="the function's own comes first"),
        pytest.param(["Reports=other:1"], None, id="for another function"),
        pytest.param(["Reports=other:1", "all:1"], "all:1", id="for another one, and every one"),
        pytest.param(["ratings-api=mine:1"], "mine:1", id="by function name"),
        pytest.param(["Shop/Ratings=mine:1"], "mine:1", id="by full path"),
        pytest.param(["a:1", "b:1"], "b:1", id="the last one counts"),
        pytest.param(["Ratings=r.test:5000/a@sha256:0a"], "r.test:5000/a@sha256:0a", id="digest"),
    ],
)
def test_image_of_a_function(values: list[str], expected: str | None) -> None:
    """`--invoke-image` applies to one function, by any of its identifiers, or to all."""
    assert image(*values) == expected


def test_image_of_an_unknown_function() -> None:
    """An unknown function is an error, whichever function runs."""
    with pytest.raises(FunctionNotFoundError, match="no function `Rating`") as caught:
        image("Rating=mine:1")
    assert caught.value.hint == "did you mean `Ratings`?"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (ContainerOptions(), "missing"),
        (ContainerOptions(skip_pull_image=True), "never"),
        (ContainerOptions(pull="always"), "always"),
        (ContainerOptions(pull="never", skip_pull_image=True), "never"),
    ],
)
def test_when_images_are_pulled(options: ContainerOptions, expected: str) -> None:
    """`--skip-pull-image` is the same as `--pull never`."""
    settings = read_settings(options, LimitOptions(), CodeOptions(), DebugOptions())
    assert settings.pull == expected
