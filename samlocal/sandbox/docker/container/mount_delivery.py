"""How what a sandbox mounts gets to the engine: by its path, or as a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.errors import SandboxError

if TYPE_CHECKING:
    from samlocal.engine.engine import Engine
    from samlocal.sandbox.container_spec import ContainerSpec
    from samlocal.sandbox.sandbox import Mount


def mounts_to_copy(spec: ContainerSpec, engine: Engine) -> tuple[Mount, ...]:
    """Return those mounts of a sandbox that have to be copied.

    Raises:
        SandboxError: The function may write to one, and the engine doesn't see this machine's files.
    """
    copies = spec.delivery == "copy" or (spec.delivery == "auto" and not engine.shares_files)
    unseen = [mount for mount in spec.sandbox.mounts if copies and mount.engine_path is None]
    for mount in unseen:
        if not mount.read_only and not engine.shares_files:
            raise SandboxError(
                f"the function can't write to `{mount.source}`: the engine at `{engine.address}`"
                " doesn't see it",
                hint="an engine on this machine does; code and layers are copied to any other",
            )
    return tuple(mount for mount in unseen if mount.read_only)
