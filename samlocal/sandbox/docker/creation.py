"""What the engine is asked for: a function's sandbox in the words of the Engine API.

https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerCreate
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from docker.types import LogConfig

from samlocal.sandbox.docker import engine_options
from samlocal.sandbox.docker.emulation import platform_of
from samlocal.sandbox.docker.leftovers import labels
from samlocal.sandbox.docker.mounting import mount_options
from samlocal.sandbox.docker.strictness import LAMBDA_USER, strict_options

if TYPE_CHECKING:
    from collections.abc import Collection

    import docker

    from samlocal.sandbox.docker.client import EngineClient
    from samlocal.sandbox.sandbox import Mount as SandboxMount
    from samlocal.sandbox.sandbox import SandboxSpec

_MIB: Final = 1024 * 1024
# In each period of 20 ms a function has its share of CPU, as in Lambda:
# https://mustafaakin.dev/posts/2018-01-25-how-does-proportional-cpu-allocation-work-with-aws-lambda/
_CPU_PERIOD_US: Final = 20_000
_LEAST_QUOTA_US: Final = 1_000  # the kernel takes no less


def create_container(
    api: docker.APIClient,
    spec: SandboxSpec,
    *,
    runtime_api: str,
    copied: Collection[SandboxMount] = (),
    carrier: str | None = None,
    relay_id: str | None = None,
    auto_remove: bool = True,
) -> str:
    """Create the container of a sandbox whose Runtime API is at `runtime_api`; return its id.

    What is `copied` isn't mounted; the container gets the volumes of `carrier` instead. It is in the
    network of the container `relay_id` where there is one.
    """
    network = {"network_mode": f"container:{relay_id}"} if relay_id else network_options(spec)
    options = {"user": LAMBDA_USER if spec.strict else None}
    created = api.create_container(
        spec.image,
        command=list(spec.command),
        entrypoint=list(spec.entrypoint) if spec.entrypoint else None,
        ports=None if relay_id else exposed_ports(spec),
        working_dir=spec.working_directory,
        environment={
            **_proxies(api, runtime_api),
            **spec.environment,
            "AWS_LAMBDA_RUNTIME_API": runtime_api,
        },
        labels=labels(project=str(spec.project), function=spec.function),
        host_config=api.create_host_config(
            auto_remove=auto_remove, **network, **_host_options(spec, copied, carrier)
        ),
        platform=platform_of(spec),
        **options | engine_options.container_options(spec.engine_options),
    )
    return str(created["Id"])


def limit_cpu(api: EngineClient, container_id: str, cpus: float) -> None:
    """Let a running container have so many CPUs from now on.

    Podman has no such call in the words of Docker's API before version 5, and one of its own:
    https://docs.podman.io/en/latest/_static/api.html#tag/containers/operation/ContainerUpdateLibpod
    """
    quota = max(_LEAST_QUOTA_US, int(cpus * _CPU_PERIOD_US))
    if not api.is_podman:
        api.update_container(container_id, cpu_period=_CPU_PERIOD_US, cpu_quota=quota)
        return
    url = f"{api.base_url}/v4.0.0/libpod/containers/{container_id}/update"
    limits = {"cpu": {"period": _CPU_PERIOD_US, "quota": quota}}
    api.post(url, json=limits, timeout=api.timeout).raise_for_status()


def network_options(spec: SandboxSpec) -> dict[str, Any]:
    """Return what of the host config belongs to the owner of the sandbox's network namespace."""
    return {
        "network_mode": "host" if spec.network == "host" else None,
        "extra_hosts": dict(spec.hosts) or None,
        "dns": list(spec.dns) or None,
        "port_bindings": {port: (spec.publish_on, port) for port in exposed_ports(spec)},
        **engine_options.network_options(spec.engine_options),
    }


def exposed_ports(spec: SandboxSpec) -> list[int]:
    """Return the ports that the owner of the sandbox's network namespace exposes."""
    return [] if spec.network == "host" else list(spec.debug_ports)


def create_relay(api: docker.APIClient, spec: SandboxSpec, image: str, command: list[str]) -> str:
    """Create the container of a relay, which owns the sandbox's network; return its id."""
    created = api.create_container(
        image,
        command=command[1:],
        entrypoint=command[:1],
        # What is attached is its input, which ends when we do.
        stdin_open=True,
        ports=exposed_ports(spec),
        labels=labels(project=str(spec.project), function=spec.function, is_relay=True),
        platform=platform_of(spec) if image == spec.image else None,
        host_config=api.create_host_config(
            auto_remove=True,
            log_config=LogConfig(type="none"),
            cap_drop=["ALL"],
            read_only=True,
            **network_options(spec),
        ),
    )
    return str(created["Id"])


def _host_options(
    spec: SandboxSpec, copied: Collection[SandboxMount], carrier: str | None
) -> dict[str, Any]:
    chosen = engine_options.host_options(spec.engine_options, network=False)
    mounted = [mount for mount in spec.mounts if mount not in copied]
    return {
        "volumes_from": [f"{carrier}:ro"] if carrier else None,
        # We read the output as it comes; the engine need not keep it on disk as well.
        "log_config": LogConfig(type="none"),
        **_memory_options(spec),
        **_security_options(spec),
        **chosen,
        **mount_options(mounted, chosen.get("binds")),
    }


def _security_options(spec: SandboxSpec) -> dict[str, Any]:
    options = strict_options(spec) if spec.strict else {}
    if spec.may_trace:
        # The default profile keeps debuggers from turning off what moves a program about in memory.
        security = [*options.get("security_opt", ()), "seccomp=unconfined"]
        options |= {"cap_add": ["SYS_PTRACE"], "security_opt": security}
    return options


def _memory_options(spec: SandboxSpec) -> dict[str, Any]:
    if spec.memory_mb is None or "mem_limit" in spec.engine_options:
        return {}
    # What is in a /tmp of its own size counts as memory; see `strict_options`.
    memory = (spec.memory_mb + (spec.tmp_mb or 0)) * _MIB
    return {"mem_limit": memory, "memswap_limit": memory}


def _proxies(api: docker.APIClient, runtime_api: str) -> dict[str, str]:
    """Return the variables of the proxies in the Docker client's configuration, if there are any.

    docker-py gives them to every container. None of them leads to the Runtime API:
    https://docs.docker.com/engine/cli/proxy/#configure-the-docker-client
    """
    proxies = cast("Any", api)._proxy_configs.get_environment()  # noqa: SLF001  # it has no public name
    if not proxies:
        return {}
    host = runtime_api.rpartition(":")[0]
    direct = ",".join(filter(None, (proxies.get("no_proxy"), host)))
    return {**proxies, "no_proxy": direct, "NO_PROXY": direct}
