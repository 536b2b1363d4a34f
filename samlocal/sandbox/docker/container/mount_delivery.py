"""How the mounts of a sandbox get to the engine: by path or as copies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.errors import SandboxError

if TYPE_CHECKING:
    from samlocal.engine.engine import Engine
    from samlocal.sandbox.container_spec import ContainerSpec
    from samlocal.sandbox.sandbox import Mount


def mounts_to_copy(spec: ContainerSpec, engine: Engine) -> tuple[Mount, ...]:
    """Return the mounts of a sandbox that must be copied.

    Raises:
        SandboxError: One is writable, and the engine does not see this machine's files.
    """
    copies = spec.delivery == "copy" or (spec.delivery == "auto" and not engine.shares_files)
    unseen = [mount for mount in spec.sandbox.mounts if copies and mount.engine_path is None]
    for mount in unseen:
        if not mount.read_only and not engine.shares_files:
            raise SandboxError(
                f"the function cannot write to `{mount.source}`: the engine at `{engine.address}`"
                " does not see it",
                hint="use an engine on this machine; only code and layers are copied to other engines",
            )
    return tuple(mount for mount in unseen if mount.read_only)
