"""What an unquoted word means: YAML 1.1's scalars, as sam and the AWS CLI read them.

https://yaml.org/type/: `yes` and `on` are booleans, `017` is octal, `1:30` is sexagesimal. Dates stay
text, as in CloudFormation, which doesn't support timestamps:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from samlocal.project.node import Scalar

_WORDS: Final[Mapping[str, bool | None]] = {
    **{spelling: None for word in ("~", "null") for spelling in (word, word.title(), word.upper())},
    "": None,
    **{s: True for word in ("yes", "true", "on") for s in (word, word.title(), word.upper())},
    **{s: False for word in ("no", "false", "off") for s in (word, word.title(), word.upper())},
}
_FIRST_OF_NUMBER: Final = frozenset("+-.0123456789")
_INTEGER: Final = re.compile(
    r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][0-9_]*(?::[0-5]?[0-9])*)"
)
_FLOAT: Final = re.compile(
    r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
    r"|[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)"
)
_MAX_DIGITS: Final = 1000  # Python refuses to read or write integers of more than 4,300


def parse_scalar(text: str) -> Scalar:
    """Return what an unquoted YAML word means."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST_OF_NUMBER or len(text) > _MAX_DIGITS:
        return text
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        return _float(text)
    return text


def _integer(text: str) -> int | str:
    digits = text.replace("_", "").lower()
    sign = -1 if digits.startswith("-") else 1
    digits = digits.lstrip("+-")
    try:
        if digits[:2] in {"0b", "0x"}:
            return sign * int(digits, 0)
        if digits.startswith("0") and len(digits) > 1:
            return sign * int(digits, 8)
        return sign * int(_sexagesimal(digits, int))
    except ValueError:  # `0x_`
        return text


def _float(text: str) -> float | str:
    digits = text.replace("_", "").lower()
    sign = -1.0 if digits.startswith("-") else 1.0
    digits = digits.lstrip("+-")
    if digits in {".inf", ".nan"}:
        return sign * float(digits[1:])
    try:
        return sign * _sexagesimal(digits, float)
    except ValueError:
        return text


def _sexagesimal(digits: str, number: Callable[[str], float]) -> float:
    value: float = 0
    for part in digits.split(":"):
        value = value * 60 + number(part)
    return value
