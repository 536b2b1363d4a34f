"""What `doctor` finds out about functions that run as processes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from samlocal.cli import process_check
from samlocal.cli.process_check import check_processes
from samlocal.errors import IsolationError
from tests.unit.preparation.host import host

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from samlocal.sandbox.process_spec import ProcessSpec


def test_processes_of_this_machine(tmp_path: Path) -> None:
    """A process starts in namespaces; the interpreters are listed, among them that of the tests."""
    check = check_processes(host(tmp_path))
    assert check.verdict == "ok", check
    python = check.diagnostic.partition("Python ")[2].partition(",")[0].partition(";")[0]
    assert "{}.{}".format(*sys.version_info) in python.split()
    assert check.diagnostic.endswith("; isolated by namespaces")


def test_without_namespaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without namespaces is told, because functions see its files."""

    def refuse(_spec: ProcessSpec) -> None:
        raise IsolationError("`--strict` requires namespaces: not permitted")

    monkeypatch.setattr(process_check, "ProcessSandbox", refuse)
    check = check_processes(host(tmp_path))
    assert check.verdict == "warning"
    assert check.diagnostic.endswith("; `--strict` requires namespaces: not permitted")
    assert check.hint == "functions that run as processes see this machine's files"
