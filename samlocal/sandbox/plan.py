"""Plans the sandbox for a function: image, entry point and mounts."""

from __future__ import annotations

from dataclasses import field, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from samlocal.diagnostics import Diagnostic
from samlocal.errors import RuntimeNotFoundError, TemplateError
from samlocal.frozen_dataclass import frozen
from samlocal.function import ImageCode
from samlocal.runtimes import find_runtime
from samlocal.sandbox.container_spec import ContainerNetwork, ContainerSpec, ImageRequest
from samlocal.sandbox.file_systems import file_system_mounts
from samlocal.sandbox.sandbox import LAYER_ROOT, TASK_ROOT, Mount, SandboxSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from samlocal.artifacts.symlinks import OutgoingLink
    from samlocal.engine.images.policy import ImagePolicy
    from samlocal.function import Function
    from samlocal.runtimes import Runtime
    from samlocal.sandbox.container_spec import ApiConnection, Delivery
    from samlocal.sandbox.debugging import DebugSettings
    from samlocal.sandbox.sandbox import SandboxKind

# The families of runtimes whose functions must be built from sources.
_COMPILED: Final = frozenset({"dotnet", "java", "nodejs"})
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
_MB_OF_ONE_CPU: Final = 1769


@frozen
class SandboxSettings:
    """The user's settings for sandboxes, for any function.

    `image_repository` replaces AWS's public repository for runtime images, and `image` the function's
    image. `volume_basedir` is the template directory on the engine's machine, if it differs.
    `limits_rest` is for the limits of CPU and /tmp. `file_systems` are directories by mount path, `hosts`
    addresses by name. Without `extensions`, external extensions do not start. `profile` is the AWS profile for images in ECR. `pull_option` is the option that set
    `pull`, for messages. `kind` is that of the sandboxes; a process runs on `interpreter`, None: one that the
    host has for the runtime. Functions call each other at `lambda_endpoint`, the Unix socket of an endpoint of
    Lambda's API. A preparation sets `image`, `profile`, `debug` and `ca_bundle` from the function's options.
    """

    kind: SandboxKind = "docker"
    interpreter: Path | None = None
    image_repository: str | None = None
    image: str | None = None
    build: ImagePolicy = "missing"
    network: str | None = None
    pull: ImagePolicy = "missing"
    pull_option: str = "--pull never"
    profile: str | None = None
    delivery: Delivery = "auto"
    volume_basedir: str | None = None
    limits_memory: bool = True
    limits_rest: bool = True
    strict: bool = False
    file_systems: Mapping[str, Path] = field(default_factory=dict)
    hosts: Mapping[str, str] = field(default_factory=dict)
    dns: tuple[str, ...] = ()
    debug: DebugSettings | None = None
    grace_seconds: int = 0
    extensions: bool = True
    ca_bundle: Path | None = None
    engine_options: Mapping[str, Any] = field(default_factory=dict)
    publish_on: str = "127.0.0.1"
    reached_at: str = "localhost"
    api_connection: ApiConnection = "auto"
    lambda_endpoint: Path | None = None


def plan_sandbox(
    function: Function,
    environment: Mapping[str, str],
    *,
    project: Path,
    code: Path,
    settings: SandboxSettings,
    layers: Path | None = None,
    links: Sequence[OutgoingLink] = (),
) -> ContainerSpec:
    """Return the container of a function whose code is in the directory `code`.

    `project` is the template's path; `layers` is the directory with the content of all its layers.
    The targets of `links` are mounted too.

    Raises:
        RuntimeNotFoundError: There is no such runtime.
        CodeNotFoundError: The code is not built, or has no `bootstrap` that the runtime can start.
        TemplateError: The function lacks a handler.
        DebuggerNotFoundError: The debugger for the function is not available.
    """
    runtime = require_runnable(function)
    folders = {TASK_ROOT: code} | ({LAYER_ROOT: layers} if layers else {})
    if not settings.image:  # an own image may have its own loader
        require_built_code(function, runtime, code, project)
    bootstrap = None
    if runtime.bootstraps:
        from samlocal.sandbox.bootstrap import find_bootstrap  # noqa: PLC0415  # few have any

        bootstrap = find_bootstrap(function, runtime, folders, project)
    image = settings.image or runtime.image_uri(settings.image_repository)
    spec = empty_container(function, environment, project=project, image=image, settings=settings)
    mounts = (*code_mounts(folders, links), *spec.sandbox.mounts)
    sandbox = replace(
        spec.sandbox,
        mounts=with_engine_paths(mounts, project, settings),
        entrypoint=(bootstrap,) if bootstrap else None,
        command=(function.handler,) if function.handler and not bootstrap else (),
        family=runtime.family,
    )
    if spec.debug:
        from samlocal.sandbox.debugging import with_debugger  # noqa: PLC0415  # the cold path does not need it

        sandbox = with_debugger(sandbox, runtime, spec.debug)
    for_architecture = settings.image or runtime.image_uri(
        settings.image_repository, function.architecture
    )
    request = replace(spec.image, for_architecture=for_architecture)
    return replace(spec, sandbox=sandbox, image=request, debug=None)


def require_runnable(function: Function) -> Runtime:
    """Return the runtime of a function that it can run.

    Raises:
        RuntimeNotFoundError: There is no such runtime.
        TemplateError: The function lacks a handler, or the runtime its architecture.
    """
    runtime = find_function_runtime(function)
    if not function.handler and not runtime.bootstraps:
        raise TemplateError(
            f"`{function.logical_id}` has no `Handler`",
            place=function.place,
            hint=f"a handler of `{runtime.id}` looks like `{runtime.handler}`",
        )
    if function.architecture not in runtime.architectures:
        raise TemplateError(
            f"`{runtime.id}` runs on {' and '.join(runtime.architectures)} only",
            place=function.place,
            hint=f"move to `{runtime.replacement}`, which also runs on {function.architecture}",
        )
    return runtime


def require_built_code(function: Function, runtime: Runtime, code: Path, project: Path) -> None:
    """Check that code of a runtime that needs a build is built.

    Raises:
        CodeNotFoundError: It is not built.
    """
    if runtime.family in _COMPILED:
        from samlocal.sandbox.unbuilt import require_built  # noqa: PLC0415  # Python needs none

        require_built(function, runtime, code, project)


def code_mounts(folders: Mapping[str, Path], links: Sequence[OutgoingLink]) -> tuple[Mount, ...]:
    """Return the mounts of directories with code and layers, by their path in the sandbox, and of links."""
    return (
        *(Mount(source=source, target=target) for target, source in folders.items()),
        *(Mount(source=link.source, target=link.target) for link in links),
    )


def with_engine_paths(
    mounts: tuple[Mount, ...], project: Path, settings: SandboxSettings
) -> tuple[Mount, ...]:
    """Return mounts with their paths on the engine's machine, if it has the template at another path."""
    if not settings.volume_basedir:
        return mounts
    return tuple(_with_engine_path(each, project, settings.volume_basedir) for each in mounts)


def empty_container(
    function: Function,
    environment: Mapping[str, str],
    *,
    project: Path,
    image: str,
    settings: SandboxSettings,
) -> ContainerSpec:
    """Return the container of a function without its code."""
    return ContainerSpec(
        sandbox=empty_sandbox(function, environment, project=project, settings=settings),
        image=ImageRequest(
            name=image,
            is_chosen=settings.image is not None,
            pull=settings.pull,
            pull_option=settings.pull_option,
            profile=settings.profile,
            repository=settings.image_repository,
        ),
        network=ContainerNetwork(
            name=settings.network,
            hosts=settings.hosts,
            dns=settings.dns,
            publish_on=settings.publish_on,
        ),
        delivery=settings.delivery,
        api_connection=settings.api_connection,
        engine_options=settings.engine_options,
        debug=_debug_settings(settings),
    )


def empty_sandbox(
    function: Function,
    environment: Mapping[str, str],
    *,
    project: Path,
    settings: SandboxSettings,
) -> SandboxSpec:
    """Return the sandbox of a function, of any kind, without its code and its program."""
    return SandboxSpec(
        function=function.full_path,
        project=project,
        environment=environment,
        memory_mb=function.memory_mb if settings.limits_memory else None,
        cpus=function.memory_mb / _MB_OF_ONE_CPU if settings.limits_rest else None,
        tmp_mb=_tmp_mb(function, settings),
        strict=settings.strict,
        mounts=(
            *file_system_mounts(settings.file_systems),
            *_ca_bundle_mounts(settings.ca_bundle),
        ),
        grace_seconds=settings.grace_seconds,
        extensions=settings.extensions,
        calls_functions=settings.lambda_endpoint is not None,
        architecture=function.architecture,
    )


def _debug_settings(settings: SandboxSettings) -> DebugSettings | None:
    """Return the debug settings with the addresses for the network."""
    debug = settings.debug
    if debug is None:
        return None
    if settings.network == "host":
        debug = replace(debug, listen_address="127.0.0.1")
    return replace(debug, host=settings.reached_at)


def _ca_bundle_mounts(bundle: Path | None) -> tuple[Mount, ...]:
    if bundle is None:
        return ()
    from samlocal.sandbox.ca_bundle import ca_bundle_mount  # noqa: PLC0415  # the cold path does not need it

    return (ca_bundle_mount(bundle),)


def _with_engine_path(mount: Mount, project: Path, basedir: str) -> Mount:
    """Return a mount with its path on the engine's machine, if it is below the template's directory."""
    if not mount.source.is_relative_to(project.parent):
        return mount
    below = mount.source.relative_to(project.parent)
    return replace(mount, engine_path=str(PurePath(basedir, below)))


def end_of_support(function: Function, *, today: date) -> tuple[Diagnostic, ...]:
    """Return a diagnostic if AWS no longer maintains the function's runtime."""
    if isinstance(function.code, ImageCode):
        return ()
    runtime = find_function_runtime(function)
    if runtime.deprecated is None or today < runtime.deprecated:
        return ()
    return (
        Diagnostic(
            message=f"AWS ended the support of `{runtime.id}` on {runtime.deprecated}",
            place=function.place,
            hint=f"move to `{runtime.replacement}`" if runtime.replacement else None,
        ),
    )


def find_function_runtime(function: Function) -> Runtime:
    """Return the runtime of a function.

    Raises:
        RuntimeNotFoundError: It has none, or there is no such runtime.
    """
    if function.runtime is None:
        message = f"`{function.logical_id}` has no `Runtime`"
        raise RuntimeNotFoundError(message, place=function.place)
    return find_runtime(function.runtime, place=function.place)


def _tmp_mb(function: Function, settings: SandboxSettings) -> int | None:
    """Return the size of /tmp; None is no limit.

    Engines cannot generally limit a directory on disk. A limited /tmp is a file system in memory, which
    counts as memory of the function, so the memory limit is raised by its size. Without `--strict` the
    exact memory limit is preferred.
    """
    return function.ephemeral_storage_mb if settings.strict and settings.limits_rest else None
