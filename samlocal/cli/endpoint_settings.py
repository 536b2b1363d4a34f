"""What the options of an endpoint mean, as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from samlocal.cli.config_state import ConfigState
    from samlocal.sandbox.backend import Backend
    from samlocal.serving.options import ServingOptions


@frozen
class EndpointSettings:
    """What an endpoint serves, on which backend, and how long it keeps environments.

    With `initializes_all`, each function has an environment from the start; with `connects_functions`, they can
    call each other. `config` has the configuration files whose changes are followed. `others` are options that the
    start has used; they are here to notice that they have changed.
    """

    serving: ServingOptions
    backend: Backend
    idle_seconds: float
    max_environments: int | None
    allowed_hosts: tuple[str, ...]
    initializes_all: bool = False
    watches: bool = True
    connects_functions: bool = True
    config: ConfigState | None = None
    others: tuple[object, ...] = ()
