"""What the host config has of mounts: each in the form that takes its paths.

`binds` are strings, which take no colon in a path. Podman reads the others as CSV, in which it quotes
nothing: https://github.com/containers/podman/blob/v4.3.1/pkg/api/handlers/compat/containers_create.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from docker.types import Mount
from docker.utils import convert_volume_binds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from samlocal.sandbox.sandbox import Mount as SandboxMount

_SPECIAL_IN_CSV: Final = frozenset(',"\r\n')


def mount_options(mounts: Sequence[SandboxMount], binds: Any = None) -> dict[str, Any]:  # noqa: ANN401  # docker-py's
    """Return what mounts these; `binds`, in any of docker-py's forms, stay."""
    as_binds = [mount for mount in mounts if _is_bind(mount)]
    options: dict[str, Any] = {
        "mounts": [
            Mount(mount.target, _source(mount), type="bind", read_only=mount.read_only)
            for mount in mounts
            if mount not in as_binds
        ]
    }
    if as_binds or binds:
        options["binds"] = [
            *convert_volume_binds(binds or []),
            *(
                f"{_source(mount)}:{mount.target}:{'ro' if mount.read_only else 'rw'}"
                for mount in as_binds
            ),
        ]
    return options


def _is_bind(mount: SandboxMount) -> bool:
    paths = _source(mount) + mount.target
    return ":" not in paths and not _SPECIAL_IN_CSV.isdisjoint(paths)


def _source(mount: SandboxMount) -> str:
    return mount.engine_path or str(mount.source)
