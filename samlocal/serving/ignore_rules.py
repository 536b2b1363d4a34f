"""Which changed files do not matter: version control, caches, `.gitignore`, and the user's own patterns.

https://git-scm.com/docs/gitignore
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.serving.ignore_patterns import IgnorePatterns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Below a directory of code. `sam build` writes all of .aws-sam; a built directory that is served is itself the
# directory of code.
_NEVER: Final = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        ".aws-sam",
        "__pycache__",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
    }
)
_FILE: Final = ".gitignore"
# A name that no pattern means: a pattern that matches it means everything in a directory.
_ANY_NAME: Final = "\x01"


class IgnoreRules:
    """Tells which files below directories of code are ignored, as Git does for files that it does not track.

    `patterns` are the user's, in the syntax of `.gitignore`, relative to the directory of code. A pattern of a
    `.gitignore` above that directory has no effect if it matches the directory itself or all that is in it:
    what a build writes is ignored by Git, and is nevertheless the code. Without a repository, files in and below
    `top` count.
    """

    def __init__(
        self, patterns: Iterable[str] = (), *, respects_gitignore: bool = True, top: Path
    ) -> None:
        self._own = IgnorePatterns.read(patterns)
        self._respects_gitignore = respects_gitignore
        self._top = top
        self._specs: dict[str, tuple[str, list[tuple[str, IgnorePatterns]]]] = {}
        self._directories: dict[tuple[str, str], bool] = {}

    def forget(self) -> None:
        """Read the files again, which may have changed."""
        self._specs.clear()
        self._directories.clear()

    def is_ignored(self, directory: str, relative: str) -> bool:
        """Return whether a path relative to a directory of code is ignored, or is in an ignored directory."""
        start = 0
        while (slash := relative.find("/", start)) >= 0:
            parent, start = relative[:slash], slash + 1
            known = self._directories.get((directory, parent))
            if known is None:
                known = self._matches(directory, parent, is_directory=True)
                self._directories[(directory, parent)] = known
            if known:
                return True
        path = os.path.join(directory, relative)  # noqa: PTH118  # there may be thousands of changes
        if os.path.isdir(path):  # noqa: PTH112
            return self._matches(directory, relative, is_directory=True)
        # What has been removed may have been a directory.
        is_gone = not os.path.lexists(path)
        return self._matches(directory, relative, is_directory=False) or (
            is_gone and self._matches(directory, relative, is_directory=True)
        )

    def _matches(self, directory: str, relative: str, *, is_directory: bool) -> bool:
        """Return whether the last applicable pattern ignores a path whose parents are not ignored."""
        if os.path.basename(relative) in _NEVER:  # noqa: PTH119
            return True
        own = self._own.decide(relative, is_directory=is_directory)
        if own is not None:
            return own
        if not self._respects_gitignore:
            return False
        prefix, specs = self._above(directory)
        for base, spec in self._below(directory, relative):
            found = spec.decide(relative[len(base) :], is_directory=is_directory)
            if found is not None:
                return found
        for base, spec in specs:
            path = f"{prefix}{relative}"[len(base) :]
            found = spec.decide(path, is_directory=is_directory)
            if found is not None:
                return found
        return False

    def _below(self, directory: str, relative: str) -> Iterator[tuple[str, IgnorePatterns]]:
        """Yield the rules of files in and below the directory, the nearest first, with where they are."""
        end = len(relative)
        while end >= 0:
            end = relative.rfind("/", 0, end)
            base = relative[: end + 1]
            here = f"{directory}/{base}"
            if here not in self._specs:
                spec = _read(f"{here}{_FILE}")
                self._specs[here] = (base, [(base, spec)] if spec else [])
            yield from self._specs[here][1]

    def _above(self, directory: str) -> tuple[str, list[tuple[str, IgnorePatterns]]]:
        """Return the directory relative to the repository, and the rules above it, the nearest first."""
        if directory not in self._specs:
            top = _repository(Path(directory)) or (
                self._top if Path(directory).is_relative_to(self._top) else Path(directory)
            )
            relative = Path(directory).relative_to(top).as_posix()
            prefix = "" if relative == "." else f"{relative}/"
            specs = []
            end = len(prefix)
            while prefix and end > 0:
                end = prefix.rfind("/", 0, end - 1) + 1
                base = prefix[:end]
                spec = _read(f"{top}/{base}{_FILE}")
                if spec:
                    specs.append((base, _applicable(spec, prefix[len(base) :])))
            if exclude := _read(f"{top}/.git/info/exclude"):
                specs.append(("", _applicable(exclude, prefix)))
            self._specs[directory] = (prefix, specs)
        return self._specs[directory]


def _applicable(spec: IgnorePatterns, prefix: str) -> IgnorePatterns:
    """Return the rules without the patterns that ignore the directory `prefix`, or all that is in it."""
    return spec.without(prefix[:-1], f"{prefix}{_ANY_NAME}") if prefix else spec


def _read(path: str) -> IgnorePatterns | None:
    try:
        text = Path(path).read_text(encoding="utf-8", errors="surrogateescape")
        return IgnorePatterns.read(text.split("\n"))
    except OSError:
        return None


def _repository(directory: Path) -> Path | None:
    return next(
        (each for each in (directory, *directory.parents) if (each / ".git").exists()), None
    )
