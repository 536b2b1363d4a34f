"""What the processes of a sandbox see of this machine's files: a plan of mounts, made before the first.

The root is this machine's, read-only. Where a directory for a mount is missing, as `/var/task` is, its parent
is replaced by one in memory with the same content and that directory. Nothing changes on this machine.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Final

_DEVICES: Final = ("full", "null", "random", "tty", "urandom", "zero")
_STREAMS: Final = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
}


class Layout:
    """The operations that make a view of this machine's files, in their order.

    Each is a tuple: `bind SOURCE TARGET WRITABLE`, `memory TARGET OPTIONS`, `directory PATH`, `file PATH`,
    `link TEXT PATH`. The directories in `opened` are in memory; they become read-only at the end. `new_root`
    tells whether `/` is one of them.
    """

    def __init__(self) -> None:
        self.operations: list[tuple[Any, ...]] = []
        self.opened: dict[str, set[str]] = {}
        self._sources = {"/": "/"}
        # Directories in which others can be made as they are.
        self._roomy: set[str] = set()

    @property
    def new_root(self) -> bool:
        return "/" in self.opened

    def bind(
        self, source: str, target: str, *, writable: bool = False, is_own: bool = False
    ) -> None:
        """Show a directory or file of this machine at a path; other mounts may change one of our own."""
        self._place(target, is_directory=os.path.isdir(source))
        self.operations.append(("bind", source, target, writable))
        self._cover(target, source)
        if is_own:
            self._roomy.add(target)

    def memory(self, target: str, options: str, *, writable: bool = False) -> None:
        """Show an empty directory in memory at a path."""
        self._place(target, is_directory=True)
        self.operations.append(("memory", target, options))
        self._cover(target, "")
        if writable:
            self._roomy.add(target)
        else:
            self.opened[target] = set()

    def link(self, text: str, path: str) -> None:
        """Show a symbolic link in a directory in memory."""
        self.operations.append(("link", text, path))

    def replace(self, path: str, source: str) -> None:
        """Show the content of a directory of this machine at a path, in a directory that takes more."""
        self._place(path, is_directory=True)
        self._cover(path, source)
        self._open(path)

    def keep(self, paths: Iterable[str]) -> None:
        """Show files and directories of this machine that are hidden by others."""
        for path in paths:
            if self._seen(path) != path and os.path.exists(path):
                self.bind(path, path)

    def devices(self) -> None:
        """Show only the devices that every program may use."""
        self.memory("/dev", "mode=755")
        for name in _DEVICES:
            if os.path.exists(f"/dev/{name}"):
                self.bind(f"/dev/{name}", f"/dev/{name}")
        for name, text in _STREAMS.items():
            self.link(text, f"/dev/{name}")

    def _cover(self, target: str, source: str) -> None:
        """Forget what was seen below a path, which is now `source`."""
        for known in [each for each in self._sources if f"{each}/".startswith(f"{target}/")]:
            del self._sources[known]
        for opened in [each for each in self.opened if f"{each}/".startswith(f"{target}/")]:
            del self.opened[opened]
        self._roomy = {each for each in self._roomy if not f"{each}/".startswith(f"{target}/")}
        self._sources[target] = source

    def _seen(self, path: str) -> str | None:
        """Return which path of this machine is seen at a path; None if there is nothing."""
        known = path
        while known not in self._sources:
            known = os.path.dirname(known)
        source = self._sources[known]
        if path == known:
            return source
        below = path[len(known.rstrip("/")) :]
        first = below.strip("/").split("/")[0]
        if first and known in self.opened and first not in self.opened[known]:
            return None
        shown = source.rstrip("/") + below
        return shown if source and os.path.lexists(shown) else None

    def _place(self, path: str, *, is_directory: bool) -> None:
        """See to it that there is something to mount on."""
        if path == "/" or path in self.opened or self._seen(path) is not None:
            return
        parent = os.path.dirname(path)
        self._place(parent, is_directory=True)
        if parent not in self.opened and parent not in self._roomy:
            self._open(parent)
        self.operations.append(("directory" if is_directory else "file", path))
        self._sources[path] = ""
        if parent in self._roomy:
            self._roomy.add(path)
            return
        self.opened[parent].add(os.path.basename(path))
        if is_directory:
            self.opened[path] = set()

    def _open(self, path: str) -> None:
        """Replace a directory by one in memory with the same content."""
        source = self._seen(path) or ""
        names = _entries(source) if source else []
        self.opened[path] = set(names)
        self._sources[path] = source
        if path == "/":
            return
        self.operations.append(("memory", path, "mode=755"))
        for name in names:
            entry = f"{source}/{name}"
            shown = f"{path}/{name}"
            if os.path.islink(entry):
                self.operations.append(("link", os.readlink(entry), shown))
            else:
                self.operations.append(("directory" if os.path.isdir(entry) else "file", shown))
                self.operations.append(("bind", entry, shown, False))


def _entries(path: str) -> list[str]:
    try:
        return os.listdir(path)
    except OSError:  # it may not be read
        return []
