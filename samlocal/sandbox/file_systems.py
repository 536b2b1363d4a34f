"""Local directories as a function's EFS file systems."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.diagnostics import Diagnostic
from samlocal.sandbox.sandbox import Mount

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from samlocal.function import Function


def file_system_mounts(directories: Mapping[str, Path]) -> tuple[Mount, ...]:
    """Return writable mounts of directories, which are by mount path."""
    return tuple(
        Mount(source=directory, target=target, read_only=False)
        for target, directory in directories.items()
    )


def file_system_diagnostics(
    function: Function, directories: Mapping[str, Path]
) -> tuple[Diagnostic, ...]:
    """Return diagnostics for missing directories of file systems, and for surplus directories."""
    wanted = {each.mount_path: each for each in function.file_systems}
    missing = [
        Diagnostic(
            message=f"no file system is mounted at `{path}`",
            place=each.place,
            hint=f"`--file-system {path}=DIR` mounts a directory there",
        )
        for path, each in wanted.items()
        if path not in directories
    ]
    surplus = [
        Diagnostic(
            message=f"`{function.logical_id}` has no `FileSystemConfigs` with `{path}`:"
            " it has no such directory in Lambda",
            place=function.place,
        )
        for path in directories
        if path not in wanted
    ]
    return (*missing, *surplus)
