"""Symlinks that point outside a directory of code, and their targets in the container.

A bundler may link shared code and packages of a workspace into a function's directory. In AWS the
deployment package contains their targets. A container sees the links themselves, so the targets are
mounted where the links point: `/var/shared` for `/var/task/lib -> ../shared`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.data import exists
from samlocal.diagnostics import Diagnostic
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from samlocal.errors import Place

# Where package managers put the links of a workspace. A walk through all of a function's code would
# take longer than the rest of an invocation.
_PLACES: Final = ("", "node_modules", "nodejs", "nodejs/node_modules", "python")
_PACKAGES: Final = "node_modules"
# Directories of the image or of samlocal in a container, which no mount may hide.
_CONTAINERS_OWN: Final = (
    *("/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/opt", "/proc", "/run", "/sbin", "/sys"),
    *("/usr", "/var/lang", "/var/rapid", "/var/runtime", "/var/task"),
)


@frozen
class OutgoingLink:
    """A link out of a directory: its target on this machine and in the container."""

    path: Path
    source: Path
    target: str


def find_outgoing_links(directory: Path, mounted_at: str) -> Iterator[OutgoingLink]:
    """Yield the links near the top of a directory whose targets exist outside of it.

    Only the top, `node_modules`, `nodejs`, `nodejs/node_modules` and `python` are searched, and the scopes
    (`@scope`) among packages.
    """
    root = directory.resolve()
    for place in _PLACES:
        for child in _children(directory / place):
            yield from _outgoing(child, directory, root, mounted_at)
            if place.endswith(_PACKAGES) and child.name.startswith("@"):
                for package in _children(Path(child)):
                    yield from _outgoing(package, directory, root, mounted_at)


def select_links_to_mount(links: Iterable[OutgoingLink]) -> tuple[OutgoingLink, ...]:
    """Return the links whose targets need a mount: one for each target, and none inside another."""
    wanted: list[OutgoingLink] = []
    for link in sorted(links, key=lambda link: Path(link.target)):
        hides = is_container_path(link.target)
        if not hides and not (wanted and Path(link.target).is_relative_to(wanted[-1].target)):
            wanted.append(link)
    return tuple(wanted)


def check_links(links: Iterable[OutgoingLink], place: Place) -> tuple[Diagnostic, ...]:
    """Report links whose targets cannot be mounted because they would hide the container's own files."""
    return tuple(
        Diagnostic(
            message=f"skipping the target of the symlink `{link.path}`:"
            f" mounting it would hide `{link.target}` in the container",
            place=place,
            hint="rename the target directory, or copy it into the code",
        )
        for link in links
        if is_container_path(link.target)
    )


def is_container_path(path: str) -> bool:
    """Tell whether a path belongs to the container itself, or contains such a path."""
    return any(
        path == own or path.startswith(f"{own}/") or own.startswith(path.rstrip("/") + "/")
        for own in _CONTAINERS_OWN
    )


def _children(directory: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as found:
            return [] if directory.is_symlink() else list(found)
    except OSError:
        return []


def _outgoing(
    child: os.DirEntry[str], directory: Path, root: Path, mounted_at: str
) -> Iterator[OutgoingLink]:
    if not child.is_symlink():
        return
    path = Path(child)
    link, real = path.readlink(), Path(os.path.realpath(path))
    stays = real.is_relative_to(root) and not link.is_absolute()
    if not stays and exists(real):
        here = Path(mounted_at) / path.parent.relative_to(directory)
        yield OutgoingLink(path=path, source=real, target=os.path.normpath(here / link))
