"""The patterns of `.gitignore`, matched as Git matches them.

https://git-scm.com/docs/gitignore#_pattern_format
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Self

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

_CLASSES: Final = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": r" \t",
    "digit": "0-9",
    "lower": "a-z",
    "space": r"\s",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}
# A pattern's parts, in the order in which they are tried.
_PARTS: Final = re.compile(
    r"""(?P<any_directories> (?:^|(?<=/)) \*\*/ )
      | (?P<everything> (?:^|(?<=/)) \*\* $ )
      | (?P<stars> \*+ )
      | (?P<one> \? )
      | (?P<set> \[ [!^]? \]? (?: \[:[a-z]+:\] | \\. | [^]\\] )* \] )
      | \\ (?P<escaped> . )
      | (?P<literal> [^\\] )""",
    re.VERBOSE | re.DOTALL,
)


@frozen
class _Pattern:
    """One line: `is_ignored` is false after `!`."""

    expression: re.Pattern[str]
    is_ignored: bool
    is_for_directories: bool
    is_for_names: bool

    def matches(self, path: str, *, is_directory: bool) -> bool:
        if self.is_for_directories and not is_directory:
            return False
        subject = path.rpartition("/")[2] if self.is_for_names else path
        return self.expression.fullmatch(subject) is not None


class IgnorePatterns:
    """The patterns of one file; paths are relative to its directory."""

    def __init__(self, patterns: Iterable[_Pattern]) -> None:
        self._patterns = tuple(patterns)

    @classmethod
    def read(cls, lines: Iterable[str]) -> Self:
        """Return the patterns of some lines. One that is malformed matches nothing."""
        return cls(pattern for line in lines if (pattern := _read(line)))

    def decide(self, path: str, *, is_directory: bool) -> bool | None:
        """Return whether the last pattern that matches ignores the path itself; None if none matches."""
        for pattern in reversed(self._patterns):
            if pattern.matches(path, is_directory=is_directory):
                return pattern.is_ignored
        return None

    def without(self, directory: str, inside: str) -> Self:
        """Return the patterns that ignore neither a directory, its parents nor the path `inside` of it."""
        parts = directory.split("/")
        parents = ["/".join(parts[: end + 1]) for end in range(len(parts))]
        return type(self)(
            pattern
            for pattern in self._patterns
            if not pattern.is_ignored
            or not any(pattern.matches(each, is_directory=True) for each in (*parents, inside))
        )


def _read(line: str) -> _Pattern | None:
    text = re.sub(r"(?<!\\)[ \t]+$", "", line.rstrip("\r\n"))
    if not text or text.startswith("#"):
        return None
    is_ignored = not text.startswith("!")
    text = text.removeprefix("!")
    is_for_directories = text.endswith("/")
    text = text.removesuffix("/")
    is_for_names = "/" not in text
    expression = _expression(text.removeprefix("/"))
    if expression is None:
        return None
    return _Pattern(
        expression=expression,
        is_ignored=is_ignored,
        is_for_directories=is_for_directories,
        is_for_names=is_for_names,
    )


def _expression(text: str) -> re.Pattern[str] | None:
    parts: list[str] = []
    position = 0
    while position < len(text):
        found = _PARTS.match(text, position)
        if found is None:  # a backslash at the end
            return None
        parts.append(_translated(found.lastgroup or "", found[found.lastgroup or 0]))
        position = found.end()
    try:
        return re.compile("".join(parts), re.DOTALL)
    except re.error:
        return None


def _translated(kind: str, text: str) -> str:
    match kind:
        case "any_directories":
            return "(?:.*/)?"
        case "everything":
            return ".+"
        case "stars":
            return "[^/]*"
        case "one":
            return "[^/]"
        case "set":
            return _translated_set(text[1:-1])
    return re.escape(text)


def _translated_set(inner: str) -> str:
    negation = "^" if inner[:1] in {"!", "^"} else ""
    inner = inner[1:] if negation else inner
    inner = re.sub(r"\[:([a-z]+):\]", lambda found: _CLASSES.get(found[1], ""), inner)
    inner = re.sub(r"^\]", r"\\]", inner).replace("[", r"\[")
    inner = re.sub(r"([&~|^])", r"\\\1", inner)
    return f"(?!/)[{negation}{inner}]"
