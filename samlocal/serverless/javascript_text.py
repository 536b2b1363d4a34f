"""Text of numbers and booleans, and numbers of text, as JavaScript has them: Serverless is written in it."""

from __future__ import annotations

import re
from typing import Final

_EXACT: Final = 2**53  # every integer up to here is a number of JavaScript
_MAX_DECIMAL_POINT: Final = 21  # from here on, a number has an exponent
_MIN_DECIMAL_POINT: Final = -6
_BASES: Final = {"0x": 16, "0o": 8, "0b": 2}
_DECIMAL: Final = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_WITH_BASE: Final = r"0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+"
_MAX_DIGITS: Final = 1000  # Python refuses to read integers of more than 4,300


def javascript_text(value: str | float) -> str:
    """Return a scalar as JavaScript writes it into a string: `true`, `1`, `1e+21`.

    https://tc39.es/ecma262/multipage/ecmascript-data-types-and-values.html#sec-numeric-types-number-tostring
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and -_EXACT <= value <= _EXACT:
        return str(value)
    return _number_text(value)


def _number_text(value: float) -> str:
    try:
        number = float(value)
    except OverflowError:
        number = float("inf") if value > 0 else float("-inf")
    if number != number or number in {float("inf"), float("-inf")}:  # noqa: PLR0124  # not a number
        return "NaN" if number != number else "Infinity" if number > 0 else "-Infinity"  # noqa: PLR0124
    if number == 0:
        return "0"
    sign = "-" if number < 0 else ""
    mantissa, _, exponent = f"{abs(number)!r}e0".partition("e")
    whole, _, fraction = mantissa.partition(".")
    point = len(whole) + int(exponent.partition("e")[0])
    digits = whole + fraction
    point -= len(digits) - len(digits.lstrip("0"))
    return sign + _with_point(digits.strip("0"), point)


def _with_point(digits: str, point: int) -> str:
    """Return digits whose decimal point comes after the first `point` of them."""
    if len(digits) <= point <= _MAX_DECIMAL_POINT:
        return digits + "0" * (point - len(digits))
    if 0 < point <= _MAX_DECIMAL_POINT:
        return f"{digits[:point]}.{digits[point:]}"
    if _MIN_DECIMAL_POINT < point <= 0:
        return f"0.{'0' * -point}{digits}"
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{point - 1:+d}"


def javascript_number(text: str) -> int | float | None:
    """Return the number that JavaScript reads in a text, an integer if it is one; None if it is not a number."""
    if len(text) > _MAX_DIGITS:
        return None
    if re.fullmatch(_WITH_BASE, text):
        return int(text[2:], _BASES[text[:2].lower()])
    if not re.fullmatch(_DECIMAL, text):
        return None
    number = float(text)
    if abs(number) == float("inf"):
        return None
    return int(number) if number.is_integer() else number
