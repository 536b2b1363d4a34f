from __future__ import annotations

import os
import tarfile
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from samlocal.engine.images.build_context import (
    newer_file,
    read_dockerfile,
    recipe_digest,
    write_context,
)
from samlocal.engine.images.policy import Build
from samlocal.errors import ImageBuildError
from samlocal.function import ImageBuild

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def recipe(tmp_path: Path) -> ImageBuild:
    """A context with sources and ignored files."""
    context = tmp_path / "function"
    (context / "node_modules").mkdir(parents=True)
    for name in ("Dockerfile", "app.js", "secrets.env", "node_modules/left-pad.js"):
        (context / name).write_text(name)
    (context / ".dockerignore").write_text("# generated\nnode_modules\n\n*.env\n")
    return ImageBuild(context=context)


def archived(recipe: ImageBuild) -> tuple[str, dict[str, bytes]]:
    archive = BytesIO()
    dockerfile = write_context(recipe, read_dockerfile(recipe), archive)
    with tarfile.open(fileobj=archive) as files:
        contents = {each.name: file.read() for each in files if (file := files.extractfile(each))}
    return dockerfile, contents


def test_ignored_files_are_not_sent(recipe: ImageBuild) -> None:
    """The engine gets the same files as from `docker build`."""
    dockerfile, contents = archived(recipe)

    assert dockerfile == "Dockerfile"
    assert set(contents) == {".dockerignore", "Dockerfile", "app.js"}


def test_dockerfile_from_outside_the_context(recipe: ImageBuild) -> None:
    """A Dockerfile from outside the context is added to it."""
    recipe.context.with_name("Dockerfile.shared").write_text("FROM scratch\n")

    dockerfile, contents = archived(replace(recipe, dockerfile="../Dockerfile.shared"))

    assert contents[dockerfile] == b"FROM scratch\n"


def test_missing_dockerfile_and_context(recipe: ImageBuild) -> None:
    """The error names the missing path, and the hint the directory that it is relative to."""
    with pytest.raises(ImageBuildError, match=r"Dockerfile.prod` cannot be read: No such file"):
        read_dockerfile(replace(recipe, dockerfile="Dockerfile.prod"))
    with pytest.raises(ImageBuildError, match=r"no build context directory `.*elsewhere`"):
        read_dockerfile(replace(recipe, context=recipe.context / "elsewhere"))


def test_digest_depends_on_the_recipe(recipe: ImageBuild) -> None:
    """The digest depends on arguments, target, platform and the Dockerfile's text, not on sources."""
    build = Build(function="F", recipe=recipe, image="f:latest", platform="linux/amd64")
    others = [
        replace(build, recipe=replace(recipe, target="test")),
        replace(build, recipe=replace(recipe, build_args={"A": "1"})),
        replace(build, platform="linux/arm64"),
    ]
    digests = {recipe_digest(each, b"FROM scratch") for each in (build, *others)}
    digests.add(recipe_digest(build, b"FROM other"))
    (recipe.context / "app.js").write_text("changed")

    assert len(digests) == 5
    assert recipe_digest(build, b"FROM scratch") in digests


def test_newer_file(recipe: ImageBuild) -> None:
    """A newer source is found, unless it is ignored."""
    for path in recipe.context.rglob("*"):
        os.utime(path, (1000, 1000))
    os.utime(recipe.context / "secrets.env", (3000, 3000))
    assert newer_file(recipe, than=2000) is None

    os.utime(recipe.context / "app.js", (3000, 3000))

    assert newer_file(recipe, than=2000) == recipe.context / "app.js"
