"""Calls of the Linux kernel that the `os` module lacks, or has only since Python 3.12.

https://man7.org/linux/man-pages/man2/unshare.2.html
https://man7.org/linux/man-pages/man2/mount.2.html
https://man7.org/linux/man-pages/man2/mount_setattr.2.html
https://man7.org/linux/man-pages/man2/prctl.2.html
"""

from __future__ import annotations

import ctypes
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

NEW_MOUNTS: Final = 0x00020000
NEW_IPC: Final = 0x08000000
NEW_USER: Final = 0x10000000
NEW_PIDS: Final = 0x20000000

READ_ONLY: Final = 1
NO_SETUID: Final = 2
NO_DEVICES: Final = 4
NO_PROGRAMS: Final = 8
REMOUNT: Final = 32
BIND: Final = 4096
RECURSIVE: Final = 16384
PRIVATE: Final = 1 << 18

_DETACH: Final = 2
_SET_PARENT_DEATH_SIGNAL: Final = 1
_DROP_CAPABILITY: Final = 24
_SET_CHILD_SUBREAPER: Final = 36
_SET_NO_NEW_PRIVILEGES: Final = 38
# The number is the same on all architectures that Lambda has.
_MOUNT_SETATTR: Final = 442
_PIVOT_ROOT: Final = {"x86_64": 155, "aarch64": 41}
_AT_FDCWD: Final = -100
_AT_RECURSIVE: Final = 0x8000

_libc = ctypes.CDLL(None, use_errno=True)


def unshare(flags: int) -> None:
    """Leave namespaces for new ones.

    Raises:
        OSError: The kernel or its configuration refuses that.
    """
    _check(_libc.unshare(flags), "unshare")


def mount(
    source: str, target: str, kind: str | None = None, flags: int = 0, data: str | None = None
) -> None:
    """Mount a file system, or change one.

    Raises:
        OSError: The kernel refuses that.
    """
    result = _libc.mount(
        os.fsencode(source),
        os.fsencode(target),
        kind.encode() if kind else None,
        ctypes.c_ulong(flags),
        data.encode() if data else None,
    )
    _check(result, f"mount {target}")


def unmount(target: str) -> None:
    """Detach a file system and all below it.

    Raises:
        OSError: The kernel refuses that.
    """
    _check(_libc.umount2(os.fsencode(target), _DETACH), f"unmount {target}")


def set_read_only(target: str, *, value: bool) -> None:
    """Make a mount and all below it read-only, or writable again.

    Raises:
        OSError: The kernel refuses that, or is older than Linux 5.12.
    """
    attributes = (ctypes.c_uint64 * 4)(READ_ONLY if value else 0, 0 if value else READ_ONLY, 0, 0)
    result = _libc.syscall(
        ctypes.c_long(_MOUNT_SETATTR),
        ctypes.c_int(_AT_FDCWD),
        os.fsencode(target),
        ctypes.c_uint(_AT_RECURSIVE),
        ctypes.byref(attributes),
        ctypes.c_size_t(ctypes.sizeof(attributes)),
    )
    _check(result, f"mount_setattr {target}")


def pivot_root(new: str, old: str) -> None:
    """Make the mount `new` the root, and put the old root at `old`.

    Raises:
        OSError: The kernel refuses that.
    """
    number = _PIVOT_ROOT.get(os.uname().machine, 41)
    result = _libc.syscall(ctypes.c_long(number), os.fsencode(new), os.fsencode(old))
    _check(result, "pivot_root")


def adopt_orphans() -> None:
    """Become the parent of all descendants whose own parent ends."""
    _control(_SET_CHILD_SUBREAPER, 1)


def die_with_parent(signal: int) -> None:
    """Get a signal when the parent ends."""
    _control(_SET_PARENT_DEATH_SIGNAL, signal)


def gain_no_privileges() -> None:
    """Let no program that is executed have more rights, as set-user-ID programs do."""
    _control(_SET_NO_NEW_PRIVILEGES, 1)


def drop_capability(number: int) -> bool:
    """Let no program that is executed have a capability; return whether the kernel knows it."""
    result: int = _libc.prctl(_DROP_CAPABILITY, ctypes.c_ulong(number), *_rest(3))
    return result == 0


def _control(option: int, value: int) -> None:
    _check(_libc.prctl(option, ctypes.c_ulong(value), *_rest(3)), f"prctl {option}")


def _rest(count: int) -> list[ctypes.c_ulong]:
    return [ctypes.c_ulong(0)] * count


def _check(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
