"""Images that must be inspected before they run: found locally, pulled or built.

They are images of image functions, images that the user chose, and runtime images for another architecture.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from samlocal.engine.engine_api import ImageMissingError
from samlocal.engine.images.policy import is_pulled_always, vanished_image_error
from samlocal.errors import (
    EngineError,
    ImageArchitectureError,
    ImageNotFoundError,
    ImagePullError,
    UnusableImageError,
)
from samlocal.sandbox.docker.emulation import lambda_architecture
from samlocal.sandbox.image_functions import EXIT_HINT, Program, with_program

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.engine.engine import Engine
    from samlocal.engine.engine_api import Json as _Facts
    from samlocal.engine.images.policy import Build, ImageProgress
    from samlocal.sandbox.container_spec import ContainerSpec, ImageRequest


def with_prepared_image(
    engine: Engine,
    spec: ContainerSpec,
    *,
    progress: ImageProgress,
    cancelled: Callable[[], bool],
    pull: Callable[[str, ImageRequest], None],
) -> ContainerSpec:
    """Return the spec with an existing image, and with the program to run.

    `pull` gets an image with the settings of a request. If cancelled, the spec is unchanged.

    Raises:
        SandboxError: The image is not available, or has no program.
    """
    image, facts = _find(engine, spec)
    if facts is None:
        build = spec.image.build
        if build and image == build.image:
            from samlocal.engine.images.build import build_image  # noqa: PLC0415  # few need it

            build_image(engine, build, progress=progress, cancelled=cancelled)
        else:
            _fetch(engine, spec.image, image, pull=pull)
        if cancelled():
            return spec
        facts = _inspect(engine, image)
        if facts is None:
            raise vanished_image_error(image)
    elif spec.image.build:
        _note_newer_file(spec.image.build, image, facts, progress)
    _compare_architectures(spec, image, facts, progress)
    foreign = _foreign_architecture(engine, facts)
    spec = replace(spec, image=replace(spec.image, name=image, foreign_architecture=foreign))
    if not spec.image.is_function:
        return spec
    spec = with_program(spec, _program(facts))
    if spec.debug is None:
        return spec
    from samlocal.engine.images.image_files import image_files  # noqa: PLC0415
    from samlocal.sandbox.debugged_images import with_debugger_in_image  # noqa: PLC0415  # few need it

    with image_files(engine, image) as has_file:
        return replace(
            spec, sandbox=with_debugger_in_image(spec.sandbox, spec.debug, has_file=has_file)
        )


def _find(engine: Engine, spec: ContainerSpec) -> tuple[str, _Facts | None]:
    """Return the image to run, and its facts if it need not be pulled or built."""
    build, named = spec.image.build, spec.image.name
    if build is None:
        return _find_pulled(engine, spec)
    if build.policy == "always":
        return build.image, None
    if named != build.image and (facts := _inspect(engine, named)):
        return named, facts  # the template names it, as after `sam build`
    facts = _inspect(engine, build.image)
    if build.policy == "missing":
        from samlocal.engine.images.build import RECIPE_LABEL, recipe_of  # noqa: PLC0415  # few need it

        built = facts and _config(facts).get("Labels", {}).get(RECIPE_LABEL)
        return build.image, facts if built == recipe_of(build) else None
    if facts is None and named == build.image:
        raise ImageNotFoundError(
            f"the image of `{spec.sandbox.function}` is not built, and `--build never` prevents the build",
            hint="run without `--build never`, or name an image with `--invoke-image`",
        )
    return (build.image, facts) if facts else (named, None)


def exit_hint(engine: Engine, spec: ContainerSpec) -> str | None:
    """Return the hint for a sandbox that ended before its runtime was ready."""
    if spec.image.is_function:
        return EXIT_HINT
    image, wanted = spec.image.name, spec.sandbox.architecture
    with suppress(EngineError):
        facts = _inspect(engine, image)
        architecture = facts and lambda_architecture(facts["Architecture"])
        if architecture not in {None, wanted}:
            return (
                f"`{image}` is for {architecture}, but the function is for {wanted}:"
                " `--pull always` pulls the image again"
            )
    return None


def _find_pulled(engine: Engine, spec: ContainerSpec) -> tuple[str, _Facts | None]:
    """Return the image to run, and its facts if it exists, also under the name for all architectures."""
    image = spec.image
    if is_pulled_always(image.name, image.pull):
        return image.name, None
    facts = _inspect(engine, image.name)
    if facts is None and image.native not in {None, image.name}:
        native = _inspect(engine, str(image.native))
        if native and lambda_architecture(native["Architecture"]) == spec.sandbox.architecture:
            return str(image.native), native
    return image.name, facts


def _fetch(
    engine: Engine,
    request: ImageRequest,
    image: str,
    *,
    pull: Callable[[str, ImageRequest], None],
) -> None:
    """Pull an image for the function's architecture, or for the engine's if the user chose the image.

    Raises:
        SandboxError: It is not available; the error names a local image for another architecture.
    """
    try:
        try:
            pull(image, request)
        except ImageArchitectureError:
            if not request.is_chosen:
                raise
            pull(image, replace(request, foreign_architecture=None))
    except (ImageNotFoundError, ImagePullError) as error:
        here = request.native
        facts = _inspect(engine, here) if here and here != image else None
        if facts is None:
            raise
        architecture = lambda_architecture(facts["Architecture"])
        raise type(error)(
            f"{error.message}; `{here}` is available for {architecture}",
            hint=f"`--architecture {architecture}` runs the function in it",
        ) from error


def _compare_architectures(
    spec: ContainerSpec, image: str, facts: _Facts, progress: ImageProgress
) -> None:
    """Report an image for another architecture than the function's, which an own image may be.

    Raises:
        UnusableImageError: It is a runtime image, in which the function's code may not run.
    """
    architecture = lambda_architecture(facts["Architecture"])
    wanted = spec.sandbox.architecture
    if wanted in {None, architecture}:
        return
    difference = f"`{image}` is for {architecture}, but the function is for {wanted}"
    if spec.image.is_function or spec.image.is_chosen:
        progress.note(difference)
        return
    raise UnusableImageError(
        difference, hint=f"`--architecture {architecture}` runs the function in it"
    )


def _inspect(engine: Engine, image: str) -> _Facts | None:
    with engine.translated_errors():
        try:
            return engine.api.image(image)
        except ImageMissingError:
            return None


def _config(facts: _Facts) -> _Facts:
    return {name: value for name, value in (facts["Config"] or {}).items() if value is not None}


def _program(facts: _Facts) -> Program:
    config = _config(facts)
    return Program(
        entrypoint=tuple(config.get("Entrypoint", ())), command=tuple(config.get("Cmd", ()))
    )


def _foreign_architecture(engine: Engine, facts: _Facts) -> str | None:
    """Return the architecture of an image, if it is not that of the engine's machine."""
    architecture = str(facts["Architecture"])
    return None if architecture == engine.architecture() else architecture


def _note_newer_file(build: Build, image: str, facts: _Facts, progress: ImageProgress) -> None:
    """Report a file that is newer than the image, which is not rebuilt automatically."""
    if not build.recipe.context.is_dir():
        return
    from samlocal.engine.images.build_context import newer_file  # noqa: PLC0415  # few need it

    # An image of cached steps has their creation time, but the tag time of its build.
    times = (facts.get("Created"), (facts.get("Metadata") or {}).get("LastTagTime"))
    known = [datetime.fromisoformat(each).timestamp() for each in times if each]
    if known and (path := newer_file(build.recipe, than=max(known))):
        progress.note(f"`{path}` is newer than `{image}`: `--build always` rebuilds it")
