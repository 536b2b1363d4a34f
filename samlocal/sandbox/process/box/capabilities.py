"""The rights of root that programs in a sandbox have: those that container engines leave.

https://docs.docker.com/engine/security/#linux-kernel-capabilities
https://man7.org/linux/man-pages/man7/capabilities.7.html
"""

from __future__ import annotations

from . import kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

# chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap, net_bind_service, net_raw, sys_chroot,
# mknod, audit_write, setfcap
_KEPT: Final = frozenset({0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31})
_MOST: Final = 64


def drop_capabilities(*, keeps: bool) -> None:
    """Let no program that this process executes have more; with `keeps`, those that engines leave are kept."""
    for number in range(_MOST):
        if not (keeps and number in _KEPT) and not kernel.drop_capability(number):
            return
