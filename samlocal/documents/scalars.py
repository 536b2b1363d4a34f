"""Schemas: what an unquoted word means in each kind of file.

Templates are YAML 1.1, as sam and the AWS CLI read them: `yes` and `on` are booleans, `017` is octal,
`1:30` is sexagesimal (https://yaml.org/type/). Dates stay text, as in CloudFormation, which does not
support timestamps: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html

sam reads files of options and of parameters with ruamel.yaml, as YAML 1.2: `yes` and `1:30` are text, `017`
is 17, `0o17` is octal (https://yaml.org/spec/1.2.2/#103-core-schema).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from samlocal.documents.node import Scalar

    # What an unquoted word means.
    Schema = Callable[[str], Scalar]

_WORDS: Final[Mapping[str, bool | None]] = {
    **{spelling: None for word in ("~", "null") for spelling in (word, word.title(), word.upper())},
    "": None,
    **{s: True for word in ("yes", "true", "on") for s in (word, word.title(), word.upper())},
    **{s: False for word in ("no", "false", "off") for s in (word, word.title(), word.upper())},
}
_NULLS: Final = frozenset(word for word, value in _WORDS.items() if value is None)
_CORE_WORDS: Final[Mapping[str, bool | None]] = {
    word: value
    for word, value in _WORDS.items()
    if value is None or word.lower() in {"true", "false"}
}
_FIRST_OF_NUMBER: Final = frozenset("+-.0123456789")
_INTEGER: Final = re.compile(
    r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][0-9_]*(?::[0-5]?[0-9])*)"
)
_FLOAT: Final = re.compile(
    r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
    r"|[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)"
)
# Digits in groups are ruamel.yaml's own: https://yaml.dev/doc/ruamel.yaml/. Most runs read templates
# only, and would wait for these patterns to be compiled.
_CORE_INTEGER: Final = r"[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)"
_CORE_FLOAT: Final = (
    r"[-+]?(?:(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF))"
    r"|\.(?:nan|NaN|NAN)"
)
_MAX_DIGITS: Final = 1000  # Python refuses to read or write integers of more than 4,300


class Unquoted(str):
    """An unquoted word as it is written: text that may stand for something else."""

    __slots__ = ()


def as_written(text: str) -> Scalar:
    """Return an unquoted word itself; an empty word, `~` and `null` are None."""
    return None if text in _NULLS else Unquoted(text)


def parse_core_scalar(text: str) -> Scalar:
    """Return what an unquoted word of YAML 1.2 means, as sam reads it."""
    if text in _CORE_WORDS:
        return _CORE_WORDS[text]
    if text[0] not in _FIRST_OF_NUMBER or len(text) > _MAX_DIGITS:
        return text
    digits = text.replace("_", "").lower()
    try:
        if re.fullmatch(_CORE_INTEGER, text):
            has_base = digits.lstrip("+-")[:2] in {"0b", "0o", "0x"}
            return int(digits, 0 if has_base else 10)
        if re.fullmatch(_CORE_FLOAT, text):
            return float(digits.replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:  # `0x_`
        return text
    return text


def parse_scalar(text: str) -> Scalar:
    """Return what an unquoted word of YAML 1.1 means."""
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
