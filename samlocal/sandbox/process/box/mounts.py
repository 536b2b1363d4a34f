"""Carries out a layout, in a mount namespace of its own."""

from __future__ import annotations

import os

from . import kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from .layout import Layout

_OLD_ROOT: Final = "/.old-root"
# Where the new root is put together; any directory of the old root will do.
_BUILDING_SITE: Final = "/tmp"  # noqa: S108  # hidden by it only in this namespace
_PATH: Final = os.O_PATH if hasattr(os, "O_PATH") else 0
# The flags of `statvfs` that a mount in a user namespace has to keep, as those of `mount`:
# https://man7.org/linux/man-pages/man7/mount_namespaces.7.html
_LOCKED: Final = {2: 2, 4: 4, 8: 8, 1024: 1024, 2048: 2048, 4096: 1 << 21}


def apply(layout: Layout, *, own_processes: bool) -> None:
    """Make this process see what the layout says.

    With `own_processes`, /proc is that of a new PID namespace.

    Raises:
        OSError: The kernel refuses a step.
    """
    sources = [each[1] for each in layout.operations if each[0] == "bind"]
    opened = {source: os.open(source, _PATH | os.O_CLOEXEC) for source in sources}
    kernel.mount("none", "/", None, kernel.RECURSIVE | kernel.PRIVATE)
    _make_read_only("/")
    if layout.new_root:
        _change_root(layout.opened["/"])
    for operation in layout.operations:
        _carry_out(operation, opened)
    for number in opened.values():
        os.close(number)
    if own_processes:
        flags = kernel.NO_SETUID | kernel.NO_DEVICES | kernel.NO_PROGRAMS
        kernel.mount("proc", "/proc", "proc", flags)
    if layout.new_root:
        kernel.unmount(_OLD_ROOT)
        os.rmdir(_OLD_ROOT)
    flags = kernel.REMOUNT | kernel.BIND | kernel.READ_ONLY | kernel.NO_SETUID
    for path in layout.opened:
        if os.path.ismount(path):
            kernel.mount("none", path, None, flags)


def _carry_out(operation: tuple[Any, ...], opened: dict[str, int]) -> None:
    match operation:
        case ("bind", source, target, writable):
            flags = kernel.BIND | kernel.RECURSIVE
            kernel.mount(f"/proc/self/fd/{opened[source]}", target, None, flags)
            if writable:
                _make_writable(target)
        case ("memory", target, options):
            kernel.mount("tmpfs", target, "tmpfs", kernel.NO_SETUID, options)
        case ("directory", path):
            os.mkdir(path, 0o755)
        case ("file", path):
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))
        case ("link", text, path):
            os.symlink(text, path)


def _change_root(names: set[str]) -> None:
    """Make a directory in memory the root, with all that is in the present root."""
    site = _BUILDING_SITE
    kernel.mount("tmpfs", site, "tmpfs", kernel.NO_SETUID, "mode=755")
    os.mkdir(site + _OLD_ROOT)
    for name in names:
        entry, shown = f"/{name}", f"{site}/{name}"
        if os.path.islink(entry):
            os.symlink(os.readlink(entry), shown)
        elif not os.path.isdir(entry):
            if os.path.exists(entry):
                os.close(os.open(shown, os.O_CREAT | os.O_WRONLY, 0o644))
                kernel.mount(entry, shown, None, kernel.BIND)
        else:
            os.mkdir(shown)
            if entry != site:
                kernel.mount(entry, shown, None, kernel.BIND | kernel.RECURSIVE)
    os.chdir(site)
    kernel.pivot_root(".", "." + _OLD_ROOT)
    os.chdir("/")


def _make_read_only(path: str) -> None:
    try:
        kernel.set_read_only(path, value=True)
    except OSError:  # Linux before 5.12
        for target in _mount_points():
            _remount(target, kernel.READ_ONLY)


def _make_writable(path: str) -> None:
    try:
        kernel.set_read_only(path, value=False)
    except OSError:
        _remount(path, 0)


def _mount_points() -> list[str]:
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        fields = [line.split(" ")[4] for line in file]
    return [each.encode("latin-1", "surrogateescape").decode("unicode_escape") for each in fields]


def _remount(path: str, flags: int) -> None:
    try:
        present = os.statvfs(path).f_flag
    except OSError:  # hidden by another mount, or not for this user
        return
    kept = sum(flag for bit, flag in _LOCKED.items() if present & bit)
    kernel.mount("none", path, None, kernel.REMOUNT | kernel.BIND | kept | flags)
