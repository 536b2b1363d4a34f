"""What will surprise a function in the box that a person chose for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.diagnostics import Finding
from samlocal.sandbox.file_permissions import readability_findings
from samlocal.sandbox.file_systems import file_system_findings

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.function import Function
    from samlocal.sandbox.plan import SandboxSettings


def box_findings(function: Function, settings: SandboxSettings, code: Path) -> tuple[Finding, ...]:
    """Say what of it the function won't find, or won't be able to read."""
    findings = list(file_system_findings(function, settings.file_systems))
    if settings.strict:
        findings += readability_findings(code, place=function.code.place)
    if settings.ca_bundle and (function.runtime or "").startswith("java"):
        findings.append(
            Finding(
                message="Java trusts no CA bundle in PEM format: `--ca-bundle` is only for what it starts",
                place=function.place,
                hint="JAVA_TOOL_OPTIONS with -Djavax.net.ssl.trustStore=FILE names a key store of yours",
            )
        )
    return tuple(findings)
