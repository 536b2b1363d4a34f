"""The options of every command that reads a project."""

from __future__ import annotations

from samlocal.cli.console import show_debug_log
from samlocal.cli.options import shared  # noqa: TC001  # `grouped` reads the annotations as the program runs
from samlocal.frozen_dataclass import frozen


@frozen
class GeneralOptions:
    """Where options come from, which `ConfiguredCommand` has looked at already, and how much to say."""

    config_file: shared.ConfigFile = None
    config_env: shared.ConfigEnv = None
    save_params: shared.SaveParams = False
    beta_features: shared.BetaFeatures = None
    debug: shared.Debug = False

    def apply(self) -> None:
        if self.debug:
            show_debug_log()
