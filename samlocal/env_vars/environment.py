"""A resolved environment, and where each of its variables comes from."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Literal

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.diagnostics import Diagnostic
    from samlocal.errors import Place

SourceName = Literal[
    "lambda",
    "credentials",
    "template",
    "shell",
    "parameters",
    "section",
    "command-line",
    "container",
]


@frozen
class Origin:
    """The source of a value. `label` names a source without a place: `shell`, `--env`.

    `via` names what the place refers to: parameter overrides, values that live in AWS.
    """

    source: SourceName
    label: str
    place: Place | None = None
    via: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.label if self.place is None else str(self.place)


@frozen
class ResolvedVariable:
    """One variable as the function sees it. The value stays out of `repr`: it may be a secret.

    `secret` is true if the value must not be shown. `overridden` has the other sources of the variable,
    the lowest first.
    """

    value: str = field(repr=False)
    origin: Origin
    secret: bool = False
    overridden: tuple[Origin, ...] = ()


@frozen
class Environment:
    """The variables of one function by name, and the diagnostics about them."""

    variables: Mapping[str, ResolvedVariable]
    diagnostics: tuple[Diagnostic, ...] = ()

    def not_from_template(self) -> frozenset[str]:
        """Return the variables whose value does not come from the template."""
        return frozenset(n for n, v in self.variables.items() if v.origin.source != "template")

    def as_dict(self) -> dict[str, str]:
        """Return the names and values for a sandbox."""
        return {name: variable.value for name, variable in self.variables.items()}
