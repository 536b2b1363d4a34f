"""Plans the container of a web function: its program runs in the image of its runtime, instead of a runtime client.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-webfunction.html
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic
from samlocal.errors import CodeNotFoundError, RuntimeNotFoundError, TemplateError
from samlocal.path_kinds import is_file
from samlocal.sandbox.plan import (
    code_mounts,
    empty_container,
    find_function_runtime,
    with_engine_paths,
)
from samlocal.sandbox.sandbox import TASK_ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from samlocal.artifacts.symlinks import OutgoingLink
    from samlocal.function import Function
    from samlocal.runtimes import Runtime
    from samlocal.sandbox.container_spec import ContainerSpec
    from samlocal.sandbox.plan import SandboxSettings
    from samlocal.sandbox.sandbox import SandboxSpec

# Families whose programs are files that an interpreter reads.
_INTERPRETED: Final = ("nodejs", "python", "ruby")
# https://docs.aws.amazon.com/boto3/latest/reference/services/lambda-web.html
_ON_AWS: Final = ("nodejs24.x",)
_CPUS: Final = 2.0


def plan_web_container(
    function: Function,
    entry_point: str,
    environment: Mapping[str, str],
    *,
    project: Path,
    code: Path,
    settings: SandboxSettings,
    links: Sequence[OutgoingLink] = (),
) -> tuple[ContainerSpec, tuple[Diagnostic, ...]]:
    """Return the container of a web function whose code is in the directory `code`, and how it differs from AWS.

    `project` is the template's path. The targets of `links` are mounted too.

    Raises:
        RuntimeNotFoundError: There is no such runtime, or it runs no programs.
        CodeNotFoundError: The code has no such file.
    """
    runtime = require_web_runtime(function)
    path = require_entry_point(function, entry_point, code)
    image = settings.image or runtime.image_uri(settings.image_repository)
    spec = empty_container(function, environment, project=project, image=image, settings=settings)
    words = (path,) if runtime.bootstraps else (runtime.program or "", path)
    sandbox = web_sandbox(spec.sandbox, runtime, settings)
    mounts = (*code_mounts({TASK_ROOT: code}, links), *sandbox.mounts)
    sandbox = replace(
        sandbox, mounts=with_engine_paths(mounts, project, settings), entrypoint=words
    )
    return replace(spec, sandbox=sandbox, debug=None), web_diagnostics(function, runtime)


def web_sandbox(sandbox: SandboxSpec, runtime: Runtime, settings: SandboxSettings) -> SandboxSpec:
    """Return the sandbox of a function as a web function has it: without extensions, and with its CPUs.

    On AWS it runs on arm64. Here it runs on the architecture of the engine, which its programs do not notice.
    """
    return replace(
        sandbox,
        cpus=_CPUS if settings.limits_rest else None,
        working_directory=TASK_ROOT,
        extensions=False,
        architecture=None,
        family=runtime.family,
    )


def require_web_runtime(function: Function) -> Runtime:
    """Return the runtime of a web function.

    Raises:
        RuntimeNotFoundError: There is no such runtime, or it runs no programs.
    """
    runtime = find_function_runtime(function)
    if runtime.family not in _INTERPRETED and not runtime.bootstraps:
        raise RuntimeNotFoundError(
            f"`{runtime.id}` does not run programs of web functions",
            place=function.place,
            hint=f"AWS runs them on {', '.join(f'`{each}`' for each in _ON_AWS)}",
        )
    return runtime


def require_entry_point(function: Function, entry_point: str, code: Path) -> str:
    """Return the path of a web function's program in the sandbox.

    Raises:
        TemplateError: It is outside of the code.
        CodeNotFoundError: The code has no such file.
    """
    path = PurePosixPath(entry_point)
    if path.is_absolute() or ".." in path.parts:
        raise TemplateError(
            f"the entry point `{entry_point}` of `{function.logical_id}` is not a path in its code",
            place=function.place,
        )
    if not is_file(code / path):
        raise CodeNotFoundError(
            f"`{code}` has no `{entry_point}`, the entry point of `{function.logical_id}`",
            place=function.code.place,
            hint="`EntryPoint` names the file of the program, by default `index.js`",
        )
    return f"{TASK_ROOT}/{path}"


def web_diagnostics(function: Function, runtime: Runtime) -> tuple[Diagnostic, ...]:
    """Return a diagnostic if AWS does not offer the runtime for web functions."""
    if runtime.id in _ON_AWS:
        return ()
    offered = ", ".join(f"`{each}`" for each in _ON_AWS)
    return (
        Diagnostic(
            message=f"AWS does not run web functions on `{runtime.id}`",
            place=function.place,
            hint=f"it offers {offered}",
        ),
    )
