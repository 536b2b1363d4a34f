"""The configuration of a function's container in the Engine API.

https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerCreate
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final

from samlocal.engine.leftovers import labels
from samlocal.frozen_dataclass import frozen
from samlocal.sandbox.api_variables import api_variables, endpoint_variables
from samlocal.sandbox.cpu_limit import CPU_PERIOD_US, cpu_quota_us
from samlocal.sandbox.docker.container.engine_options import ChosenOptions
from samlocal.sandbox.docker.container.hardening import LAMBDA_USER, strict_options
from samlocal.sandbox.docker.container.host_names import host_names
from samlocal.sandbox.docker.container.mounts import mount_options

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from samlocal.engine.engine_api import Json
    from samlocal.sandbox.container_spec import ContainerSpec
    from samlocal.sandbox.sandbox import Mount, SandboxSpec

_MIB: Final = 1024 * 1024
# The output is read at once, so the engine need not store it.
_NO_LOG: Final = {"Type": "none", "Config": {}}
# The input is attached, and ends with this process.
_STDIN: Final = {"AttachStdin": True, "OpenStdin": True, "StdinOnce": True}


@frozen
class ContainerContext:
    """The data for a sandbox's container besides its spec.

    The Runtime API is at `runtime_api`. `copied` mounts are replaced with the volumes of the container
    `carrier`. `relay_id` is the container whose network is used. `proxies` are variables of the lowest
    precedence, and `chosen` overrides the spec. With `opens_stdin` its input can be attached, and ends with
    the client that is attached. `image_variables` are those of the image.
    """

    runtime_api: str
    chosen: ChosenOptions = field(default_factory=ChosenOptions)
    proxies: Mapping[str, str] = field(default_factory=dict)
    copied: Collection[Mount] = ()
    carrier: str | None = None
    relay_id: str | None = None
    is_podman: bool = False
    opens_stdin: bool = False
    image_variables: Mapping[str, str] = field(default_factory=dict)


def container_config(
    spec: ContainerSpec, context: ContainerContext, *, auto_remove: bool = True, init: bool = False
) -> Json:
    """Return the configuration of a sandbox's container; with `init` the engine's init is process 1."""
    sandbox, chosen, relay_id = spec.sandbox, context.chosen, context.relay_id
    mounted = [mount for mount in sandbox.mounts if mount not in context.copied]
    environment = {
        **_none_for(context.runtime_api, context.proxies),
        **sandbox.environment,
        **api_variables(sandbox, context.runtime_api),
    }
    known = {**context.image_variables, **environment}
    environment |= endpoint_variables(sandbox, known, context.runtime_api)
    host = {
        "AutoRemove": auto_remove,
        "Init": init,
        "LogConfig": _NO_LOG,
        **({"VolumesFrom": [f"{context.carrier}:ro"]} if context.carrier else {}),
        **_memory_options(spec),
        **_security_options(sandbox),
        **chosen.host,
        **mount_options(mounted, chosen.host.get("Binds", ())),
    }
    names = host_names(spec.network, chosen, is_podman=context.is_podman)
    network = (
        {"NetworkMode": f"container:{relay_id}"}
        if relay_id
        else network_options(spec, chosen, names.hosts)
    )
    return {
        "Image": spec.image.name,
        "Cmd": list(sandbox.command),
        **({"Entrypoint": list(sandbox.entrypoint)} if sandbox.entrypoint else {}),
        **({"WorkingDir": sandbox.working_directory} if sandbox.working_directory else {}),
        **({"User": LAMBDA_USER} if sandbox.strict else {}),
        "Env": [f"{name}={value}" for name, value in environment.items()],
        "Labels": labels(project=str(sandbox.project), function=sandbox.function),
        "ExposedPorts": {} if relay_id else _exposed_ports(spec),
        **(_STDIN if context.opens_stdin else {}),
        **({} if relay_id else names.container),
        **chosen.container,
        "HostConfig": host | network,
    }


def relay_config(
    spec: ContainerSpec,
    chosen: ChosenOptions,
    image: str,
    command: list[str],
    *,
    is_podman: bool = False,
) -> Json:
    """Return the configuration of a relay's container, which owns the sandbox's network."""
    names = host_names(spec.network, chosen, is_podman=is_podman, is_relay=True)
    return {
        "Image": image,
        "Entrypoint": command[:1],
        "Cmd": command[1:],
        **_STDIN,
        "Labels": labels(
            project=str(spec.sandbox.project), function=spec.sandbox.function, is_relay=True
        ),
        "ExposedPorts": _exposed_ports(spec),
        **({"Env": [f"HOSTS_LINE={names.line}"]} if names.line else {}),
        **names.container,
        "HostConfig": {
            "AutoRemove": True,
            "LogConfig": _NO_LOG,
            "CapDrop": ["ALL"],
            "ReadonlyRootfs": not names.line,
            **network_options(spec, chosen, names.hosts),
        },
    }


def cpu_limits(cpus: float) -> Json:
    """Return the limits for a running container with this number of CPUs."""
    return {"CpuPeriod": CPU_PERIOD_US, "CpuQuota": cpu_quota_us(cpus)}


def network_options(spec: ContainerSpec, chosen: ChosenOptions, names: Iterable[str]) -> Json:
    """Return the part of the host config for the owner of the sandbox's network namespace.

    `names` are lines (`NAME:ADDRESS`) for its `/etc/hosts`.
    """
    network = spec.network
    hosts = [f"{name}:{address}" for name, address in network.hosts.items()]
    return {
        "NetworkMode": "host" if network.is_host else "default",
        "Dns": list(network.dns),
        "PortBindings": {
            port: [{"HostIp": network.publish_on, "HostPort": port.partition("/")[0]}]
            for port in _exposed_ports(spec)
        },
        **chosen.network,
        "ExtraHosts": [*chosen.network.get("ExtraHosts", hosts), *names],
    }


def _exposed_ports(spec: ContainerSpec) -> dict[str, Json]:
    """Return the ports that the owner of the sandbox's network namespace exposes."""
    return {} if spec.network.is_host else {f"{port}/tcp": {} for port in spec.sandbox.debug_ports}


def _security_options(sandbox: SandboxSpec) -> Json:
    options = strict_options(sandbox) if sandbox.strict else {}
    if sandbox.debugger and sandbox.debugger.traces:
        # The default profile forbids debuggers to disable address space randomization.
        security = [*options.get("SecurityOpt", ()), "seccomp=unconfined"]
        options |= {"CapAdd": ["SYS_PTRACE"], "SecurityOpt": security}
    return options


def _memory_options(spec: ContainerSpec) -> Json:
    sandbox = spec.sandbox
    if sandbox.memory_mb is None or "mem_limit" in spec.engine_options:
        return {}
    # Files in a /tmp with a limit count as memory; see `strict_options`.
    memory = (sandbox.memory_mb + (sandbox.tmp_mb or 0)) * _MIB
    return {"Memory": memory, "MemorySwap": memory}


def _none_for(runtime_api: str, proxies: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of the proxies, with the Runtime API excluded from proxying."""
    if not proxies:
        return {}
    host = runtime_api.rpartition(":")[0]
    direct = ",".join(filter(None, (proxies.get("no_proxy"), host)))
    return {**proxies, "no_proxy": direct, "NO_PROXY": direct}
