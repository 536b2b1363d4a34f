"""The client and the processes of the service, with commands that only show what they get."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from samlocal.service import launcher
from samlocal.service.client import HELLO
from samlocal.service.launcher import ServiceError
from tests.functional.service.conftest import (
    CHECKOUT,
    SECONDS,
    Service,
    children,
    is_running,
    wait_until,
)


def test_without_a_service_a_command_runs_itself(service: Service) -> None:
    """A client that finds no socket changes nothing."""
    assert service.run("show") == (0, "ran here\n", "")


def test_a_command_runs_as_in_its_own_process(service: Service, tmp_path: Path) -> None:
    """Arguments, directory, environment, umask, streams and exit code are those of the client."""
    pid = service.start()
    code, out, err = service.run(
        "show", "an argument", "7", stdin="some input", cwd=tmp_path, umask=0o27
    )

    seen = json.loads(out)
    assert code == 7
    assert err == "on stderr\n"
    assert seen.pop("parent") == pid
    assert seen.pop("arguments")[1:] == ["local", "invoke", "show", "an argument", "7"]
    assert seen == {
        "directory": str(tmp_path),
        "variable": "of the command",
        "umask": 0o27,
        "stdin": "some input",
    }


def test_commands_run_beside_each_other(service: Service) -> None:
    """Clients that come at once each have a process."""
    service.start()
    running = [service.begin("show", str(number)) for number in range(5)]
    codes = []
    for process in running:
        process.communicate("", timeout=20)
        codes.append(process.returncode)
    assert codes == [0, 1, 2, 3, 4]


def test_a_declined_command_runs_itself(service: Service) -> None:
    """Nothing is written twice, and stdin is not read."""
    service.start()
    assert service.run("decline") == (0, "ran here\n", "")


def test_what_is_held_is_shown_later(service: Service) -> None:
    """Warnings before the decision are on stderr after it."""
    service.start()
    assert service.run("warn") == (0, "", "held\n")


def test_a_signal_is_passed_on(service: Service) -> None:
    """Ctrl-C ends the command in the service, which serves the next one."""
    service.start()
    process = service.begin("sleep")
    assert process.stdout
    assert process.stdout.readline() == "sleeping\n"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert service.run("show", "3")[0] == 3


def test_a_killed_client_ends_its_command(service: Service, tmp_path: Path) -> None:
    """The command gets SIGHUP, as if its terminal had gone."""
    service.start()
    note = tmp_path / "note"
    process = service.begin("sleep", str(note))
    assert process.stdout
    assert process.stdout.readline() == "sleeping\n"
    process.kill()
    process.communicate(timeout=20)
    wait_until(note.exists)
    assert service.run("show", "3")[0] == 3


def test_a_crash_in_the_service_is_reported(service: Service) -> None:
    """A command that was begun is not run a second time."""
    service.start()
    code, out, err = service.run("crash")
    assert (code, out) == (1, "")
    assert err.startswith("Error: the background service ended")
    assert service.run("show", "3")[0] == 3


def test_it_ends_when_nothing_is_warm(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unused service ends by itself, with its socket and its processes."""
    monkeypatch.setenv("LINGER_SECONDS", "1")
    pid = service.start()
    processes = [pid, *children(pid)]
    wait_until(lambda: not any(is_running(each) for each in processes))
    assert list(service.folder.rglob("*")) == [service.folder / "samlocal"]


def test_a_fleet_keeps_it(service: Service) -> None:
    """A process with environments ends with the main process, and not before."""
    pid = service.start()
    assert service.run("fleet")[0] == 0
    wait_until(lambda: len(children(pid)) == 2)
    processes = children(pid)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(is_running(each) for each in processes))


def test_a_running_command_gets_a_fleet_from_a_service_that_ends(service: Service) -> None:
    """What `warm stop` ends takes no new commands, but those that prepare their invocation can still run it."""
    pid = service.start()
    with service.begin("late fleet") as command:
        assert command.stdout
        assert command.stdout.readline() == "waiting\n"
        assert launcher.ask_services("stop", ()) == []
        assert not service.socket.exists()
        assert service.start() != pid
        _, err = command.communicate("go on\n", timeout=SECONDS)
    assert (command.returncode, err) == (0, "")
    wait_until(lambda: not is_running(pid))


def test_a_killed_fleet_is_forgotten(service: Service) -> None:
    """The next command that needs a fleet gets a new one."""
    pid = service.start()
    assert service.run("fleet")[0] == 0
    before = set(children(pid))
    for each in before:
        with suppress(ProcessLookupError):  # it has ended with another one
            os.kill(each, signal.SIGKILL)
    wait_until(lambda: not is_running(pid) or not before & set(children(pid)))
    launcher.start_service()
    assert service.run("fleet")[0] == 0


def test_a_socket_of_a_killed_service_is_removed(service: Service) -> None:
    """A command with a dead socket runs itself; the next service takes its place."""
    pid = service.start()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_running(pid))
    assert service.socket.exists()
    assert service.run("show") == (0, "ran here\n", "")
    assert service.start() != pid
    assert service.run("show", "3")[0] == 3


def test_two_starters_start_one(service: Service) -> None:
    """Whoever comes second waits for the first, and no lock file stays."""
    starters = [Thread(target=launcher.start_service) for _ in range(4)]
    for each in starters:
        each.start()
    for each in starters:
        each.join()
    names = [each.name for each in (service.folder / "samlocal").iterdir()]
    assert names == [service.socket.name]


def test_a_service_that_cannot_start_says_why(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its last line is in the message."""
    del service
    monkeypatch.setattr(launcher, "PROGRAM", "tests.functional.service.nowhere")
    with pytest.raises(ServiceError, match=r"does not start: .*No module named"):
        launcher.start_service()


def test_changed_files_end_it(service: Service, tmp_path: Path) -> None:
    """A service of a program that was changed declines, and makes room for another one."""
    copy = tmp_path / "copy"
    ignore = ("__pycache__",)
    _copy(CHECKOUT / "samlocal", copy / "samlocal", ignore)
    _copy(
        CHECKOUT / "tests" / "functional" / "service",
        copy / "tests" / "functional" / "service",
        ignore,
    )
    variables = {**os.environ, "PYTHONPATH": str(copy)}
    program = "from samlocal.service import launcher, identity; launcher.PROGRAM = 'tests.functional.service.program'; launcher.start_service(); print(identity.socket_path())"
    path = Path(
        subprocess.run(
            [sys.executable, "-P", "-c", program],
            env=variables,
            cwd=copy,
            check=True,
            capture_output=True,
            text=True,
            timeout=30,
        ).stdout.strip()
    )

    def run() -> str:
        return subprocess.run(
            [sys.executable, "-m", "tests.functional.service.command", "show"],
            env=variables,
            cwd=copy,
            check=True,
            capture_output=True,
            text=True,
            timeout=30,
            input="",
        ).stdout

    assert path != service.socket
    assert json.loads(run())["variable"] is None
    (copy / "samlocal" / "errors.py").write_text("# changed\n")
    assert run() == "ran here\n"
    assert not path.exists()


def _copy(source: Path, target: Path, ignore: tuple[str, ...]) -> None:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(*ignore))


def test_another_version_is_declined(service: Service) -> None:
    """A client whose identity differs runs its command itself, even at the same socket."""
    service.start()
    program = (
        "import sys; from samlocal.service import client;"
        " client.identity = lambda: b'another'; sys.argv = ['samlocal', 'local', 'invoke', 'show'];"
        " print(client.run_in_service())"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=True
    )
    assert ended.stdout == "None\n"


def test_a_stopped_service_does_not_hold_up_a_command(service: Service) -> None:
    """A command whose service is stopped, as by a debugger, runs itself after a while."""
    pid = service.start()
    os.kill(pid, signal.SIGSTOP)
    try:
        assert service.run("show") == (0, "ran here\n", "")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert service.run("show", "3")[0] == 3


def test_only_its_user_may_connect(service: Service) -> None:
    """The socket and its folder are for one user."""
    service.start()
    assert service.socket.stat().st_mode & 0o777 == 0o600
    assert service.socket.parent.stat().st_mode & 0o777 == 0o700


def test_garbage_does_no_harm(service: Service) -> None:
    """A client that sends nonsense, or nothing, costs one process."""
    service.start()
    for content in (b"", b"\0", b"\0\0\0\5hello", b"\xff" * 100):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(service.socket))
            assert connection.recv(1) == HELLO
            connection.sendall(content)
    assert service.run("show", "3")[0] == 3
