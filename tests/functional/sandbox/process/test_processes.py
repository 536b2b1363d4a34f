"""What is particular to a runtime in a box; `tests/conformance/test_processes.py` has what all sandboxes do."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import ProgramNotExecutableError
from tests.functional.sandbox.process.local_sandbox import (
    SECONDS,
    Words,
    process_spec,
    running,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.sandbox.process.conftest import Run


def test_both_streams_are_one(run: Run) -> None:
    """The order of what is written to stdout and stderr is kept, and one is not blocked by the other."""
    program = "import os\nos.set_blocking(1, False)\nfor each in range(1000): os.write(1 + each % 2, b'%d\\n' % each)"
    with run(program) as (sandbox, log):
        sandbox.runtime.output_ended.result(SECONDS)
        assert log.text.split() == [str(each) for each in range(1000)]


def test_environment_is_clean(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A runtime has the variables of the spec and of the APIs, three open files, and an empty input."""
    monkeypatch.setenv("OF_THE_SHELL", "1")
    with open(os.devnull, "rb") as file:  # noqa: PTH123  # as a shell leaves it open
        os.set_inheritable(file.fileno(), True)
        program = (
            "import os, sys; print(sorted(os.environ)); print(sys.stdin.read() == '')\n"
            "print(len(os.listdir('/proc/self/fd')), os.getsid(0) == os.getpid(), os.getcwd())"
        )
        with run(program) as (sandbox, log):
            sandbox.runtime.output_ended.result(SECONDS)
    names, is_empty, rest = log.text.splitlines()
    expected = {
        *("AWS_LAMBDA_METADATA_API", "AWS_LAMBDA_RUNTIME_API", "PATH"),
        *("STAGE", "_HANDLER", "my.dotted"),
    }
    added = {"HOME", "TMPDIR", "LC_CTYPE"}  # the last by Python itself
    assert set(eval(names)) - added == expected  # noqa: S307  # a list of our own
    assert is_empty == "True"
    # The listing itself is open too.
    assert rest.startswith("4 True ")


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({}, "Python"),
        (
            {"AWS_LAMBDA_EXEC_WRAPPER": "/no/such/program"},
            "the wrapper script `/no/such/program`",
        ),
    ],
)
def test_program_that_does_not_exist(
    tmp_path: Path,
    namespaces: bool,  # noqa: FBT001  # a fixture
    environment: dict[str, str],
    name: str,
) -> None:
    """The error names the program, and its sandbox can still be left."""
    spec = process_spec(tmp_path, words=("/no/such/program",), environment=environment)
    reason = f"{name} cannot be started: no such"
    with (
        running(spec, namespaces=namespaces) as (sandbox, _),
        pytest.raises(ProgramNotExecutableError, match=reason),
    ):
        sandbox.runtime.exited.result(SECONDS)


def test_output_without_a_log_waits(run: Run) -> None:
    """A runtime that writes much is paused until there is a log, and nothing is lost."""
    program = "import os\nfor each in range(400): os.write(1, b'x' * 65536)\n"
    with run(program) as (sandbox, first):
        sandbox.output.connect(None)
        second = Words()
        sandbox.output.connect(second)
        sandbox.runtime.output_ended.result(SECONDS)
    assert first.length + second.length == 400 * 65536


def test_stop_with_grace(run: Run) -> None:
    """A runtime that is stopped may end by itself; then the sandbox has ended."""
    with run(grace_seconds=20) as (sandbox, log):
        log.wait_for("ready\n")
        sandbox.stop()
        assert sandbox.runtime.exited.result(0).status == 5
        sandbox.logs_ended.result(SECONDS)
        assert log.text == "ready\nending\n"
        assert sandbox.exited.done()
        assert sandbox.start_runtime().exited.result(SECONDS).signal == signal.SIGKILL
