"""Image functions for a debugger: which runtime's recipe serves for what an image runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from samlocal.runtimes import find_runtime, newest_runtimes
from samlocal.sandbox.debug_arguments import is_program
from samlocal.sandbox.debugging import debugged, starts_as_aws

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.runtimes import Runtime
    from samlocal.sandbox.debugging import DebugSettings
    from samlocal.sandbox.sandbox import SandboxSpec

_OS_ONLY: Final = "provided.al2023"
_LANGUAGE_FOLDER: Final = "/var/lang/bin"
# What the entry point of AWS's base images starts, in their order.
_BOOTSTRAP: Final = "/var/runtime/bootstrap"


def debugged_image(
    spec: SandboxSpec, settings: DebugSettings, *, holds: Callable[[str], bool]
) -> SandboxSpec:
    """Return the sandbox of an image, whose program is known, in which a debugger waits.

    `holds` tells whether the image has a file at a path.

    Raises:
        RuntimeNotFoundError: `--debug-runtime` names none.
        DebuggerNotFoundError: The debugger can't be had.
    """
    spec = _without_npx(spec)
    runtime = find_runtime(settings.runtime) if settings.runtime else _runtime(spec, holds)
    if runtime.bootstraps and spec.entrypoint and starts_as_aws(spec.entrypoint):
        spec = replace(spec, entrypoint=(_BOOTSTRAP,), command=())
    return debugged(spec, runtime, settings)


def _runtime(spec: SandboxSpec, holds: Callable[[str], bool]) -> Runtime:
    """Return the runtime whose program an image runs: with AWS's entry point, which it has at all."""
    entrypoint = spec.entrypoint or ("",)
    for runtime in newest_runtimes():
        program = runtime.program
        if program is None:
            continue
        if starts_as_aws(entrypoint):
            if holds(f"{_LANGUAGE_FOLDER}/{program}"):
                return runtime
        elif is_program(entrypoint[0], program):
            return runtime
    return find_runtime(_OS_ONLY)


def _without_npx(spec: SandboxSpec) -> SandboxSpec:
    """Return the sandbox in which Node.js runs what `npx` would have it run in a second process.

    https://docs.aws.amazon.com/lambda/latest/dg/nodejs-image.html#nodejs-image-clients
    """
    program, *arguments = spec.entrypoint or ("",)
    if PurePosixPath(program).name != "npx" or not arguments:
        return spec
    client, *rest = arguments
    return replace(spec, entrypoint=("node", f"node_modules/.bin/{client}", *rest))
