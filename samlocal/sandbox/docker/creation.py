"""What the engine is asked for: a function's sandbox in the words of the Engine API.

https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerCreate
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from docker.types import LogConfig, Mount

from samlocal.sandbox.docker.leftovers import labels

if TYPE_CHECKING:
    import docker

    from samlocal.sandbox.sandbox import SandboxSpec

_MIB: Final = 1024 * 1024


def create_container(api: docker.APIClient, spec: SandboxSpec, *, runtime_api: str) -> str:
    """Create the container of a sandbox whose Runtime API is at `runtime_api`; return its id."""
    created = api.create_container(
        spec.image,
        command=list(spec.command),
        entrypoint=list(spec.entrypoint) if spec.entrypoint else None,
        environment={**spec.environment, "AWS_LAMBDA_RUNTIME_API": runtime_api},
        labels=labels(project=str(spec.project), function=spec.function),
        host_config=_host_config(api, spec),
    )
    return str(created["Id"])


def network_options(spec: SandboxSpec) -> dict[str, Any]:
    """Return what of the host config belongs to the owner of the sandbox's network namespace."""
    return {"network_mode": "host" if spec.network == "host" else None}


def _host_config(api: docker.APIClient, spec: SandboxSpec) -> dict[str, object]:
    memory = spec.memory_mb * _MIB
    return api.create_host_config(
        auto_remove=True,
        # Not as `binds`, which are strings and take no colon in a path.
        mounts=[
            Mount(mount.target, str(mount.source), type="bind", read_only=mount.read_only)
            for mount in spec.mounts
        ],
        # We read the output as it comes; the engine need not keep it on disk as well.
        log_config=LogConfig(type="none"),
        mem_limit=memory,
        memswap_limit=memory,
        **network_options(spec),
    )
