"""Converts options about containers, limits and code to the settings of a sandbox."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any, Final

from samlocal.errors import UsageError
from samlocal.path_kinds import is_directory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from samlocal.cli.options.code import CodeOptions
    from samlocal.cli.options.container import ContainerOptions
    from samlocal.cli.options.debugging import DebugOptions
    from samlocal.cli.options.limits import LimitOptions
    from samlocal.engine.images.policy import ImagePolicy
    from samlocal.sandbox.container_spec import Delivery
    from samlocal.sandbox.plan import SandboxSettings
    from samlocal.sandbox.sandbox import SandboxKind

# As in sam.
_GRACE_SECONDS: Final = 3
_LOCAL: Final = frozenset({"127.0.0.1", "0.0.0.0", "::", "::1"})  # noqa: S104  # typed, not bound
_HOST_GATEWAY: Final = "host-gateway"
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?")


def read_settings(
    container: ContainerOptions,
    limits: LimitOptions,
    code: CodeOptions,
    debugging: DebugOptions,
    *,
    kind: SandboxKind = "docker",
) -> SandboxSettings:
    """Return the settings for a kind of sandbox that do not depend on the function.

    Raises:
        UsageError: A value is invalid.
    """
    from samlocal.sandbox.plan import SandboxSettings

    return SandboxSettings(
        kind=kind,
        interpreter=container.interpreter,
        image_repository=container.image_repository,
        network=container.docker_network,
        pull=_pull(container),
        pull_option=_pull_option(container),
        delivery=_delivery(code),
        volume_basedir=parse_volume_basedir(code.docker_volume_basedir),
        limits_memory=not (limits.no_memory_limit or limits.no_limits),
        limits_rest=not limits.no_limits,
        strict=limits.strict,
        file_systems=parse_file_systems(limits.file_system or ()),
        hosts=parse_hosts(container.add_host or ()),
        dns=parse_dns(container.container_dns or ()),
        build=code.build,
        grace_seconds=_GRACE_SECONDS if container.shutdown else 0,
        extensions=not container.no_extensions,
        engine_options=_engine_options(container.docker_arg),
        publish_on=parse_interface(debugging.container_host_interface),
        reached_at=debugging.container_host or find_host(debugging.container_host_interface),
        api_connection=container.api_connection,
    )


def _pull(container: ContainerOptions) -> ImagePolicy:
    if not container.skip_pull_image:
        return container.pull or "missing"
    if container.pull not in {None, "never"}:
        raise UsageError(
            f"`--skip-pull-image` and `--pull {container.pull}` cannot be used together",
            hint="keep one of them",
        )
    return "never"


def _pull_option(container: ContainerOptions) -> str:
    return "--skip-pull-image" if container.skip_pull_image else f"--pull {container.pull}"


def _delivery(code: CodeOptions) -> Delivery:
    if code.mount is None:
        return "auto"
    return "copy" if code.mount == "copy" else "mount"


def _engine_options(docker_arguments: Sequence[str] | None) -> dict[str, Any]:
    if not docker_arguments:
        return {}
    from samlocal.cli.docker_arguments import parse_docker_arguments

    return parse_docker_arguments(docker_arguments)


def parse_hosts(values: Iterable[str]) -> dict[str, str]:
    """Return the address of each host name in `HOST:IP`; the last of several applies.

    Raises:
        UsageError: A value has another form.
    """
    hosts = {}
    for value in values:
        name, _, address = value.partition(":")
        address = address.removeprefix("[").removesuffix("]")
        if not _HOST_NAME.fullmatch(name) or not (address == _HOST_GATEWAY or _is_ip(address)):
            raise UsageError(
                f"`--add-host {value}` is not HOST:IP",
                hint=f"for example `--add-host db.local:10.0.0.5` or `--add-host db.local:{_HOST_GATEWAY}`",
            )
        hosts[name] = address
    return hosts


def parse_dns(values: Iterable[str]) -> tuple[str, ...]:
    """Return the addresses of DNS servers.

    Raises:
        UsageError: A value is not an address.
    """
    servers = tuple(values)
    for server in servers:
        if not _is_ip(server):
            raise UsageError(
                f"`--container-dns {server}` is not an IP address", hint="for example `10.0.0.2`"
            )
    return servers


def parse_interface(value: str) -> str:
    """Return the address to publish ports on.

    Raises:
        UsageError: The value is not an address.
    """
    if not _is_ip(value):
        raise UsageError(
            f"`--container-host-interface {value}` is not an IP address",
            hint="for example `127.0.0.1`, or `0.0.0.0` for all addresses of the machine",
        )
    return value


def find_host(interface: str) -> str:
    """Return the host name for ports that are published on an address."""
    return "localhost" if interface in _LOCAL else interface


def parse_file_systems(values: Iterable[str]) -> dict[str, Path]:
    """Return the directory for each mount path in `/mnt/NAME=DIR`; paths are absolute.

    Raises:
        UsageError: A value has another form, or the directory does not exist.
    """
    from samlocal.function import MOUNT_PATH_PATTERN

    file_systems = {}
    for value in values:
        target, _, source = value.partition("=")
        if not re.fullmatch(MOUNT_PATH_PATTERN, target) or not source:
            raise UsageError(
                f"`--file-system {value}` is not /mnt/NAME=DIR",
                hint="/mnt/NAME is the function's `LocalMountPath`, and DIR a directory of this machine",
            )
        directory = Path(source).expanduser().absolute()
        if not is_directory(directory):
            raise UsageError(
                f"`--file-system {value}`: no directory `{directory}`",
                hint=f"`mkdir -p {directory}` creates it",
            )
        file_systems[target] = directory
    return file_systems


def _is_ip(text: str) -> bool:
    from ipaddress import ip_address

    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def parse_volume_basedir(value: str | None) -> str | None:
    """Return a path on the engine's host, which may have another operating system.

    Raises:
        UsageError: The path is relative.
    """
    if value is None or any(
        system(value).is_absolute() for system in (PurePosixPath, PureWindowsPath)
    ):
        return value
    raise UsageError(
        f"`--docker-volume-basedir` needs an absolute path, not `{value}`",
        hint="the path of the template directory on the engine's host",
    )
