"""The check of functions that run as processes: starts one in a sandbox, and looks for interpreters."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.cli.doctor_checks import Check
from samlocal.errors import IsolationError
from samlocal.sandbox.process.interpreters import all_interpreters
from samlocal.sandbox.process.languages import LANGUAGES
from samlocal.sandbox.process.sandbox import ProcessSandbox
from samlocal.sandbox.process_spec import ProcessSpec
from samlocal.sandbox.sandbox import SandboxSpec

if TYPE_CHECKING:
    from samlocal.host import Host

SUBJECT: Final = "processes"
_MEMORY_MB: Final = 128
_SECONDS: Final = 30.0


def check_processes(host: Host) -> Check:
    """Start a process as functions without an engine have it, and list the interpreters of this machine.

    Raises:
        SandboxError: No process can be started.
    """
    found = ", ".join(
        f"{language.name} {' '.join(versions)}"
        for language in LANGUAGES.values()
        if (versions := all_interpreters(language, host))
    )
    try:
        _run_in_box()
    except IsolationError as error:
        return Check(
            verdict="warning",
            subject=SUBJECT,
            diagnostic=f"{found}; {error.message}",
            hint="functions that run as processes see this machine's files",
        )
    return Check(verdict="ok", subject=SUBJECT, diagnostic=f"{found}; isolated by namespaces")


def _run_in_box() -> None:
    """Run an empty program in namespaces.

    Raises:
        IsolationError: This machine has none.
        SandboxError: The process cannot be started.
    """
    program = Path(sys.executable)
    sandbox = SandboxSpec(
        function="",
        project=Path(),
        environment={},
        memory_mb=_MEMORY_MB,
        strict=True,
        working_directory="/",
    )
    spec = ProcessSpec(
        sandbox=sandbox,
        program=(str(program), "-I", "-S", "-c", ""),
        label="",
        needs=(Path(sys.prefix), Path(sys.base_prefix)),
    )
    with ProcessSandbox(spec) as started:
        started.started.result(_SECONDS)
        started.runtime.exited.result(_SECONDS)
