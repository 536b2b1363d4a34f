"""What `doctor` finds out about functions that run as processes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from samlocal.cli import process_check
from samlocal.cli.commands import doctor
from samlocal.cli.main import main
from samlocal.cli.process_check import check_processes
from samlocal.errors import IsolationError, SandboxError
from samlocal.sandbox.backend import Backend
from tests.unit.preparation.host import host

if TYPE_CHECKING:
    from pathlib import Path

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


@pytest.mark.parametrize(
    ("error", "exit_code", "engine"),
    [
        pytest.param(IsolationError("no namespaces"), 0, "warning", id="without isolation"),
        pytest.param(SandboxError("no process"), 1, "failure", id="not at all"),
    ],
)
def test_doctor_without_an_engine(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: SandboxError,
    exit_code: int,
    engine: str,
) -> None:
    """A missing engine is a failure where functions cannot run as processes either."""

    def refuse(_spec: ProcessSpec) -> None:
        raise error

    monkeypatch.setattr(process_check, "ProcessSandbox", refuse)
    monkeypatch.setattr(doctor, "choose_backend", lambda *_: Backend(kind="process"))
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with pytest.raises(SystemExit) as ended:
        main(["doctor"])
    lines = capsys.readouterr().out.splitlines()
    assert ended.value.code == exit_code
    assert [line.split()[0] for line in lines if " engine " in line] == [engine]
    assert any(line.startswith("warning  processes") and error.message in line for line in lines)
