"""The options of every command that reads a project."""

from __future__ import annotations

from samlocal.cli import options  # noqa: TC001  # `grouped` reads the annotations as the program runs
from samlocal.cli.console import show_debug_log
from samlocal.frozen_dataclass import frozen


@frozen
class GeneralOptions:
    """Where options come from, which `ConfiguredCommand` has looked at already, and how much to say."""

    config_file: options.ConfigFile = None
    config_env: options.ConfigEnv = None
    save_params: options.SaveParams = False
    beta_features: options.BetaFeatures = None
    debug: options.Debug = False

    def apply(self) -> None:
        if self.debug:
            show_debug_log()
