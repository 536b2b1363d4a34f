"""Which directories to watch, so that no change of some paths goes unnoticed."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

# A directory may be replaced together with directories that contain it, as `sam build` does.
_PARENTS: Final = 3


@frozen
class WatchPlan:
    """What is watched for some files and directories.

    All below `trees` is watched, and the entries of `directories`. Values are the paths that a change
    concerns: of any file in a tree, or of an entry with a name in `names`. All keys are real paths.
    """

    trees: Mapping[str, frozenset[Path]]
    names: Mapping[str, frozenset[Path]]
    directories: frozenset[str]

    def concerned(self, path: str) -> frozenset[Path]:
        """Return the paths that may not be the same any more, because `path` was created, removed or moved."""
        return self.names.get(path, frozenset())

    def trees_of(self, path: str) -> Iterable[tuple[str, frozenset[Path]]]:
        """Yield each tree that a path is in, with the paths that it concerns."""
        end = len(path)
        while (end := path.rfind("/", 0, end)) > 0:
            if concerned := self.trees.get(path[:end]):
                yield path[:end], concerned


def plan_watch(trees: Collection[Path], files: Collection[Path]) -> WatchPlan:
    """Return how to watch directories with all below them, and single files; none of them need exist.

    A file is watched through its directory, because editors replace files. So are the parents of every path,
    and the symlinks in it.
    """
    planned: defaultdict[str, set[Path]] = defaultdict(set)
    names: defaultdict[str, set[Path]] = defaultdict(set)
    directories: set[str] = set()
    for path in trees:
        if os.path.isdir(path):  # noqa: PTH112  # unlike pathlib, without an error for a closed directory
            planned[os.path.realpath(path)].add(path)
    for path in (*trees, *files):
        for part in _parts(path):
            parent = os.path.realpath(part.parent)
            names[os.path.join(parent, part.name)].add(path)  # noqa: PTH118
            directories.add(parent)
    return WatchPlan(
        trees={name: frozenset(paths) for name, paths in planned.items()},
        names={name: frozenset(paths) for name, paths in names.items()},
        directories=frozenset(directories),
    )


def _parts(path: Path) -> Iterable[Path]:
    """Yield the path, what it is a link to, and those of its parents whose replacement matters."""
    yield path
    yield Path(os.path.realpath(path))
    for number, parent in enumerate(path.parents):
        if not parent.name:
            return
        if number < _PARENTS or os.path.islink(parent) or not os.path.exists(parent):  # noqa: PTH110, PTH114  # as above
            yield parent
