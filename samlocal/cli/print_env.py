"""`--print-env`: the resolved environment and the source of each value, as text or JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from samlocal.env_vars.environment import Environment, Origin, ResolvedVariable
    from samlocal.errors import Place

MASK = "********"

_WIDEST_COLUMN = 48
_OF_LAMBDA = {"lambda", "credentials"}


def environment_as_text(environment: Environment, *, base: Path) -> str:
    """Return a table of names, values and origins: the function's own variables, then Lambda's.

    Secrets are masked. A value that is not one line of printable text is written as in JSON. Paths
    under `base` are shown relative to it.
    """
    rows = {
        name: (_value(variable), _provenance(variable, base))
        for name, variable in sorted(environment.variables.items())
    }
    names = _width(rows)
    values = _width(value for value, _ in rows.values())
    groups = (
        [
            f"{name:{names}}  {rows[name][0]:{values}}  {rows[name][1]}"
            for name in rows
            if (environment.variables[name].origin.source in _OF_LAMBDA) is of_lambda
        ]
        for of_lambda in (False, True)
    )
    return "\n\n".join("\n".join(lines) for lines in groups if lines) + "\n"


def environment_as_json(environment: Environment, *, function: str, base: Path) -> str:
    """Return the same as JSON: variables by name, with masked secrets, and diagnostics."""
    document = {
        "function": function,
        "variables": {
            name: {
                "value": MASK if variable.secret else variable.value,
                "masked": variable.secret,
                "source": variable.origin.source,
                "origin": _origin(variable.origin, base),
                "overrides": [_origin(origin, base) for origin in variable.overridden],
            }
            for name, variable in sorted(environment.variables.items())
        },
        "diagnostics": [
            {
                "message": diagnostic.message,
                "place": _place(diagnostic.place, base) if diagnostic.place else None,
                "hint": diagnostic.hint,
            }
            for diagnostic in environment.diagnostics
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _width(texts: Iterable[str]) -> int:
    return max((len(text) for text in texts if len(text) <= _WIDEST_COLUMN), default=0)


def _value(variable: ResolvedVariable) -> str:
    if variable.secret:
        return MASK
    value = variable.value
    if value and value.isprintable() and value == value.strip():
        return value
    return json.dumps(value, ensure_ascii=not value.isprintable())


def _provenance(variable: ResolvedVariable, base: Path) -> str:
    origin = _origin(variable.origin, base)
    if not variable.overridden:
        return origin
    return f"{origin} (overrides {', '.join(_origin(o, base) for o in variable.overridden)})"


def _origin(origin: Origin, base: Path) -> str:
    where = _place(origin.place, base) if origin.place else origin.label
    return f"{where} via {', '.join(origin.via)}" if origin.via else where


def _place(place: Place, base: Path) -> str:
    inside = place.path.is_absolute() and place.path.is_relative_to(base)
    return str(replace(place, path=place.path.relative_to(base)) if inside else place)
