"""The image of an image function: found here, pulled or built, and what it says of itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from docker.errors import ImageNotFound

from samlocal.errors import ImageNotFoundError
from samlocal.sandbox.build_context import newer_file
from samlocal.sandbox.docker.builds import RECIPE_LABEL, build_image, recipe_of
from samlocal.sandbox.docker.emulation import emulated, platform_of
from samlocal.sandbox.docker.engine import translated_errors
from samlocal.sandbox.docker.images import (
    is_pulled_always,
    pull_image,
    skipped_pull_error,
    vanished_image_error,
)
from samlocal.sandbox.image_functions import Program, with_program

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.sandbox.docker.engine import Engine
    from samlocal.sandbox.sandbox import Build, ImageProgress, SandboxSpec

    # https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image/operation/ImageInspect
    _Facts = dict[str, Any]


def ready_to_run(
    engine: Engine,
    spec: SandboxSpec,
    *,
    progress: ImageProgress,
    cancelled: Callable[[], bool],
) -> SandboxSpec:
    """Return the spec with an image that is here, and all that it is to run.

    Once cancelled it is the spec as it was.

    Raises:
        SandboxError: The image can't be had, or holds nothing to run.
    """
    image, facts = _find(engine, spec)
    if facts is None:
        if spec.build and image == spec.build.image:
            build_image(engine, spec.build, progress=progress, cancelled=cancelled)
        elif spec.pull == "never":
            raise skipped_pull_error(image)
        else:
            pull_image(
                engine,
                image,
                profile=spec.profile,
                progress=progress,
                cancelled=cancelled,
                platform=platform_of(emulated(engine, spec)),
            )
        if cancelled():
            return spec
        facts = _inspect(engine, image)
        if facts is None:
            raise vanished_image_error(image)
    elif spec.build:
        _note_newer_file(spec.build, image, facts, progress)
    foreign = _foreign_architecture(engine, facts)
    spec = replace(spec, image=image, foreign_architecture=foreign)
    spec = with_program(spec, _program(facts))
    if spec.debug is None:
        return spec
    from samlocal.sandbox.debugged_images import debugged_image  # noqa: PLC0415  # few need it
    from samlocal.sandbox.docker.image_files import image_files  # noqa: PLC0415

    with image_files(engine, image) as holds:
        return debugged_image(spec, spec.debug, holds=holds)


def _find(engine: Engine, spec: SandboxSpec) -> tuple[str, _Facts | None]:
    """Return the image to run, with its facts where it is here already and need not be made anew."""
    build = spec.build
    if build is None:
        return spec.image, None if is_pulled_always(spec) else _inspect(engine, spec.image)
    if build.policy == "always":
        return build.image, None
    if spec.image != build.image and (facts := _inspect(engine, spec.image)):
        return spec.image, facts  # the template names it: `sam build` does, and whoever deployed it
    facts = _inspect(engine, build.image)
    if build.policy == "missing":
        built = facts and _config(facts).get("Labels", {}).get(RECIPE_LABEL)
        return build.image, facts if built == recipe_of(build) else None
    if facts is None and spec.image == build.image:
        raise ImageNotFoundError(
            f"the image of `{spec.function}` isn't built, and `--build never` forbids it",
            hint="leave out `--build never`, or name an image with `--invoke-image`",
        )
    return (build.image, facts) if facts else (spec.image, None)


def _inspect(engine: Engine, image: str) -> _Facts | None:
    with translated_errors():
        try:
            return cast("_Facts", engine.api.inspect_image(image))  # type: ignore[no-untyped-call]  # docker's
        except ImageNotFound:
            return None


def _config(facts: _Facts) -> _Facts:
    return {name: value for name, value in (facts["Config"] or {}).items() if value is not None}


def _program(facts: _Facts) -> Program:
    config = _config(facts)
    return Program(
        entrypoint=tuple(config.get("Entrypoint", ())), command=tuple(config.get("Cmd", ()))
    )


def _foreign_architecture(engine: Engine, facts: _Facts) -> str | None:
    """Return the architecture of an image that isn't the one of the engine's machine."""
    architecture = str(facts["Architecture"])
    return None if architecture == engine.architecture() else architecture


def _note_newer_file(build: Build, image: str, facts: _Facts, progress: ImageProgress) -> None:
    """Say that the image lacks what has been written since; building is left to its user."""
    if not build.recipe.context.is_dir():
        return
    # An image of cached steps was created when they were, and tagged when it was built.
    times = (facts.get("Created"), (facts.get("Metadata") or {}).get("LastTagTime"))
    known = [datetime.fromisoformat(each).timestamp() for each in times if each]
    if known and (path := newer_file(build.recipe, than=max(known))):
        progress.note(f"`{path}` is newer than `{image}`: `--build always` builds it anew")
