"""Scalars as JavaScript has them: what js-yaml 4 takes an unquoted word for, and the numbers of JSON.

js-yaml reads YAML 1.2 with timestamps, and without digits in groups: https://github.com/nodeca/js-yaml
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.documents.node import Scalar

_WORDS: Final[Mapping[str, bool | None]] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_FIRST_OF_NUMBER: Final = frozenset("+-.0123456789")
_DIGITS: Final = re.compile("[1-9][0-9]{0,14}")  # what a double holds exactly
_WITH_BASE: Final = re.compile(r"([-+]?)0(?:b([01]+)|o([0-7]+)|x([0-9a-fA-F]+))")
_FLOAT: Final = re.compile(
    r"[-+]?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9]+(?:[eE][-+]?[0-9]+)?"
)
_SPECIAL: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
# Compiled where a word looks like one.
_TIMESTAMP: Final = (
    r"([0-9]{4})-([0-9][0-9]?)-([0-9][0-9]?)(?:[Tt]|[ \t]+)([0-9][0-9]?):([0-9]{2}):([0-9]{2})"
    r"(?:\.([0-9]*))?(?:[ \t]*(?:Z|([-+])([0-9][0-9]?)(?::([0-9]{2}))?))?"
)
_DATE: Final = r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
_EXPONENT_FROM: Final = 1e21  # JavaScript writes smaller integers with all their digits
_DIFFERS_BELOW: Final = 1e-4  # Python writes smaller numbers otherwise
_NO_EXPONENT_FROM: Final = 1e-6


class SmallNumber(float):
    """A number that JavaScript writes otherwise than Python: `0.00001`, `1e-7`."""

    __slots__ = ()

    def __str__(self) -> str:
        if abs(self) >= _NO_EXPONENT_FROM:
            return f"{Decimal(repr(float(self))):f}"
        return re.sub("e-0*", "e-", repr(float(self)))


def javascript_number(value: float) -> int | float:
    """Return a double such that its text in Python is that in JavaScript: `1` for 1.0.

    https://tc39.es/ecma262/#sec-numeric-types-number-tostring
    """
    size = abs(value)
    if size < _EXPONENT_FROM and value.is_integer():
        return int(Decimal(repr(value)))
    return SmallNumber(value) if size < _DIFFERS_BELOW else value


def parse_json_scalar(word: str) -> Scalar:
    """Return what an unquoted word of JSON means in JavaScript; infinite numbers are None."""
    if word in _WORDS:
        return _WORDS[word]
    return _number(float(word))


def json_data(text: str) -> object:
    """Return the value of a text that is JSON, with JavaScript's numbers."""
    data: object = json.loads(text, parse_int=parse_json_scalar, parse_float=parse_json_scalar)
    return data


def parse_js_yaml_scalar(text: str) -> Scalar:
    """Return what an unquoted word means to js-yaml, as JSON: a timestamp is text, `.inf` is None."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST_OF_NUMBER:
        return text
    return int(text) if _DIGITS.fullmatch(text) else _parse_number_or_date(text)


def _parse_number_or_date(text: str) -> Scalar:
    if match := _WITH_BASE.fullmatch(text):
        return _with_base(match, text)
    if _FLOAT.fullmatch(text):
        number = _number(float(text))
        return text if number is None else number
    if _SPECIAL.fullmatch(text):
        return None
    return timestamp_text(text) if text[4:5] == "-" else text


def _number(value: float) -> int | float | None:
    finite = value - value == 0
    return javascript_number(value) if finite else None


def _with_base(match: re.Match[str], text: str) -> int | float | str:
    sign, binary, octal, hexadecimal = match.groups()
    digits, base = (binary, 2) if binary else (octal, 8) if octal else (hexadecimal, 16)
    try:
        value = float(int(digits, base))
    except OverflowError:
        return text
    return javascript_number(-value if sign == "-" else value)


def timestamp_text(text: str) -> str:
    """Return the ISO text of a timestamp, as JavaScript writes it in JSON, and any other text itself."""
    match = re.fullmatch(_DATE, text) or re.fullmatch(_TIMESTAMP, text)
    if match is None:
        return text
    year, month, day, hour, minute, second, fraction, sign, *offset = (
        *match.groups(),
        *(None,) * 7,
    )[:10]
    months = int(month or 0) - 1  # a thirteenth month is the next year's first
    of_century = 1900 if int(year or 0) < 100 else 0  # noqa: PLR2004  # as Date.UTC
    try:
        moment = datetime(int(year or 0) + of_century + months // 12, months % 12 + 1, 1)  # noqa: DTZ001  # in UTC
        moment += timedelta(
            days=int(day or 0) - 1,
            hours=int(hour or 0),
            minutes=int(minute or 0),
            seconds=int(second or 0),
            milliseconds=int((fraction or "")[:3].ljust(3, "0")),
        )
        east = timedelta(hours=int(offset[0] or 0), minutes=int(offset[1] or 0))
        moment += east if sign == "-" else -east
    except (ValueError, OverflowError):  # before the year 1 or after 9999
        return text
    return f"{moment.isoformat(timespec='milliseconds')}Z"
