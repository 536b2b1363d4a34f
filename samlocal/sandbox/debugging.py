"""Sandboxes in which a debugger waits for its client.

The recipes for each runtime are in `runtimes/*.yaml`; see `DebugRecipe`.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from samlocal.data import data_folder
from samlocal.errors import DebuggerNotFoundError
from samlocal.frozen_dataclass import frozen
from samlocal.sandbox.debug_arguments import brings_command, brings_debugger
from samlocal.sandbox.sandbox import Debugger, Mount, SandboxSpec
from samlocal.suggestions import installation_of_extra

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from samlocal.runtimes import DebugRecipe, Runtime

# Where sam mounts `--debugger-path`, which launch configurations name.
TOOLS: Final = "/tmp/lambci_debug_files"  # noqa: S108  # a path in the sandbox
_OWN_FOLDER: Final = "/var/samlocal"
_WRAPPER: Final = f"{_OWN_FOLDER}/wrapper"
_EXEC_WRAPPER: Final = "AWS_LAMBDA_EXEC_WRAPPER"
# Every program from Go's compiler contains this: https://pkg.go.dev/debug/buildinfo
_BUILT_BY_GO: Final = b"\xff Go buildinf:"


@frozen
class DebugSettings:
    """The user's settings for debugging.

    A debugger listens on the first of the ports. `path` is a directory with debuggers. `runtime` is the
    runtime of an image function, if it is not detected. In the sandbox a debugger listens on
    `listen_address`; clients reach its port at `host`.
    """

    ports: tuple[int, ...]
    path: Path | None = None
    arguments: tuple[str, ...] = ()
    runtime: str | None = None
    listen_address: str = "0.0.0.0"  # noqa: S104  # of the sandbox
    host: str = "localhost"


def with_debugger(spec: SandboxSpec, runtime: Runtime, settings: DebugSettings) -> SandboxSpec:
    """Return the sandbox in which a debugger waits for its client before the function runs.

    Raises:
        DebuggerNotFoundError: The debugger for the runtime is not available.
    """
    places = _Places(package=_OWN_FOLDER, tools=TOOLS)
    choice = _chosen(spec, runtime, settings)
    mounts = spec.mounts
    if settings.path:
        mounts += (Mount(source=settings.path.absolute(), target=TOOLS),)
    if package := choice.needed_package:
        source = _package_folder(package, runtime)
        mounts += (Mount(source=source, target=f"{_OWN_FOLDER}/{package}"),)
    return _debugged(replace(spec, mounts=mounts), choice, settings, places)


def with_local_debugger(
    spec: SandboxSpec, runtime: Runtime, settings: DebugSettings
) -> tuple[SandboxSpec, tuple[Path, ...]]:
    """Return the same for processes of this machine, and the directories that the debugger is in.

    Only this machine reaches the debugger. The spec has an entry point. Arguments with the paths of
    `--debugger-path` in a container are understood.

    Raises:
        DebuggerNotFoundError: The debugger for the runtime is not available.
    """
    tools = str(settings.path.absolute()) if settings.path else TOOLS
    settings = replace(
        settings,
        listen_address="127.0.0.1",
        host="localhost",
        arguments=tuple(each.replace(TOOLS, tools) for each in settings.arguments),
    )
    choice = _chosen(spec, runtime, settings)
    folders: tuple[Path, ...] = (settings.path.absolute(),) if settings.path else ()
    places = _Places(package=_OWN_FOLDER, tools=tools)
    if package := choice.needed_package:
        source = _package_folder(package, runtime)
        places = replace(places, package=str(source.parent))
        folders += (source,)
    return _debugged(spec, choice, settings, places), folders


@frozen
class _Places:
    """Where the sandbox has the folder with samlocal's packages, and that of `--debugger-path`."""

    package: str
    tools: str


@frozen
class _Choice:
    """The recipe, and whether the user's arguments are the whole command, or start another debugger."""

    recipe: DebugRecipe
    whole: bool
    brings_own: bool

    @property
    def needed_package(self) -> str | None:
        return None if self.brings_own else self.recipe.package


def _chosen(spec: SandboxSpec, runtime: Runtime, settings: DebugSettings) -> _Choice:
    whole = brings_command(settings.arguments, runtime)
    program = _file_of_program(spec)
    recipe = runtime.debug[0] if whole else _choose(runtime, settings, program=program)
    brings_own = whole or brings_debugger(settings.arguments, spec.environment, recipe)
    return _Choice(recipe=recipe, whole=whole, brings_own=brings_own)


def _debugged(
    spec: SandboxSpec, choice: _Choice, settings: DebugSettings, places: _Places
) -> SandboxSpec:
    recipe = choice.recipe
    values = {
        "host": settings.listen_address,
        "port": str(settings.ports[0]),
        "package": places.package,
        "tool": f"{places.tools}/{recipe.tool}",
    }
    spec = replace(
        spec,
        environment=_environment(spec.environment, _filled(recipe.environment, values)),
        memory_mb=None,  # the debugger needs some, too
        cpus=None,
        debugger=Debugger(
            name=recipe.debugger,
            ports=settings.ports,
            tool=None if recipe.listens or choice.whole else values["tool"],
            host=settings.host,
            traces=recipe.traces,
        ),
    )
    if choice.whole:
        return _run_instead(spec, settings.arguments)
    if recipe.before:
        return _started_by(spec, recipe, settings.arguments, values)
    own = () if choice.brings_own else tuple(each.format_map(values) for each in recipe.arguments)
    return _with_arguments(spec, (*settings.arguments, *own))


def _choose(runtime: Runtime, settings: DebugSettings, *, program: Path | None) -> DebugRecipe:
    """Return the recipe of the first available debugger that fits the program.

    Raises:
        DebuggerNotFoundError: There is none.
    """
    found = [each for each in runtime.debug if each.tool is None or _has(settings.path, each.tool)]
    if not found:
        raise _missing_tool_error(runtime, settings.path)
    if len(found) > 1 and program and not is_built_by_go(program):
        found = [each for each in found if each.language != "go"]
    if (tool := found[0].tool) and settings.path and not os.access(settings.path / tool, os.X_OK):
        raise DebuggerNotFoundError(
            f"`{settings.path / tool}` is not executable",
            hint=f"run `chmod +x {settings.path / tool}`",
        )
    return found[0]


def _has(path: Path | None, tool: str) -> bool:
    return path is not None and (path / tool).is_file()


def _missing_tool_error(runtime: Runtime, path: Path | None) -> DebuggerNotFoundError:
    tools = [each for each in runtime.debug if each.tool]
    names = " or ".join(f"`{each.tool}`" for each in tools)
    if path is None:
        message = f"debugging `{runtime.id}` requires a debugger for the function: {names}"
    else:
        message = f"`{path}` has no debugger for `{runtime.id}`: {names}"
    folder = shlex.quote(str(path or "debugger"))
    commands = [f"`{(each.install or '').replace('DIR', folder)}`" for each in tools]
    hint = f"install it with {' or '.join(commands)}"
    if path is None:
        hint = f"`mkdir -p {folder}`, {' or '.join(commands)}, and `--debugger-path {folder}`"
    return DebuggerNotFoundError(message, hint=hint)


def _file_of_program(spec: SandboxSpec) -> Path | None:
    """Return the file of the sandbox's program on this machine; None if it is in the image."""
    if not spec.entrypoint:
        return None
    program = PurePosixPath(spec.entrypoint[0])
    for mount in spec.mounts:
        if program.is_relative_to(mount.target):
            return mount.source / program.relative_to(mount.target)
    return None


def is_built_by_go(program: Path) -> bool:
    """Return whether a program on this machine was built by Go."""
    try:
        return _BUILT_BY_GO in program.read_bytes()
    except OSError:
        return False


def _package_folder(package: str, runtime: Runtime) -> Path:
    from importlib.util import find_spec  # noqa: PLC0415  # only debugging needs it

    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise DebuggerNotFoundError(
            f"debugging `{runtime.id}` requires {package}, which is not installed",
            hint=f"{installation_of_extra('debug')}; or use the function's own package, as in sam:"
            f' `--debug-args "-m {package} --listen 0.0.0.0:PORT --wait-for-client"`',
        )
    return Path(found.submodule_search_locations[0])


def _filled(variables: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    return {name: value.format_map(values) for name, value in variables.items()}


def _environment(given: Mapping[str, str], added: Mapping[str, str]) -> dict[str, str]:
    """Return both; variables with options of a program are appended to the function's."""
    joined = {
        name: f"{given[name]} {value}"
        for name, value in added.items()
        if name.endswith("OPTIONS") and given.get(name)
    }
    return {**given, **added, **joined}


def _started_by(
    spec: SandboxSpec, recipe: DebugRecipe, added: Sequence[str], values: Mapping[str, str]
) -> SandboxSpec:
    """Return the sandbox in which a debugger starts the program."""
    before = [
        argument
        for each in recipe.before
        for argument in (added if each == "{arguments}" else [each.format_map(values)])
    ]
    program, *arguments = (*(spec.entrypoint or ()), *spec.command)
    separator = recipe.separator if arguments else ()
    return replace(spec, entrypoint=(*before, program, *separator, *arguments), command=())


def _with_arguments(spec: SandboxSpec, arguments: Sequence[str]) -> SandboxSpec:
    """Return the sandbox with more arguments for the program of the runtime.

    AWS's entry point passes its command to a wrapper, which adds them:
    https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper
    """
    if not arguments:
        return spec
    if spec.entrypoint and not starts_as_aws(spec.entrypoint):
        program, *rest = spec.entrypoint
        return replace(spec, entrypoint=(program, *arguments, *rest))
    return _wrapped(spec, SAMLOCAL_DEBUG_ARGUMENTS=shlex.join(arguments))


def _wrapped(spec: SandboxSpec, **variables: str) -> SandboxSpec:
    wrapping = {_EXEC_WRAPPER: _WRAPPER, **variables}
    if own := spec.environment.get(_EXEC_WRAPPER):
        wrapping["SAMLOCAL_EXEC_WRAPPER"] = own
    wrapper = Mount(source=data_folder("runtimes") / "debug" / "wrapper", target=_WRAPPER)
    return replace(
        spec, environment={**spec.environment, **wrapping}, mounts=(*spec.mounts, wrapper)
    )


def _run_instead(spec: SandboxSpec, command: Sequence[str]) -> SandboxSpec:
    """Return the sandbox with another command, which AWS's entry point starts if there is one."""
    if not spec.entrypoint or starts_as_aws(spec.entrypoint):
        return _wrapped(spec, SAMLOCAL_DEBUG_COMMAND=shlex.join(command))
    handler = {"_HANDLER": spec.command[0]} if spec.command else {}
    return replace(spec, entrypoint=tuple(command), environment={**handler, **spec.environment})


def starts_as_aws(entrypoint: Sequence[str]) -> bool:
    """Return whether an entry point is that of AWS's base images."""
    return PurePosixPath(entrypoint[0]).name == "lambda-entrypoint.sh"
