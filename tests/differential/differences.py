"""Differences of two answers, and those that the documentation lists."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from tests.benchmarks.timing import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

GUIDE: Final = CHECKOUT / "docs" / "guides" / "serverless.md"
_ABSENT: Final = object()

_SHELL: Final = "variables of the shell and of `.env` files"
_LAMBDA: Final = "variables of Lambda"
# What differs in every service that returns its environment, by name.
_OF_SHELL: Final = ("CI", "HOME", "NODE_*", "PATH", "SHELL_ONLY", "SLS_*")
_OF_LAMBDA: Final = (
    *("AWS_ACCESS_KEY_ID", "AWS_ACCOUNT_ID", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_HANDLER"),
    *(
        "AWS_LAMBDA_FUNCTION_TIMEOUT",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_STREAM_NAME",
    ),
    *("AWS_LAMBDA_METADATA_*", "AWS_LAMBDA_RUNTIME_API", "AWS_SECRET_ACCESS_KEY", "AWS_XRAY_*"),
    *("LD_LIBRARY_PATH", "PYTHON*", "SAMLOCAL", "TZ", "_HANDLER", "_X_AMZN_TRACE_ID"),
)
# Of a container's shell, its host, and its locale: https://peps.python.org/pep-0538/
_OF_CONTAINERS: Final = ("HOSTNAME", "LC_CTYPE", "PWD")
EVERYWHERE: Final[dict[str, str]] = {
    **{f"result.environment.{name}": _SHELL for name in _OF_SHELL},
    **{f"result.environment.{name}": _LAMBDA for name in _OF_LAMBDA},
}
IN_CONTAINERS: Final[dict[str, str]] = {
    f"result.environment.{name}": _LAMBDA for name in _OF_CONTAINERS
}


def differences(theirs: object, ours: object, path: str = "") -> Iterator[str]:
    """Yield the paths at which two answers differ, each with both values."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for name in sorted({*theirs, *ours}, key=str):
            mine, other = ours.get(name, _ABSENT), theirs.get(name, _ABSENT)
            yield from differences(other, mine, f"{path}.{name}" if path else str(name))
    elif theirs is _ABSENT or ours is _ABSENT or not _equal(theirs, ours):
        yield f"{path}: {_shown(theirs)} in Serverless, {_shown(ours)} in samlocal"


def _equal(theirs: object, ours: object) -> bool:
    """Compare as JSON does: `1` is not `true`, and `1.0` is `1`."""
    return theirs == ours and isinstance(theirs, bool) == isinstance(ours, bool)


def _shown(value: object) -> str:
    return "nothing" if value is _ABSENT else f"{value!r:.120}"


def sort_out(found: list[str], listed: Mapping[str, str]) -> tuple[list[str], set[str], set[str]]:
    """Return the differences that nothing explains, and what explained some: of the service, and of all."""
    unexplained: list[str] = []
    used: set[str] = set()
    used_everywhere: set[str] = set()
    for difference in found:
        path = difference.partition(": ")[0]
        general = [each for each in (*EVERYWHERE, *IN_CONTAINERS) if fnmatchcase(path, each)]
        own = [each for each in listed if f"{path}.".startswith(f"{each}.")]
        if own:
            used.update(own)
        elif general:
            used_everywhere.update(general)
        else:
            unexplained.append(difference)
    return unexplained, used, used_everywhere


def documented_rows() -> frozenset[str]:
    """Return the first cells of the tables below "Differences" in the guide."""
    section = GUIDE.read_text().partition("\n## Differences")[2].partition("\n## ")[0]
    return frozenset(re.findall(r"^\| (.+?) \|", section, re.MULTILINE))
