"""Image functions with a debugger: the runtime whose recipe fits the program of an image."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from samlocal.runtimes import find_runtime, newest_runtimes
from samlocal.sandbox.debug_arguments import is_program
from samlocal.sandbox.debugging import starts_as_aws, with_debugger

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.runtimes import Runtime
    from samlocal.sandbox.debugging import DebugSettings
    from samlocal.sandbox.sandbox import SandboxSpec

_OS_ONLY: Final = "provided.al2023"
_LANGUAGE_FOLDER: Final = "/var/lang/bin"
# The program that the entry point of AWS's base images starts.
_BOOTSTRAP: Final = "/var/runtime/bootstrap"


def with_debugger_in_image(
    spec: SandboxSpec, settings: DebugSettings, *, has_file: Callable[[str], bool]
) -> SandboxSpec:
    """Return the sandbox of an image with a known program, with a waiting debugger.

    `has_file` tells whether the image has a file at a path.

    Raises:
        RuntimeNotFoundError: `--debug-runtime` is not a runtime.
        DebuggerNotFoundError: The debugger is not available.
    """
    spec = _without_npx(spec)
    runtime = find_runtime(settings.runtime) if settings.runtime else _runtime(spec, has_file)
    if runtime.bootstraps and spec.entrypoint and starts_as_aws(spec.entrypoint):
        spec = replace(spec, entrypoint=(_BOOTSTRAP,), command=())
    return with_debugger(spec, runtime, settings)


def _runtime(spec: SandboxSpec, has_file: Callable[[str], bool]) -> Runtime:
    """Return the runtime whose program an image runs, or with AWS's entry point contains."""
    entrypoint = spec.entrypoint or ("",)
    for runtime in newest_runtimes():
        program = runtime.program
        if program is None:
            continue
        if starts_as_aws(entrypoint):
            if has_file(f"{_LANGUAGE_FOLDER}/{program}"):
                return runtime
        elif is_program(entrypoint[0], program):
            return runtime
    return find_runtime(_OS_ONLY)


def _without_npx(spec: SandboxSpec) -> SandboxSpec:
    """Return the sandbox with Node.js as the program instead of `npx`, which would start it.

    https://docs.aws.amazon.com/lambda/latest/dg/nodejs-image.html#nodejs-image-clients
    """
    program, *arguments = spec.entrypoint or ("",)
    if PurePosixPath(program).name != "npx" or not arguments:
        return spec
    client, *rest = arguments
    return replace(spec, entrypoint=("node", f"node_modules/.bin/{client}", *rest))
