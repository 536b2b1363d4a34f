from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from runtimes.images import recipe
from runtimes.images.recipe import read_recipes
from samlocal.runtimes import all_runtimes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_every_stand_in_stands_for_an_official_image() -> None:
    """A stand-in has the name and tag of the image that a runtime asks for; only a base has not."""
    official = {runtime.image for runtime in all_runtimes()}
    images = read_recipes().images
    names = {name for name, image in images.items() if image.parent}
    assert names <= official
    assert {"python:3.11", "nodejs:22", "java:21", "provided:al2023"} <= names
    assert {name.partition(":")[0] for name in images.keys() - names} == {"base"}


def test_an_image_is_made_of_its_parent_s_debian() -> None:
    """An image is of the Debian suite that its base names, with the base's packages and its own."""
    images = read_recipes().images
    assert (images["java:17"].suite, images["java:21"].suite) == ("bookworm", "trixie")
    assert images["java:21"].packages == (
        *images["base:trixie"].packages,
        "openjdk-21-jre-headless",
    )


def test_stand_ins_never_bear_an_official_name() -> None:
    """What is built here is tagged in a repository of its own."""
    recipes = read_recipes()
    tags = {recipes.tag(image) for image in recipes.images.values()}
    assert all(tag.startswith("localhost/samlocal/") for tag in tags)


def test_a_digest_is_of_everything_that_decides_the_image() -> None:
    """Other data, another parent or another version make another digest; the same make the same."""
    image = read_recipes().images["python:3.11"]
    parent, python = image.parent, image.python
    assert parent
    assert python
    others = [
        replace(image, packages=(*image.packages, "jq")),
        replace(image, python=replace(python, wheels=python.wheels[1:])),
        replace(image, parent=replace(parent, suite="trixie")),
        replace(image, name="python:3.12"),
    ]
    assert len({image.digest(), *(other.digest() for other in others)}) == 1 + len(others)
    assert image.digest() == read_recipes().images["python:3.11"].digest()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda file: file.write_text("FROM scratch"), id="content"),
        pytest.param(lambda file: file.chmod(0o755), id="mode"),
        pytest.param(lambda file: file.rename(file.with_name("Other")), id="name"),
    ],
)
def test_a_digest_is_of_the_recipe_s_files(
    change: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Content, mode and name of every file of a recipe are in the digest of its image."""
    (tmp_path / "python").mkdir()
    file = tmp_path / "python" / "Dockerfile"
    file.write_text("FROM base")
    for program in ("build.py", "ingredients.py"):
        (tmp_path / program).touch()
    image = replace(read_recipes().images["python:3.11"], parent=None)
    monkeypatch.setattr(recipe, "HERE", tmp_path)
    before = image.digest()
    change(file)
    assert image.digest() != before
