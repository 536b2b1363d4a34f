"""Patterns with `*` for any characters and `?` for one, as AWS has them in policies and in rules."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=1024)
def compile_wildcards(patterns: tuple[str, ...], *, ignores_case: bool = False) -> re.Pattern[str]:
    """Return the expression for any of some patterns; without one it matches nothing."""
    any_of_them = "|".join(map(_expression, patterns)) if patterns else "(?!)"
    return re.compile(any_of_them, re.DOTALL | (re.IGNORECASE if ignores_case else re.NOFLAG))


def _expression(pattern: str) -> str:
    """Return an expression that needs no backtracking between stars, which would take for ever with many."""
    first, *others = re.split(r"\*+", pattern)
    if not others:
        return _literal(first)
    *middle, last = others
    return "".join(
        (
            _literal(first),
            *(f"(?>.*?{_literal(each)})" for each in middle),
            f".*{_literal(last)}",
        )
    )


def _literal(text: str) -> str:
    return "".join("." if each == "?" else re.escape(each) for each in text)
