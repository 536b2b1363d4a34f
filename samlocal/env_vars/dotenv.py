r"""`.env` files: `NAME=value` lines.

    # a comment
    STAGE=dev                      # ... also here, after a blank
    export TABLE_NAME=ratings      # `export` changes nothing
    EMPTY=                         # the empty string, like a name alone
    QUOTED="two\nlines, a \"quote\" and ${STAGE}"
    LITERAL='kept as it is: \n ${STAGE}'
    GREETING="a value may
    span lines"
    HOST=${HOST:-localhost}        # from the lines above, else from the shell, else the default

sam reads them with python-dotenv. The one difference: single quotes keep `${…}` as it is.
"""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from samlocal.documents.input_files import Source
    from samlocal.errors import SamlocalError

_BLANK = re.compile(r"(?:[^\S\n]*(?:#[^\n]*)?\n)*[^\S\n]*(?:#[^\n]*\Z)?")
_NAME = re.compile(
    r"""(?: export [^\S\n]+ )?
        (?: '(?P<quoted> [^'\n]+ )'
          | (?P<plain> (?! export (?: \s | \Z | \# ) ) [^\s=\#'"]+ ) )
        [^\S\n]* (?P<assigned> =? ) [^\S\n]*""",
    re.VERBOSE,
)
_UNQUOTED = re.compile(r"(?:(?![^\S\n]+\#)[^\n])*")
_QUOTED = {
    "'": re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL),
    '"': re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL),
}
_END_OF_LINE = re.compile(r"[^\S\n]*(?:#[^\n]*)?(?:\n|\Z)")
_ESCAPE = {
    "'": re.compile(r"\\([\\'])"),
    '"': re.compile(r"""\\([\\'"abfnrtv])"""),
}
_CONTROLS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_REFERENCE = re.compile(r"\$\{(?P<name>[^}:]+)(?::-(?P<default>[^}]*))?\}")


@frozen
class Assignment:
    """One assignment: its name, value and start, and the undefined names that it refers to."""

    name: str
    value: str = field(repr=False)
    index: int
    unknown: tuple[str, ...] = ()


def parse_dotenv(text: str, source: Source, *, shell: Mapping[str, str]) -> Iterator[Assignment]:
    """Yield the assignments of a `.env` file in order; only a newline ends a line."""
    known = dict(shell)
    index = _end_of(_BLANK, text, 0)
    while index < len(text):
        start = _NAME.match(text, index)
        if start is None:
            raise source.error_at("not `NAME=value`", text, index)
        name = start["quoted"] or start["plain"]
        value, end = _value(text, start, source)
        line_end = _END_OF_LINE.match(text, end)
        if line_end is None:
            raise _not_an_assignment(name, text, end, source, is_assigned=bool(start["assigned"]))
        unknown: list[str] = []
        if text[start.end() : start.end() + 1] != "'":
            value = _expand(value, known, unknown)
        known[name] = value
        yield Assignment(name=name, value=value, index=index, unknown=tuple(unknown))
        index = _end_of(_BLANK, text, line_end.end())


def _not_an_assignment(
    name: str, text: str, index: int, source: Source, *, is_assigned: bool
) -> SamlocalError:
    if not is_assigned:
        return source.error_at(f"not `NAME=value`: no `=` follows `{name}`", text, index)
    return source.error_at(
        f"not `NAME=value`: something follows the quoted value of `{name}`",
        text,
        index,
        hint="quote the whole value",
    )


def _end_of(pattern: re.Pattern[str], text: str, index: int) -> int:
    match = pattern.match(text, index)
    return match.end() if match else index


def _value(text: str, start: re.Match[str], source: Source) -> tuple[str, int]:
    """Return the unescaped value after `NAME=`, and the index where it ends."""
    index = start.end()
    first = text[index : index + 1]
    is_comment = first == "#" and text[index - 1].isspace()
    if not start["assigned"] or is_comment:
        return "", index
    if first not in _QUOTED:
        end = _end_of(_UNQUOTED, text, index)
        return text[index:end].rstrip(), end
    match = _QUOTED[first].match(text, index)
    if match is None:
        raise source.error_at("the quote is not closed", text, index)
    return _ESCAPE[first].sub(lambda m: _CONTROLS.get(m[1], m[1]), match[1]), match.end()


def _expand(value: str, known: Mapping[str, str], unknown: list[str]) -> str:
    def of(reference: re.Match[str]) -> str:
        name, default = reference["name"], reference["default"]
        if name not in known and default is None:
            unknown.append(name)
        return known.get(name, default or "")

    return _REFERENCE.sub(of, value)
