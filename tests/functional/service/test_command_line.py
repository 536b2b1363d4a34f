"""The real command line in the real service, without an engine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.service import launcher
from tests.functional.engine.fake_engine import fake_engine
from tests.functional.service.conftest import is_running, wait_until

if TYPE_CHECKING:
    from tests.functional.execution.fakes import Runtime
    from tests.functional.service.conftest import Service

_SAMLOCAL = Path(sys.executable).with_name("samlocal")
_TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      Handler: app.handler
      Runtime: python3.13
      Environment: {Variables: {GREETING: hey}}
"""


@pytest.fixture
def project(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, with the real program of the service and an engine that is not there."""
    del service
    monkeypatch.setattr(launcher, "PROGRAM", "samlocal.cli.background")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine.sock")
    (tmp_path / "template.yaml").write_text(_TEMPLATE)
    (tmp_path / "app.py").write_text("")
    return tmp_path


def run(project: Path, *options: str) -> tuple[int, str, str]:
    """Run `local invoke` in a project; return exit code, stdout and stderr."""
    ended = subprocess.run(
        [_SAMLOCAL, "local", "invoke", "Echo", "--no-credentials", *options],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return ended.returncode, ended.stdout, ended.stderr


def test_has_one_thread(service: Service, project: Path) -> None:
    """Only the thread that forks lives on in a new process, so the main process has no other one."""
    del project
    pid = service.start()
    assert len(list(Path(f"/proc/{pid}/task").iterdir())) == 1


def test_errors_come_back(service: Service, project: Path) -> None:
    """An error in the process of the fleet has its message, hint and exit code; the service ends afterwards."""
    pid = service.start()
    code, out, err = run(project, "--keep-warm", "5m")
    assert (code, out) == (1, "")
    assert "Error: no container engine answers at" in err
    assert "hint: " in err
    assert "Warning" not in err
    wait_until(lambda: not is_running(pid))


def test_an_engine_is_found_as_soon_as_it_runs(service: Service, project: Path) -> None:
    """A process that found no engine looks again for the next command, which comes while it is still there."""

    def answer(runtime: Runtime) -> int:
        runtime.respond(runtime.next(), b'"answered"')
        return 0

    service.start()
    assert "no container engine answers" in run(project, "--keep-warm", "5m")[2]
    with fake_engine(project / "no-engine.sock", answer):
        code, out, err = run(project, "--keep-warm", "5m", "--no-event", "--pull", "never")
        assert (code, out) == (0, '"answered"'), err
        launcher.ask_services("stop", ())


def test_wrong_usage_is_shown_once(service: Service, project: Path) -> None:
    """What is wrong with a command line is the same with and without a service."""
    without = run(project, "--keep-warm", "5m", "--no-such-option")
    service.start()
    assert run(project, "--keep-warm", "5m", "--no-such-option") == without
    assert without[0] == 2
    code, _, err = run(project, "--keep-warm", "soon")
    assert (code, err.count("`--keep-warm soon` is not a duration")) == (2, 1)


def test_other_commands_are_not_touched(service: Service, project: Path) -> None:
    """A command that keeps nothing warm, or runs nothing, is the same with and without a service."""
    (project / "samconfig.toml").write_text(
        'version = 0.1\n[default.local_invoke.parameters]\nunknown = "value"\n'
    )
    commands = (("--print-env",), ("--print-env", "--keep-warm", "5m"), ())
    without = [run(project, *each) for each in commands]
    service.start()
    assert [run(project, *each) for each in commands] == without
    assert without[0][0] == 0
    assert without[0][2].count("unknown") == 1
    assert "GREETING" in without[0][1]


def test_temporary_folders_are_those_of_the_command(
    service: Service, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that another environment started does not use that environment's folders."""
    service.start()
    (project / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(project / "tmp"))
    monkeypatch.setenv("HOME", "/proc/nowhere")  # so that the cache is a temporary one
    (project / "code.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    template = project / "template.yaml"
    template.write_text(template.read_text().replace("CodeUri: .", "CodeUri: code.zip"))
    run(project, "--keep-warm", "5m")
    assert os.listdir(project / "tmp") == [f"samlocal-{os.getuid()}"]  # noqa: PTH208  # names


def test_a_closed_stream_is_an_empty_one(service: Service, project: Path) -> None:
    """The connection to the service does not take the number of a stream that the client has closed."""
    service.start()
    command = f"{_SAMLOCAL} local invoke Echo --no-credentials --keep-warm 5m"
    for options, code, error in (
        ("--event - <&-", 1, "Error: standard input is empty"),
        ("--no-such-option 2>&-", 2, ""),
    ):
        ended = subprocess.run(
            ["/bin/sh", "-c", f"{command} {options}"],
            cwd=project,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert (ended.returncode, ended.stderr.partition("\n")[0]) == (code, error)
