"""What will surprise a function in the box that a person chose for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.sandbox.file_systems import file_system_findings
from samlocal.sandbox.readable import readability_findings

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.project.model import Finding, Function
    from samlocal.sandbox.plan import SandboxSettings


def box_findings(function: Function, settings: SandboxSettings, code: Path) -> tuple[Finding, ...]:
    """Say what of its file systems is missing, and what of its code a strict sandbox can't read."""
    findings = file_system_findings(function, settings.file_systems)
    if settings.strict:
        return (*findings, *readability_findings(code, place=function.code.place))
    return findings
