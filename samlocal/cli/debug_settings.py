"""Converts options about debugging to the settings of a debugger."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from samlocal.errors import UsageError
from samlocal.path_kinds import is_directory
from samlocal.sandbox.debugging import DebugSettings

if TYPE_CHECKING:
    from samlocal.cli.options.debugging import DebugOptions


def read_debug_settings(options: DebugOptions) -> DebugSettings:
    """Return the settings for a debugger that listens on the chosen ports.

    Raises:
        UsageError: A value is invalid.
    """
    if options.debugger_path and not is_directory(options.debugger_path):
        raise UsageError(f"`--debugger-path`: no directory `{options.debugger_path}`")
    return DebugSettings(
        ports=tuple(dict.fromkeys(options.debug_port or ())),
        path=options.debugger_path,
        arguments=_split(options.debug_args or ""),
        runtime=options.debug_runtime,
    )


def _split(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(
            f"`--debug-args`: {str(error).lower()} in `{text}`",
            hint="the value is split like a shell command line",
        ) from error
