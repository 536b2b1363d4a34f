"""The supervisor's script in the shells that images have, without a container.

Process 1 of a container is protected from signals that it sends; here the shell is another process.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.sandbox.docker.container.shell_messages import ShellMessages
from samlocal.sandbox.docker.container.supervisor_script import (
    extension_command,
    single_script,
    supervisor_script,
)
from tests.missing import missing

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "0123abcd"
MARK = b"\x1e" + TOKEN.encode()
# Ends in its own way at SIGTERM.
WAITS_FOR_SIGTERM = """\
import signal, sys

def end(*_):
    print("ending")
    sys.exit(5)

signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
signal.pause()
"""
SHELLS = {"dash": ["dash"], "bash": ["bash", "--posix"], "busybox": ["busybox", "sh"]}


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> list[str]:
    words = SHELLS[request.param]
    if not shutil.which(words[0]):
        missing(f"{words[0]} is not installed")
    return words


@dataclass(frozen=True)
class Said:
    """The messages in a supervisor's stderr, each with the words before it."""

    messages: list[tuple[str, bytes, bytes]]
    logged: list[bytes]


def said(stderr: bytes) -> Said:
    result = Said([], [])

    def handle(word: str, details: bytes) -> None:
        result.messages.append((word, details, messages.last))
        messages.last = b""

    messages = ShellMessages(TOKEN, handle=handle, log=result.logged.append)
    messages.take(stderr)
    return result


@contextmanager
def supervisor(
    shell: list[str], *program: str, listens: bool = False, script: str | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    script = script or supervisor_script(TOKEN, lists=False, listens=listens)
    with subprocess.Popen(
        [*shell, "-c", script, *program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as running:
        yield running


def children_of(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(each) for each in children.read_text().split()]


def order(running: subprocess.Popen[bytes], command: str) -> None:
    assert running.stdin
    running.stdin.write(f"{command}\n".encode())
    running.stdin.flush()


def run(shell: list[str], *program: str, commands: bytes = b"") -> tuple[bytes, Said]:
    with supervisor(shell, *program) as running:
        stdout, stderr = running.communicate(commands, timeout=20)
    return stdout, said(stderr)


def test_both_streams_are_one(shell: list[str]) -> None:
    """Stdout and stderr are one stream; the arguments are unchanged, and stdin is empty."""
    program = ("sh", "-c", 'echo "$1" >&2; read -r line; echo $?; exit 7', "sh", "a * b")
    stdout, told = run(shell, *program)
    assert stdout == b"a * b\n1\n" + MARK + b"e"
    assert told.messages == [("exit", b"7", b"")]


@pytest.mark.parametrize("listens", [False, True])
def test_program_runs_again(shell: list[str], *, listens: bool) -> None:
    """A program that has exited is run again with `start`; the supervisor ends with its input."""
    with supervisor(shell, "sh", "-c", "echo $$", listens=listens) as running:
        stdout, stderr = running.communicate(b"start\nstart\n", timeout=20)
    assert len({*re.findall(rb"(\d+)\n" + MARK + b"e", stdout)}) == 3
    assert [word for word, *_ in said(stderr).messages] == ["exit"] * 3


def test_program_of_a_single_invocation_runs_again(shell: list[str]) -> None:
    """SIGUSR1 runs the program again; nothing else does, and nothing else ends the supervisor."""
    with supervisor(shell, "sh", "-c", "echo $$", script=single_script(TOKEN)) as running:
        assert running.stdout
        assert running.stderr
        programs = {running.stdout.readline()}
        for signals in ([], [signal.SIGTERM], [signal.SIGKILL], [signal.SIGTERM, signal.SIGKILL]):
            assert running.stdout.read(len(MARK) + 1) == MARK + b"e"
            for number in signals:
                for child in children_of(running.pid):
                    with suppress(ProcessLookupError):  # one that has ended meanwhile
                        os.kill(child, number)
            os.kill(running.pid, signal.SIGUSR1)
            programs.add(running.stdout.readline())
        os.killpg(running.pid, signal.SIGKILL)
        told = said(running.stderr.read())
    assert len(programs) == 5
    assert {(word, details) for word, details, _ in told.messages} == {("exit", b"0")}
    assert told.logged == []


def test_supervisor_of_a_single_invocation_ends(shell: list[str]) -> None:
    """Where nothing can wait for the signal, the supervisor ends after its report."""
    script = single_script(TOKEN)
    ended = subprocess.run(
        [shutil.which(shell[0]) or "", *shell[1:], "-c", script, sys.executable, "-c", ""],
        env={"PATH": "/nowhere"},
        capture_output=True,
        check=False,
        timeout=20,
    )
    assert [(word, details) for word, details, _ in said(ended.stderr).messages] == [("exit", b"0")]


def test_marks_follow_what_was_written_before_them(shell: list[str]) -> None:
    """A mark follows all earlier output."""
    with supervisor(shell, "sh", "-c", "echo ready; sleep 60", listens=True) as running:
        assert running.stdout
        assert running.stdout.readline() == b"ready\n"
        order(running, "mark")
        assert running.stdout.read(len(MARK) + 1) == MARK + b"f"
        os.killpg(running.pid, signal.SIGKILL)


def test_sigterm_reaches_the_program(shell: list[str]) -> None:
    """SIGTERM reaches a program and its children, and the supervisor lives on."""
    with supervisor(shell, sys.executable, "-c", WAITS_FOR_SIGTERM, listens=True) as running:
        assert running.stdout
        assert running.stdout.readline() == b"ready\n"
        order(running, "term")
        assert running.stdout.readline() == b"ending\n"
        assert running.stdout.read(len(MARK) + 1) == MARK + b"e"
        order(running, "start")
        assert running.stdout.readline() == b"ready\n"
        order(running, "term")
        stdout, stderr = running.communicate(timeout=20)
    assert stdout == b"ending\n" + MARK + b"e"
    assert [(word, details) for word, details, _ in said(stderr).messages] == [("exit", b"5")] * 2


def test_extensions_are_signalled_by_group(shell: list[str], tmp_path: Path) -> None:
    """Commands with a group are for an extension; a mark of its end follows even SIGKILL."""
    extension = tmp_path / "extension"
    extension.write_text(f"#!{sys.executable}\n{WAITS_FOR_SIGTERM}")
    extension.chmod(0o755)
    command = [*shell, *extension_command(TOKEN, extension.name, unset=[], prefix=[])[1:]]
    command[-1] = str(extension)
    with supervisor(shell, "sleep", "60", listens=True) as running:
        for signal_ in ("term", "kill"):
            with subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
            ) as started:
                assert started.stdout
                assert started.stderr
                assert started.stdout.readline() == b"ready\n"
                order(running, f"mark {started.pid}")
                assert started.stdout.read(len(MARK) + 1) == MARK + b"f"
                order(running, f"{signal_} {started.pid}")
                assert started.stdout.read().endswith(MARK + b"e")
                [(word, details, _), *_] = said(started.stderr.read()).messages
            assert (word, details) == (
                "started",
                f"{started.pid} #!{sys.executable}"[: len(details)].encode(),
            )
        # A command is done when the mark of the next one is there.
        order(running, "mark")
        assert running.stdout
        assert running.stdout.read(len(MARK) + 1) == MARK + b"f"
        os.killpg(running.pid, signal.SIGKILL)
        assert running.stderr
        [(word, _, _)] = said(running.stderr.read()).messages
    assert word == "killed"


def test_supervisor_that_is_not_process_1_kills_nothing(shell: list[str]) -> None:
    """Only process 1 of a PID namespace may kill all other processes."""
    with supervisor(
        shell, "sh", "-c", "echo ready; read -r line; sleep 60", listens=True
    ) as running:
        assert running.stdout
        assert running.stdout.readline() == b"ready\n"
        order(running, "kill")
        order(running, "clear")
        order(running, "mark")
        assert running.stdout.read(len(MARK) + 1) == MARK + b"f"
        os.killpg(running.pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT, signal.SIGTERM])
def test_shell_tells_a_signal_from_an_exit_status(shell: list[str], number: int) -> None:
    """The shell names a signal on its own stderr, and nothing for an exit status."""
    _, by_signal = run(shell, "sh", "-c", f"kill -{int(number)} $$")
    _, by_exit = run(shell, "sh", "-c", f"exit {128 + number}")

    [(word, status, words)] = by_signal.messages
    assert (word, int(status.split()[0])) == ("exit", 128 + number)
    name = {signal.SIGKILL: b"killed", signal.SIGABRT: b"aborted", signal.SIGTERM: b"terminated"}
    assert name[signal.Signals(number)] in words.lower()
    assert [each[2] for each in by_exit.messages] == [b""]


def test_each_stream_blocks_in_its_own_way(shell: list[str]) -> None:
    """A non-blocking stderr, as in Node.js, does not make writes to stdout fail."""
    program = "import os; os.set_blocking(2, False); print(os.get_blocking(1), os.listdir('/proc/self/fd'))"
    stdout, _ = run(shell, sys.executable, "-c", program)
    assert stdout.startswith(b"True ['0', '1', '2', '3']\n")  # 3 is that of `listdir`


def test_variables_of_the_function_are_unchanged(shell: list[str]) -> None:
    """The supervisor changes no variable that a function may have."""
    before = {"name": "a", "status": "b", "command": "c", "PATH": os.environ["PATH"]}
    script = supervisor_script(TOKEN, lists=False, listens=False)
    ended = subprocess.run(
        [*shell, "-c", script, "env"], env=before, capture_output=True, input=b"", check=False
    )
    shown = dict(line.split(b"=", 1) for line in ended.stdout.splitlines() if b"=" in line)
    added = {b"PWD", b"SHLVL", b"_", b"OLDPWD"}
    assert {
        name.decode(): value.decode() for name, value in shown.items() if name not in added
    } == before
