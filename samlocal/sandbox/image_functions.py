"""Functions that are container images (`PackageType: Image`), and their programs.

https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic
from samlocal.engine.images.policy import Build
from samlocal.errors import ImageNotFoundError, UnusableImageError
from samlocal.frozen_dataclass import frozen
from samlocal.sandbox.plan import empty_container

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from samlocal.function import Function, ImageCode
    from samlocal.sandbox.container_spec import ContainerSpec
    from samlocal.sandbox.plan import SandboxSettings

# The emulator would serve another Runtime API:
# https://github.com/aws/aws-lambda-runtime-interface-emulator/blob/develop/cmd/aws-lambda-rie/main.go
_EMULATORS: Final = frozenset({"aws-lambda-rie", "aws-lambda-rie-x86_64", "aws-lambda-rie-arm64"})
_EMULATOR_OPTIONS_WITH_VALUE: Final = frozenset(
    {"--log-level", "--runtime-api-address", "--runtime-interface-emulator-address"}
)
_PLATFORMS: Final = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}
_DIGITS: Final = 12

EXIT_HINT: Final = (
    "the image's program ended before it requested an event: Lambda requires a runtime"
    " interface client, or another program that uses the Runtime API"
)


@frozen
class Program:
    """The program in an image's configuration."""

    entrypoint: tuple[str, ...]
    command: tuple[str, ...]


def plan_image_function(
    function: Function,
    code: ImageCode,
    environment: Mapping[str, str],
    *,
    project: Path,
    settings: SandboxSettings,
) -> ContainerSpec:
    """Return the container of an image function, whose code is in the image.

    Raises:
        ImageNotFoundError: The template has neither an image nor a build for it.
    """
    build = None if settings.image else planned_build(function, code, project, settings)
    image = settings.image or code.uri or (build.image if build else None)
    if image is None:
        raise ImageNotFoundError(
            f"`{function.logical_id}` is an image function without an image",
            place=code.place,
            hint="set `ImageUri`, or `Metadata` with a `Dockerfile`; or name one with `--invoke-image`",
        )
    spec = empty_container(function, environment, project=project, image=image, settings=settings)
    sandbox = replace(
        spec.sandbox,
        entrypoint=without_emulator(code.entry_point) or None,
        command=code.command,
        working_directory=code.working_directory,
    )
    return replace(spec, sandbox=sandbox, image=replace(spec.image, is_function=True, build=build))


def ignored_layers(function: Function) -> tuple[Diagnostic, ...]:
    """Return diagnostics for the layers of an image function, which have no effect."""
    return tuple(
        Diagnostic(
            message=f"the layer `{layer.name}` is not mounted: Lambda ignores layers of image functions",
            place=layer.place,
        )
        for layer in function.layers
    )


def planned_build(
    function: Function, code: ImageCode, project: Path, settings: SandboxSettings
) -> Build | None:
    """Return the build of the function's image; the name of the image is stable and unique."""
    if code.build is None:
        return None
    digest = hashlib.sha256(f"{project}\0{function.full_path}".encode(errors="surrogateescape"))
    name = "".join(
        each for each in function.logical_id.lower() if each.isalnum() and each.isascii()
    )
    return Build(
        function=function.logical_id,
        recipe=code.build,
        image=f"samlocal/{name or 'function'}-{digest.hexdigest()[:_DIGITS]}:{code.build.tag or 'latest'}",
        platform=_PLATFORMS[function.architecture],
        policy=settings.build,
    )


def with_program(spec: ContainerSpec, own: Program) -> ContainerSpec:
    """Return the spec with its program, which is the image's where `ImageConfig` does not set it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-imageconfig.html

    Raises:
        UnusableImageError: The image has neither an entry point nor a command.
    """
    sandbox = spec.sandbox
    entrypoint = sandbox.entrypoint or without_emulator(own.entrypoint)
    command = sandbox.command or own.command
    if not entrypoint:
        entrypoint, command = without_emulator(command), ()
    if not entrypoint:
        raise UnusableImageError(
            f"`{spec.image.name}` has nothing to run: neither an ENTRYPOINT nor a CMD",
            hint="set `ImageConfig.Command` in the template, or CMD in the Dockerfile",
        )
    handler = {
        name: command[0]
        for name in ("_HANDLER", "AWS_LAMBDA_FUNCTION_HANDLER")
        if command and name not in sandbox.environment
    }
    environment = {**sandbox.environment, **handler}
    sandbox = replace(sandbox, entrypoint=entrypoint, command=command, environment=environment)
    return replace(spec, sandbox=sandbox)


def without_emulator(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return a command line without a leading runtime interface emulator and its options."""
    if not arguments or PurePosixPath(arguments[0]).name not in _EMULATORS:
        return tuple(arguments)
    rest = list(arguments[1:])
    while rest and rest[0].startswith("--"):
        if rest.pop(0) in _EMULATOR_OPTIONS_WITH_VALUE and rest:
            rest.pop(0)
    return tuple(rest)
