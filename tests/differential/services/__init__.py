"""All services."""

from __future__ import annotations

from typing import Final

from tests.differential.services import (
    environments,
    events,
    files,
    formats,
    functions,
    variables,
    yaml_values,
)

ALL: Final = (
    *yaml_values.SERVICES,
    *formats.SERVICES,
    *variables.SERVICES,
    *files.SERVICES,
    *environments.SERVICES,
    *functions.SERVICES,
    *events.SERVICES,
)
