"""Changes single keys in the text of a TOML file, and leaves all the rest of it as it is."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Final

from samlocal.record import record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from samlocal.cli.config_file import ConfigValue

_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


@record
class _Part:
    """Lines that belong together: a table's header, an assignment, or what is between them.

    `table` is the one that they stand in, and `path` what they are about, both from the root on.
    """

    text: str
    table: tuple[str, ...]
    path: tuple[str, ...] | None = None

    @property
    def is_header(self) -> bool:
        return self.path == self.table


def edit_toml(text: str, table: tuple[str, ...], values: Mapping[str, ConfigValue]) -> str:
    """Return the text with these values in a table; None takes a key out.

    A value stays at its place, with the comment behind it; a new one is the last of its table, and a
    new table the last of the file.

    Raises:
        tomllib.TOMLDecodeError: The text is no TOML.
    """
    parts = list(_parts(text))
    for key, value in values.items():
        parts = _put(parts, table, key, value)
    return "".join(part.text for part in parts)


def _put(
    parts: Sequence[_Part], table: tuple[str, ...], key: str, value: ConfigValue
) -> list[_Part]:
    path = (*table, key)
    line = None if value is None else f"{_key(key)} = {_written(value)}"
    edited: list[_Part] = []
    for part in parts:
        if part.path is None or part.path[: len(path)] != path:
            edited.append(part)
        elif line and part.table == table and not part.is_header:
            edited.append(_Part(text=f"{line}{_comment(part.text)}\n", table=table, path=path))
            line = None
    return (
        edited if line is None else _added(edited, _Part(text=f"{line}\n", table=table, path=path))
    )


def _added(parts: list[_Part], new: _Part) -> list[_Part]:
    last = max(
        (i for i, part in enumerate(parts) if part.path and part.table == new.table), default=-1
    )
    if last >= 0:
        before = parts[: last + 1]
        if not before[-1].text.endswith("\n"):
            before.append(_Part(text="\n", table=new.table))
        return [*before, new, *parts[last + 1 :]]
    header = f"[{'.'.join(_key(name) for name in new.table)}]\n"
    gap = "\n" if parts else ""
    if parts and not parts[-1].text.endswith("\n"):
        gap = "\n\n"
    return [*parts, _Part(text=gap + header, table=new.table, path=new.table), new]


def _parts(text: str) -> Iterator[_Part]:
    """Yield the parts of a file; an assignment may take several lines.

    The parser itself tells where one ends: at the first line up to which all is TOML.
    """
    table: tuple[str, ...] = ()
    lines = _LINE.findall(text)
    start = 0
    while start < len(lines):
        end = start + 1
        while (content := _parsed("".join(lines[start:end]))) is None and end < len(lines):
            end += 1
        part = "".join(lines[start:end])
        if content is None:
            tomllib.loads(text)  # says what is wrong, and where
        path = _path(content or {})
        if part.lstrip().startswith("["):
            table = path
            yield _Part(text=part, table=table, path=path)
        elif path:
            yield _Part(text=part, table=table, path=(*table, *path))
        else:
            yield _Part(text=part, table=table)
        start = end


def _parsed(text: str) -> dict[str, object] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _path(content: Mapping[str, object]) -> tuple[str, ...]:
    """Return the keys that lead to the only value in what was parsed."""
    for key, value in content.items():
        return (key, *(_path(value) if isinstance(value, dict) and len(value) == 1 else ()))
    return ()


def _comment(assignment: str) -> str:
    """Return the comment behind an assignment of one line, with the space before it."""
    line = assignment.rstrip("\n")
    for match in re.finditer(r"\s*#", line):
        if "\n" not in line and _parsed(line[: match.start()]) is not None:
            return line[match.start() :]
    return ""


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _written(name)


def _written(value: ConfigValue) -> str:
    """Return a value in TOML, whose strings and lists are those of JSON but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
