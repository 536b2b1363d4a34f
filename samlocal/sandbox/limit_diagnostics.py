"""Diagnostics for limits: what a function does not find or cannot read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.diagnostics import Diagnostic
from samlocal.sandbox.file_permissions import readability_diagnostics
from samlocal.sandbox.file_systems import file_system_diagnostics

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.function import Function
    from samlocal.sandbox.plan import SandboxSettings


def limit_diagnostics(
    function: Function, settings: SandboxSettings, code: Path
) -> tuple[Diagnostic, ...]:
    """Return diagnostics for what the function will not find or cannot read."""
    diagnostics = list(file_system_diagnostics(function, settings.file_systems))
    if settings.strict:
        diagnostics += readability_diagnostics(code, place=function.code.place)
    if settings.ca_bundle and (function.runtime or "").startswith("java"):
        diagnostics.append(
            Diagnostic(
                message="Java does not read CA bundles in PEM format: `--ca-bundle` applies only to programs that it starts",
                place=function.place,
                hint="set JAVA_TOOL_OPTIONS to -Djavax.net.ssl.trustStore=FILE to use a key store",
            )
        )
    return tuple(diagnostics)
