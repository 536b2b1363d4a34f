"""Durations in options: `90s`, `5m`, `1h30m`."""

from __future__ import annotations

import re
from typing import Final

from samlocal.errors import UsageError

_SECONDS: Final = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART: Final = r"(\d{1,6}(?:\.\d{1,6})?)(ms|s|m|h|d)"
_DURATION: Final = re.compile(rf"(?:{_PART})+|\d{{1,6}}", re.ASCII)


def parse_duration(text: str, option: str) -> float:
    """Return the seconds of a duration: a number of seconds, or numbers with units from `ms` to `d`.

    Raises:
        UsageError: `text`, the value of `option`, is something else.
    """
    plain = text.replace(" ", "").lower()
    if not _DURATION.fullmatch(plain):
        raise UsageError(
            f"`{option} {text}` is not a duration", hint="for example `90s`, `5m` or `1h30m`"
        )
    parts: list[tuple[str, str]] = re.findall(_PART, plain) or [(plain, "")]
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)
