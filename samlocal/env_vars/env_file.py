"""An env file as data: variables of every function, and variables of one function each."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from samlocal.diagnostics import Diagnostic
    from samlocal.errors import Place

PARAMETERS = "Parameters"


@frozen
class GivenVariable:
    """A value from an env file, and the place of the variable's name."""

    value: str = field(repr=False)
    place: Place


@frozen
class Section:
    """The variables of one function, and the place of the section's name."""

    variables: Mapping[str, GivenVariable]
    place: Place


@frozen
class EnvFile:
    """One env file. `parameters` apply to every function, as do all variables of a `.env` file."""

    path: Path
    parameters: Mapping[str, GivenVariable] = field(default_factory=dict)
    sections: Mapping[str, Section] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
