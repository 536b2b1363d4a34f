from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from samlocal.sandbox.docker.container.combined_output import (
    OwnProgram,
    ShellMessages,
    signal_of,
    with_one_stream,
)
from samlocal.sandbox.sandbox import SandboxSpec


def command(
    *program: str,
    grace_seconds: int = 0,
    variables: dict[str, str] | None = None,
    is_reused: bool = False,
) -> list[str]:
    """Return the command of a container that runs a program."""
    spec = SandboxSpec(
        function="F",
        project=Path(),
        environment={},
        memory_mb=None,
        entrypoint=program[:1],
        command=program[1:],
        grace_seconds=grace_seconds,
        is_reused=is_reused,
    )
    wrapped = with_one_stream(spec, OwnProgram(variables=variables or {}))
    return [*(wrapped.entrypoint or ()), *wrapped.command]


def run(*program: str, grace_seconds: int = 0) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command(*program, grace_seconds=grace_seconds), capture_output=True, check=False
    )


@pytest.mark.parametrize("grace_seconds", [0, 3])
def test_both_streams_are_one(grace_seconds: int) -> None:
    """Stdout and stderr are one stream, with unchanged arguments and exit status."""
    ended = run(
        "sh", "-c", 'echo "$1" >&2; echo b; exit 7', "sh", "a * b", grace_seconds=grace_seconds
    )
    assert (ended.stdout, ended.stderr, ended.returncode) == (b"a * b\nb\n", b"", 7)


@pytest.mark.parametrize("grace_seconds", [0, 3])
def test_marks_follow_what_was_written_before_them(grace_seconds: int) -> None:
    """Marks from stdin follow the earlier output; the program has no stdin, and its exit status applies."""
    program = ("sh", "-c", "echo ready; read -r line; echo no line: $?; sleep 1; exit 7")
    words = command(*program, grace_seconds=grace_seconds, is_reused=True)
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdin
        assert running.stdout
        assert running.stdout.readline() == b"ready\n"
        assert running.stdout.readline() == b"no line: 1\n"
        running.stdin.write(b" a mark \n")
        running.stdin.flush()
        assert running.stdout.read(8) == b" a mark "
        running.stdin.close()
        assert running.wait() == 7


def test_variables_that_a_shell_drops_reach_the_program() -> None:
    """Variables with names that a shell does not support reach the program."""
    variables = {"my.dotted": "a b", "my-dash": "", "PLAIN": "set by the engine"}
    words = command("env", variables=variables)
    ended = subprocess.run(words, env={"PATH": os.environ["PATH"]}, capture_output=True, check=True)
    assert {b"my.dotted=a b", b"my-dash="} <= {*ended.stdout.splitlines()}
    assert b"PLAIN=set by the engine" not in ended.stdout


def test_only_the_last_message_is_the_shells() -> None:
    """All output before the last piece is the function's, and so is the last piece without a shell's message."""
    shown: list[bytes] = []
    words = ShellMessages(shown.append)
    words.take(b"mine\n")
    words.take(b"Killed\n")
    assert (shown, words.last) == ([b"mine\n"], b"Killed\n")
    words.pass_on()
    assert (shown, words.last) == ([b"mine\n", b"Killed\n"], b"")


@pytest.mark.parametrize("grace_seconds", [0, 3])
def test_each_stream_blocks_in_its_own_way(grace_seconds: int) -> None:
    """A non-blocking stderr, as in Node.js, does not make writes to stdout fail."""
    program = "import os; os.set_blocking(2, False); print(os.get_blocking(1), os.path.exists('/proc/self/fd/3'))"
    ended = run(sys.executable, "-c", program, grace_seconds=grace_seconds)
    assert (ended.stdout, ended.stderr) == (b"True False\n", b"")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT, signal.SIGTERM])
def test_shell_tells_a_signal_from_an_exit_status(number: int) -> None:
    """The shell reports a signal on its own stderr, and not an exit status."""
    by_signal = run("sh", "-c", f"kill -{int(number)} $$")
    by_exit = run("sh", "-c", f"exit {128 + number}")

    assert by_signal.returncode == by_exit.returncode == 128 + number
    assert signal_of(by_signal.returncode, by_signal.stderr) == number
    assert signal_of(by_exit.returncode, by_exit.stderr) is None


@pytest.mark.parametrize(
    ("status", "number"),
    [(None, None), (0, None), (9, None), (137, 9), (134, 6), (142, None), (255, None)],
)
def test_without_a_shell_few_signals_are_known(status: int | None, number: int | None) -> None:
    """Without a shell, only signals with an unmistakable status are known."""
    assert signal_of(status, None) == number


def test_output_on_the_shells_stderr_is_not_a_signal() -> None:
    """The function's output on the shell's stderr is not taken for a signal."""
    assert signal_of(200, b"to stderr of process 1") is None


def test_sigterm_reaches_a_program_with_a_grace_period() -> None:
    """SIGTERM reaches a program with a grace period, and its exit status applies."""
    script = "trap 'echo ending; exit 5' TERM; echo ready; while :; do sleep 0.1; done"
    with subprocess.Popen(
        command("sh", "-c", script, grace_seconds=3), stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        process.terminate()
        assert process.stdout.read() == b"ending\n"
    assert process.returncode == 5
