"""samlocal runs AWS Lambda functions on a developer's own machine.

What a program may use is listed here; `samlocal.library` describes it. All else may change at any time.
"""

from __future__ import annotations

# Not from `typing`: its import takes 6 ms, before the command can handle Ctrl-C.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from samlocal.context import ContextOverrides
    from samlocal.errors import SamlocalError
    from samlocal.function import Function, FunctionEntry
    from samlocal.host import Host
    from samlocal.invocation import FunctionError, InvocationResult, Report
    from samlocal.library import invoke, open_project, prepare, start
    from samlocal.library.logs import LogBuffer, StderrLog
    from samlocal.library.running_function import RunningFunction
    from samlocal.preparation.observer import Observer
    from samlocal.preparation.options import CodeOptions, FunctionOptions, ProjectOptions
    from samlocal.preparation.preparation import PreparedFunction
    from samlocal.project.project import Project
    from samlocal.sandbox.debugging import DebugSettings
    from samlocal.sandbox.output import Log
    from samlocal.sandbox.plan import SandboxSettings

__version__ = "0.1.0"

__all__ = [
    "CodeOptions",
    "ContextOverrides",
    "DebugSettings",
    "Function",
    "FunctionEntry",
    "FunctionError",
    "FunctionOptions",
    "Host",
    "InvocationResult",
    "Log",
    "LogBuffer",
    "Observer",
    "PreparedFunction",
    "Project",
    "ProjectOptions",
    "Report",
    "RunningFunction",
    "SamlocalError",
    "SandboxSettings",
    "StderrLog",
    "invoke",
    "open_project",
    "prepare",
    "start",
]

_MODULES = {
    "CodeOptions": "preparation.options",
    "ContextOverrides": "context",
    "DebugSettings": "sandbox.debugging",
    "Function": "function",
    "FunctionEntry": "function",
    "FunctionError": "invocation",
    "FunctionOptions": "preparation.options",
    "Host": "host",
    "InvocationResult": "invocation",
    "Log": "sandbox.output",
    "LogBuffer": "library.logs",
    "Observer": "preparation.observer",
    "PreparedFunction": "preparation.preparation",
    "Project": "project.project",
    "ProjectOptions": "preparation.options",
    "Report": "invocation",
    "RunningFunction": "library.running_function",
    "SamlocalError": "errors",
    "SandboxSettings": "sandbox.plan",
    "StderrLog": "library.logs",
    "invoke": "library",
    "open_project": "library",
    "prepare": "library",
    "start": "library",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  # whatever is exported
    """Import what is used, and nothing else: the command line imports this package for every command."""
    if name not in _MODULES:
        raise AttributeError(f"module `samlocal` has no attribute `{name}`")
    from importlib import import_module  # noqa: PLC0415  # the command line goes without

    return getattr(import_module(f"samlocal.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
