"""Links that leave a directory of code, and what a container needs so that they lead somewhere.

A bundler may link shared code and packages of a workspace into a function's directory. In AWS the
deployment package holds what they lead to. A container shows the links themselves, and what they lead to
has to be where they lead to in the container: `/var/task/lib -> ../shared` at `/var/shared`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from samlocal.errors import Place

# Where package managers put the links of a workspace. A walk through all of a function's code would
# cost each invocation more than the rest of it.
_PLACES: Final = ("", "node_modules", "nodejs", "nodejs/node_modules", "python")
_PACKAGES: Final = "node_modules"
# What is here in a container belongs to its image or to us; it is there already, and nothing may hide it.
_CONTAINERS_OWN: Final = (
    *("/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/opt", "/proc", "/run", "/sbin", "/sys"),
    *("/usr", "/var/lang", "/var/rapid", "/var/runtime", "/var/task"),
)


@frozen
class OutgoingLink:
    """A link out of a directory: what it leads to on this machine, and where in the container."""

    path: Path
    source: Path
    target: str


def outgoing_links(directory: Path, mounted_at: str) -> Iterator[OutgoingLink]:
    """Yield the links near the top of a directory that leave it for something on this machine.

    Looked at are its top, `node_modules`, `nodejs`, `nodejs/node_modules` and `python`, and the scopes
    (`@scope`) among packages.
    """
    root = directory.resolve()
    for place in _PLACES:
        for child in _children(directory / place):
            yield from _outgoing(child, directory, root, mounted_at)
            if place.endswith(_PACKAGES) and child.name.startswith("@"):
                for package in _children(Path(child)):
                    yield from _outgoing(package, directory, root, mounted_at)


def links_to_mount(links: Iterable[OutgoingLink]) -> tuple[OutgoingLink, ...]:
    """Return those links whose targets have to be mounted: one for each place, and none inside another."""
    wanted: list[OutgoingLink] = []
    for link in sorted(links, key=lambda link: Path(link.target)):
        hides = leads_to_the_containers_own(link.target)
        if not hides and not (wanted and Path(link.target).is_relative_to(wanted[-1].target)):
            wanted.append(link)
    return tuple(wanted)


def link_diagnostics(links: Iterable[OutgoingLink], place: Place) -> tuple[Diagnostic, ...]:
    """Say which links lead to nothing in the container, or to something else."""
    return tuple(
        Diagnostic(
            message=f"what the link `{link.path}` leads to isn't mounted:"
            f" in the container it would hide `{link.target}`",
            place=place,
            hint="give the directory that it leads to another name, or copy it",
        )
        for link in links
        if leads_to_the_containers_own(link.target)
    )


def leads_to_the_containers_own(path: str) -> bool:
    """Tell whether a path is of the image's, or holds something that is."""
    return any(
        path == own or path.startswith(f"{own}/") or own.startswith(path.rstrip("/") + "/")
        for own in _CONTAINERS_OWN
    )


def is_there(path: Path) -> bool:
    """Tell whether something is at a path, as far as we may look."""
    try:
        return path.exists()
    except OSError:
        return False


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
    if not stays and is_there(real):
        here = Path(mounted_at) / path.parent.relative_to(directory)
        yield OutgoingLink(path=path, source=real, target=os.path.normpath(here / link))
