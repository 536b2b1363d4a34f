"""The options about debugging, and what they mean."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from samlocal.cli.options import shared  # noqa: TC001  # `grouped` reads the annotations as the program runs
from samlocal.errors import UsageError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.cloudformation.project import Project
    from samlocal.env_vars.env_file import EnvFile
    from samlocal.function import FunctionEntry
    from samlocal.sandbox.debugging import DebugSettings


@frozen
class DebugOptions:
    """What a person types about debugging; `settings` is what it means."""

    debug_port: shared.DebugPort = None
    debugger_path: shared.DebuggerPath = None
    debug_args: shared.DebugArgs = None
    debug_function: shared.DebugFunction = None
    debug_runtime: shared.DebugRuntime = None
    container_env_vars: shared.ContainerEnvVars = None

    def settings_for(self, function: FunctionEntry, project: Project) -> DebugSettings | None:
        """Return how a function is to be debugged, if it is.

        Raises:
            UsageError: An option means nothing.
            ProjectError: `--debug-function` names no function.
        """
        settings = self.settings()
        if settings and self.debug_function:
            return settings if project.find(self.debug_function) == function else None
        return settings

    def container_file(self, shell: Mapping[str, str] | None) -> EnvFile | None:
        """Read `--container-env-vars`, if it is given.

        Raises:
            EnvVarsError: It can't be read, or means nothing.
        """
        if self.container_env_vars is None:
            return None
        from samlocal.env_vars.reading import read_flat_env_file

        return read_flat_env_file(self.container_env_vars, stdin=sys.stdin.buffer, shell=shell)

    def settings(self) -> DebugSettings | None:
        """Return what the options mean; None where nothing is to be debugged.

        Raises:
            UsageError: One of them means nothing.
        """
        if not self.debug_port:
            return None
        from samlocal.sandbox.debugging import DebugSettings

        if self.debugger_path and not self.debugger_path.is_dir():
            raise UsageError(f"`--debugger-path`: no directory `{self.debugger_path}`")
        return DebugSettings(
            ports=tuple(dict.fromkeys(self.debug_port)),
            path=self.debugger_path,
            arguments=_split(self.debug_args or ""),
            runtime=self.debug_runtime,
        )


def _split(text: str) -> tuple[str, ...]:
    import shlex

    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(
            f"`--debug-args`: {str(error).lower()} in `{text}`",
            hint="it is split as a shell splits a line",
        ) from error
