"""Isolates a supervisor with bubblewrap, where only that program may use namespaces.

On Ubuntu, AppArmor allows them for some programs only.

https://manpages.debian.org/stable/bubblewrap/bwrap.1.en.html
"""

from __future__ import annotations

import marshal
import os
import sys

from .view import layout_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from .layout import Layout

_SUPERVISOR: Final = (
    "import sys; sys.path.append(sys.argv[1]); from box.guard import supervise; supervise()"
)
_STATE: Final = "box-state"


def become_wrapped(
    program: str, setup: dict[str, Any], folder: str, state: dict[str, Any], inherited: list[int]
) -> None:
    """Execute bubblewrap, which executes a supervisor with this state and these open files.

    Raises:
        OSError: The kernel does not execute it.
    """
    number = os.memfd_create(_STATE)
    os.write(number, marshal.dumps(state))
    os.lseek(number, 0, os.SEEK_SET)
    for each in (number, *inherited):
        os.set_inheritable(each, True)
    packages = sys.argv[1]
    own = [sys.prefix, sys.base_prefix, packages]
    layout = layout_of(setup | {"needs": [*setup["needs"], *own]}, folder)
    python = [sys.executable, "-I", "-S", "-X", "utf8", "-c", _SUPERVISOR, packages, str(number)]
    user = setup["user"] or (0, 0)
    isolation = [
        *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--die-with-parent", "--as-pid-1"),
        *("--uid", str(user[0]), "--gid", str(user[1]), "--cap-drop", "ALL"),
    ]
    os.execv(program, [program, *isolation, *_arguments(layout), "--", *python])  # noqa: S606  # a list of words


def take_state(number: int) -> dict[str, Any]:
    """Return the state that a supervisor was executed with."""
    with open(number, "rb") as file:
        state: dict[str, Any] = marshal.load(file)  # noqa: S302  # of our own process
    return state


def _arguments(layout: Layout) -> list[str]:
    """Return a layout as options."""
    arguments = _root(layout)
    for operation in layout.operations:
        match operation:
            case ("bind", source, target, writable):
                kind = "--dev-bind" if source.startswith("/dev/") else "--ro-bind"
                arguments += ["--bind" if writable else kind, source, target]
            case ("memory", target, options):
                arguments += _memory(target, options)
            case ("directory", path):
                arguments += ["--dir", path]
            case ("link", text, path):
                arguments += ["--symlink", text, path]
    arguments += ["--proc", "/proc"]
    for path in layout.opened:
        if path == "/" or ("memory", path, "mode=755") in layout.operations:
            arguments += ["--remount-ro", path]
    return arguments


def _root(layout: Layout) -> list[str]:
    if not layout.new_root:
        return ["--ro-bind", "/", "/"]
    arguments = []
    for name in layout.opened["/"]:
        path = f"/{name}"
        if os.path.islink(path):
            arguments += ["--symlink", os.readlink(path), path]
        elif os.path.exists(path):
            arguments += ["--ro-bind", path, path]
    return arguments


def _memory(target: str, options: str) -> list[str]:
    given = dict(each.split("=") for each in options.split(","))
    size = ["--size", given["size"]] if "size" in given else []
    return ["--perms", given["mode"], *size, "--tmpfs", target]
