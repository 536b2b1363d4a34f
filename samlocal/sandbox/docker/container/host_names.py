"""The names of a sandbox for its own programs: `sandbox` and `sandbox.localdomain`.

Extensions listen for telemetry at these names:
https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api.html#telemetry-api-destination
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen
from samlocal.sandbox.ports import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.engine.engine_api import Json
    from samlocal.sandbox.container_spec import ContainerNetwork
    from samlocal.sandbox.docker.container.engine_options import ChosenOptions

_SANDBOX: Final = "sandbox"
_FULL_NAME: Final = "sandbox.localdomain"
# Programs listen on every address of theirs, and clients connect to themselves.
_ITSELF: Final = "0.0.0.0"  # noqa: S104  # the container's, in a network of its own
_HOSTS: Final = Path("/etc/hosts")


@frozen
class HostNames:
    """The fields of the owner of a network namespace, and names (`NAME:ADDRESS`) for its `/etc/hosts`.

    `line` is for a relay to write to that file.
    """

    container: Json
    hosts: tuple[str, ...] = ()
    line: str = ""


def host_names(
    network: ContainerNetwork, chosen: ChosenOptions, *, is_podman: bool, is_relay: bool = False
) -> HostNames:
    """Return the names for a container with its own network, or that of the engine's machine.

    Docker writes a host name with a domain, and the name alone, beside the address of the container. Podman
    writes only one name there, and a user's host name leaves no place for ours.

    In the machine's network, Docker drops the names of the machine where a container has others. So a container
    has them from here, and a relay, whose machine may be another, writes a line itself.
    """
    if network.is_host:
        loses_nothing = is_podman or network.hosts or chosen.network.get("ExtraHosts")
        if is_relay and not loses_nothing:
            line = f"{LOOPBACK} {_FULL_NAME} {_SANDBOX}"
            return HostNames(container=chosen.names, line=line)
        machines = () if loses_nothing else tuple(_machines_hosts())
        return HostNames(container=chosen.names, hosts=(*machines, *_at(LOOPBACK)))
    if is_podman or chosen.names or chosen.host.get("UTSMode"):
        return HostNames(container=chosen.names, hosts=_at(_ITSELF))
    return HostNames(container={"Hostname": _FULL_NAME})


def _at(address: str) -> tuple[str, ...]:
    return (f"{_FULL_NAME}:{address}", f"{_SANDBOX}:{address}")


def _machines_hosts() -> Iterator[str]:
    """Yield the names in this machine's `/etc/hosts`."""
    try:
        lines = _HOSTS.read_text(errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        address, *names = line.partition("#")[0].split() or [""]
        for name in names:
            yield f"{name}:{address}"
