"""The options about a function's box: what it may use, and what it is shown of this machine."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Annotated, Final

import typer

from samlocal.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

NoMemoryLimit = Annotated[
    bool, typer.Option("--no-memory-limit", help="Don't limit the function's memory.")
]
NoLimits = Annotated[
    bool, typer.Option("--no-limits", help="Limit neither memory nor CPU nor the size of /tmp.")
]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict",
        help="Let the function do only what Lambda does: another user than root,"
        " nothing writable but /tmp, and that of the size of `EphemeralStorage`.",
    ),
]
FileSystem = Annotated[
    list[str] | None,
    typer.Option(
        "--file-system",
        metavar="/mnt/NAME=DIR",
        help="The directory to mount for an EFS file system (`FileSystemConfigs`), writable; repeatable.",
        show_default=False,
    ),
]
AddHost = Annotated[
    list[str] | None,
    typer.Option(
        "--add-host",
        metavar="HOST:IP",
        help="A host name of the container's own; `host-gateway` as IP is this machine; repeatable.",
        show_default=False,
    ),
]
ContainerDns = Annotated[
    list[str] | None,
    typer.Option(
        "--container-dns",
        metavar="IP",
        help="A DNS server for the container; repeatable.",
        show_default=False,
    ),
]
ContainerHost = Annotated[
    str | None,
    typer.Option(
        "--container-host",
        metavar="HOST",
        help="Where a debugger's port is reached, if the engine is on another machine than samlocal."
        " [default: localhost]",
        show_default=False,
    ),
]
ContainerHostInterface = Annotated[
    str,
    typer.Option(
        "--container-host-interface",
        metavar="IP",
        help="The address of the engine's machine on which a debugger's port is open.",
    ),
]
Shutdown = Annotated[
    bool,
    typer.Option(
        "--shutdown", help="End the container with SIGTERM, and kill it only three seconds later."
    ),
]
CaBundle = Annotated[
    Path | None,
    typer.Option(
        "--ca-bundle",
        metavar="FILE",
        help="Certificate authorities (PEM) that every SDK in the container trusts.",
        show_default=False,
    ),
]
DockerArg = Annotated[
    list[str] | None,
    typer.Option(
        "--docker-arg",
        metavar="KEY=VALUE",
        help="Another option of the container, as docker-py's `containers.run` has it,"
        " the value as YAML; repeatable.",
        show_default=False,
    ),
]

_LOCAL: Final = frozenset({"127.0.0.1", "0.0.0.0", "::", "::1"})  # noqa: S104  # typed, not bound
_HOST_GATEWAY: Final = "host-gateway"
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?")


def parse_hosts(values: Iterable[str]) -> dict[str, str]:
    """Return the address of each host name in `HOST:IP`; the last of several wins.

    Raises:
        UsageError: One isn't of that form.
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
        UsageError: One is no address.
    """
    servers = tuple(values)
    for server in servers:
        if not _is_ip(server):
            raise UsageError(
                f"`--container-dns {server}` is no IP address", hint="for example `10.0.0.2`"
            )
    return servers


def parse_interface(value: str) -> str:
    """Return the address on which ports are published.

    Raises:
        UsageError: It is no address.
    """
    if not _is_ip(value):
        raise UsageError(
            f"`--container-host-interface {value}` is no IP address",
            hint="for example `127.0.0.1`, or `0.0.0.0` for all of the machine's",
        )
    return value


def find_host(interface: str) -> str:
    """Return the host at which ports that are published on an address are reached."""
    return "localhost" if interface in _LOCAL else interface


def parse_file_systems(values: Iterable[str]) -> dict[str, Path]:
    """Return the directory for each mount path in `/mnt/NAME=DIR`; paths are absolute.

    Raises:
        UsageError: One isn't of that form, or there is no such directory.
    """
    from samlocal.cloudformation.functions.lambda_functions import MOUNT_PATH

    file_systems = {}
    for value in values:
        target, _, source = value.partition("=")
        if not MOUNT_PATH.fullmatch(target) or not source:
            raise UsageError(
                f"`--file-system {value}` is not /mnt/NAME=DIR",
                hint="/mnt/NAME is the function's `LocalMountPath`, and DIR a directory of this machine",
            )
        directory = Path(source).expanduser().absolute()
        if not directory.is_dir():
            raise UsageError(
                f"`--file-system {value}`: no directory `{directory}`",
                hint=f"`mkdir -p {directory}` makes it",
            )
        file_systems[target] = directory
    return file_systems


def find_ca_bundle(path: Path) -> Path:
    """Return a directory that holds a file with certificates, and nothing else.

    Raises:
        UsageError: It can't be read, or has none.
    """
    try:
        content = path.expanduser().read_bytes()
    except OSError as error:
        raise UsageError(f"`--ca-bundle {path}` can't be read: {error.strerror}") from error
    if b"-----BEGIN CERTIFICATE-----" not in content:
        raise UsageError(
            f"`--ca-bundle {path}` has no certificate in PEM format",
            hint=f"`openssl x509 -inform der -in {path} -out ca.pem` converts one in DER format",
        )
    from samlocal.cli.caching import in_cache
    from samlocal.sandbox.ca_bundle import keep_bundle

    return in_cache(lambda cache: keep_bundle(content, cache))


def _is_ip(text: str) -> bool:
    from ipaddress import ip_address

    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def parse_volume_basedir(value: str | None) -> str | None:
    """Return a path of the engine's machine, which may run another system than this one.

    Raises:
        UsageError: It is relative, which paths of another machine can't be.
    """
    if value is None or any(
        system(value).is_absolute() for system in (PurePosixPath, PureWindowsPath)
    ):
        return value
    raise UsageError(
        f"`--docker-volume-basedir` needs an absolute path, not `{value}`",
        hint="it is where the engine's machine has the directory of the template",
    )
