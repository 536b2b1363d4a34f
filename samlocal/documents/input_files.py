"""Input from files that the user names and from standard input: reading, decoding, parsing."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol

from samlocal.documents.read_files import note_file
from samlocal.errors import Place
from samlocal.frozen_dataclass import frozen
from samlocal.suggestions import ask_for, closest

if TYPE_CHECKING:
    from samlocal.errors import SamlocalError

STDIN = "-"

_EXCERPT = 24
_STRING_OR_CONSTANT = re.compile(r'"(?:[^"\\]|\\.)*"|(?P<constant>-?Infinity|NaN)')


class Reader(Protocol):
    """The part of standard input that readers need."""

    def read(self, size: int, /) -> bytes: ...


@frozen
class InputKind:
    """What is read (`event file`, `env file`), the error for it, and its maximum size."""

    noun: str
    error: type[SamlocalError]
    max_bytes: int


@frozen
class Source:
    """One input: its kind, and the path that messages show."""

    kind: InputKind
    path: Path

    def error(
        self, message: str, *, line: int = 1, column: int = 1, hint: str | None = None
    ) -> SamlocalError:
        """Return the error for a place in this input; line and column count from 1."""
        return self.kind.error(message, place=Place(self.path, line, column), hint=hint)

    def error_at(
        self, message: str, text: str, index: int, *, hint: str | None = None
    ) -> SamlocalError:
        """Return the error for the character at `index` of `text`."""
        line, column = Lines(text).at(index)
        return self.error(message, line=line, column=column, hint=hint)


def named_input(name: str, kind: InputKind) -> Source:
    """Return the input that a user calls `name`: a path, or `-` for standard input."""
    return Source(kind=kind, path=Path("<stdin>" if name == STDIN else name))


def read_input(name: str, kind: InputKind, *, stdin: Reader) -> bytes:
    """Return the content of the file `name`, or of standard input for `-`: at most `max_bytes` + 1 bytes."""
    if name == STDIN:
        return stdin.read(kind.max_bytes + 1)
    note_file(Path(name))
    try:
        with Path(name).open("rb") as file:
            return file.read(kind.max_bytes + 1)
    except FileNotFoundError as exc:
        raise kind.error(f"no such {kind.noun}: `{name}`", hint=_did_you_mean(Path(name))) from exc
    except IsADirectoryError as exc:
        article = "an" if kind.noun[0] in "aeiou" else "a"
        raise kind.error(f"`{name}` is a directory, not {article} {kind.noun}") from exc
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise kind.error(f"the {kind.noun} `{name}` cannot be read: {reason}") from exc


def _did_you_mean(path: Path) -> str | None:
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return None
    match = closest(path.name, names)
    return None if match is None else ask_for(str(path.with_name(match)))


def decode(content: bytes, source: Source) -> str:
    """Return the text of UTF-8, or of UTF-16 and UTF-32, without the byte order mark."""
    encoding = json.detect_encoding(content)
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as exc:
        before = content[: exc.start].decode(encoding, "replace").removeprefix("\ufeff")
        name = encoding.removesuffix("-sig").upper()
        raise source.error_at(
            f"invalid {name}: the byte `0x{content[exc.start]:02x}`",
            before,
            len(before),
            hint="save the file as UTF-8",
        ) from exc


class Lines:
    """Finds the line and the column of many characters of one text."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def at(self, index: int) -> tuple[int, int]:
        """Return the line and column of the character at `index`; both count from 1."""
        line = bisect_right(self._starts, index)
        return line, index - self._starts[line - 1] + 1


def check_json(text: str, source: Source) -> None:
    """Raise if `text` is not JSON as in RFC 8259, without converting its numbers."""
    _load_json(text, source, convert_numbers=False)


def parse_json(text: str, source: Source) -> object:
    """Return the value of the JSON `text`; the last value of a repeated name applies."""
    return _load_json(text, source, convert_numbers=True)


def _load_json(text: str, source: Source, *, convert_numbers: bool) -> object:
    def refuse(_constant: str) -> NoReturn:
        matches = (m for m in _STRING_OR_CONSTANT.finditer(text) if m["constant"])
        raise json.JSONDecodeError("not a JSON value", text, next(matches).start())

    convert = None if convert_numbers else str
    try:
        document: object = json.loads(
            text, parse_constant=refuse, parse_int=convert, parse_float=convert
        )
    except json.JSONDecodeError as exc:
        found = text[exc.pos : exc.pos + _EXCERPT].split("\n", maxsplit=1)[0].rstrip()
        at = f"at `{found}`" if found else "at the end of the line"
        raise source.error_at(f"invalid JSON: {_lower(exc.msg)}, {at}", text, exc.pos) from exc
    except RecursionError as exc:
        raise source.error("invalid JSON: nested too deeply") from exc
    except ValueError as exc:  # Python's own limit on the digits of an integer
        raise source.error("invalid JSON: a number has too many digits") from exc
    return document


def _lower(message: str) -> str:
    """Start a message from Python in lower case, like all messages."""
    return message[:1].lower() + message[1:]
