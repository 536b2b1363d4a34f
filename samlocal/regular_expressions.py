"""The regular expressions of load balancers, which Python's `re` matches.

They have neither look-aheads nor back references, among others:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html
What is left is common to both, but for POSIX classes and a few escapes, which are errors here.
"""

from __future__ import annotations

import re
import warnings
from typing import Final

# What is not supported is a named group, and so is `named`, which Python writes otherwise; escapes and classes are passed
# over.
_PARTS: Final = re.compile(
    r"""
    (?P<look_aheads> \(\?[=!] )
    | (?P<look_behinds> \(\?<[=!] )
    | (?P<atomic_groups> \(\?> )
    | (?P<conditions> \(\?\( )
    | (?P<comments> \(\?\# )
    | (?P<back_references> \\[1-9k] | \(\?P= )
    | (?P<possessive_quantifiers> [*+?}]\+ )
    | (?P<Unicode_classes> \\[pP] )
    | (?P<POSIX_classes> \[\^?\[: )
    | (?P<named> \(\?< )
    | \\. | \[\^?\]?(?:\\.|[^\]\\])*\]
    """,
    re.VERBOSE | re.DOTALL,
)


class ExpressionError(ValueError):
    """An expression that is malformed, or has what is not supported; the message is for people."""


def compile_expression(text: str) -> re.Pattern[str]:
    """Return an expression, whose classes are those of ASCII.

    Raises:
        ExpressionError: It is malformed, or has what is not supported.
    """
    converted = _PARTS.sub(_convert, text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of what classes may mean one day
            return re.compile(converted, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise ExpressionError(str(error)) from error


def _convert(part: re.Match[str]) -> str:
    """Return a part of an expression as Python writes it."""
    if part.lastgroup == "named":
        return "(?P<"
    if part.lastgroup:
        name = part.lastgroup.replace("look_", "look-").replace("_", " ")
        raise ExpressionError(f"{name} are not supported: `{part[0]}`")
    return part[0]
