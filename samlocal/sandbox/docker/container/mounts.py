"""The mounts in the host config, each in a form that supports its paths.

`Binds` are strings, which do not support a colon in a path. Podman converts `Mounts` to CSV without quoting:
https://github.com/containers/podman/blob/v4.3.1/pkg/api/handlers/compat/containers_create.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from samlocal.engine.engine_api import Json
    from samlocal.sandbox.sandbox import Mount

_SPECIAL_IN_CSV: Final = frozenset(',"\r\n')


def mount_options(mounts: Sequence[Mount], binds: Sequence[str] = ()) -> Json:
    """Return the options of the host config for mounts, in addition to existing `binds`."""
    as_binds = [mount for mount in mounts if _is_bind(mount)]
    return {
        "Mounts": [
            {
                "Type": "bind",
                "Source": _source(mount),
                "Target": mount.target,
                "ReadOnly": mount.read_only,
            }
            for mount in mounts
            if mount not in as_binds
        ],
        "Binds": [
            *binds,
            *(
                f"{_source(mount)}:{mount.target}:{'ro' if mount.read_only else 'rw'}"
                for mount in as_binds
            ),
        ],
    }


def _is_bind(mount: Mount) -> bool:
    paths = _source(mount) + mount.target
    return ":" not in paths and not _SPECIAL_IN_CSV.isdisjoint(paths)


def _source(mount: Mount) -> str:
    return mount.engine_path or str(mount.source)
