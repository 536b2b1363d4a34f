"""What a function does not find, or cannot read, within the limits that a person chose for it."""

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
    """Say what the function will not find, and what it will not be able to read."""
    diagnostics = list(file_system_diagnostics(function, settings.file_systems))
    if settings.strict:
        diagnostics += readability_diagnostics(code, place=function.code.place)
    if settings.ca_bundle and (function.runtime or "").startswith("java"):
        diagnostics.append(
            Diagnostic(
                message="Java trusts no CA bundle in PEM format: `--ca-bundle` is only for what it starts",
                place=function.place,
                hint="JAVA_TOOL_OPTIONS with -Djavax.net.ssl.trustStore=FILE names a key store of yours",
            )
        )
    return tuple(diagnostics)
