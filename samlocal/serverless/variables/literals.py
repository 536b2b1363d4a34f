"""Unquoted words in variables: numbers, booleans and null."""

from __future__ import annotations

import re
from typing import Final

from samlocal.documents.javascript_scalars import javascript_number
from samlocal.serverless.variables.parts import Literal

# Compiled where a word may be a number: https://tc39.es/ecma262/#sec-tonumber-applied-to-the-string-type
_DECIMAL: Final = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_WITH_BASE: Final = r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)"
_MAX_DIGITS: Final = 300  # of a number, which all are finite
_CONSTANTS: Final = {"true": True, "false": False, "null": None}


def parse_word(word: str, *, is_text: bool = False) -> Literal | None:
    """Return the value of an unquoted word; None if it has none, unless it may be text."""
    if word in _CONSTANTS:
        return Literal(_CONSTANTS[word])
    number = _number(word)
    if number is not None:
        return Literal(number)
    return Literal(word) if is_text and word else None


def _number(word: str) -> int | float | None:
    if len(word) <= _MAX_DIGITS:
        if re.fullmatch(_WITH_BASE, word):
            return javascript_number(float(int(word, 0)))
        if re.fullmatch(_DECIMAL, word) and (value := float(word)) != float("inf"):
            return javascript_number(value)
    return None
