"""Boxes in namespaces of bubblewrap, for machines on which only that program may use them."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from samlocal.sandbox.process.sandbox import ProcessSandbox
from samlocal.sandbox.sandbox import Mount
from tests.functional.sandbox.process.local_sandbox import (
    SECONDS,
    WAITS,
    Words,
    process_spec,
    processes_with,
    wait_until_gone,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from samlocal.sandbox.process_spec import ProcessSpec


class WrappedSandbox(ProcessSandbox):
    """A sandbox as on a machine that refuses namespaces to Python, but not to bubblewrap."""

    was_wrapped: bool | None = None

    def _run_box(self, address: str) -> None:
        self.was_wrapped = self._runs_wrapped(address)


@contextmanager
def running(spec: ProcessSpec) -> Iterator[tuple[WrappedSandbox, Words]]:
    log = Words()
    with WrappedSandbox(spec) as sandbox:
        sandbox.output.connect(log)
        sandbox.started.result(SECONDS)
        yield sandbox, log
    assert sandbox.was_wrapped


def test_files_of_a_wrapped_sandbox(tmp_path: Path, no_leftovers: None) -> None:
    """Code, layers, mounts and /tmp have Lambda's paths, and nothing but /tmp and file systems is writable."""
    del no_leftovers
    for name in ("task", "opt/bin", "efs", "new"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "task" / "app.py").touch()
    program = """\
import os
print(os.getcwd(), os.listdir("."), os.listdir("/opt"), os.listdir("/not-of-this-machine"))
for path in ("/var/task/x", "/opt/x", "/var/x", "/x", "/dev/x"):
    try:
        open(path, "w")
    except OSError as error:
        print(path, error.strerror)
open("/tmp/x", "w").write("written")
open("/mnt/data/x", "w").write("kept")
open("/dev/null", "w").write("gone")
effective = [line.split()[1] for line in open("/proc/self/status") if line.startswith("CapEff")]
print(int(effective[0], 16), os.getpid() < 5, os.path.exists("/dev/shm"), len(os.listdir("/proc/self/fd")))
"""
    mounts = [
        Mount(source=tmp_path / "efs", target="/mnt/data", read_only=False),
        Mount(source=tmp_path / "new", target="/not-of-this-machine"),
    ]
    with running(process_spec(tmp_path, program, more_mounts=mounts)) as (sandbox, log):
        sandbox.runtime.output_ended.result(SECONDS)
    first, *refused, last = log.text.splitlines()
    assert first == "/var/task ['app.py'] ['bin'] []"
    assert [each.partition(" ")[2] for each in refused] == ["Read-only file system"] * 5
    assert last == "0 True True 4"
    assert (tmp_path / "efs" / "x").read_text() == "kept"


def test_strict_wrapped_sandbox(tmp_path: Path, no_leftovers: None) -> None:
    """With `--strict`, the function is Lambda's user, and its /tmp is limited."""
    del no_leftovers
    program = "import os; print(os.getuid(), os.statvfs('/tmp').f_blocks * os.statvfs('/tmp').f_frsize >> 20)"
    with running(process_spec(tmp_path, program, strict=True, tmp_mb=512)) as (sandbox, log):
        sandbox.runtime.output_ended.result(SECONDS)
    assert log.text == "993 512\n"


def test_many_variables_of_a_wrapped_sandbox(tmp_path: Path, no_leftovers: None) -> None:
    """Variables that arrive while the wrapper takes over the box are all there."""
    del no_leftovers
    variables = {f"VARIABLE_{number}": "x" * 10_000 for number in range(40)}
    program = "import os; print(sum(name.startswith('VARIABLE_') for name in os.environ))"
    spec = process_spec(tmp_path, program)
    spec = replace(
        spec, sandbox=replace(spec.sandbox, environment={**spec.sandbox.environment, **variables})
    )
    with running(spec) as (sandbox, log):
        sandbox.runtime.output_ended.result(SECONDS)
    assert log.text == "40\n"


def test_life_of_wrapped_processes(tmp_path: Path, no_leftovers: None) -> None:
    """Runtimes start again, run out of memory, and are killed with their daemons."""
    del no_leftovers
    mark = f"m{os.getpid()}-{tmp_path.name}"
    program = f"""\
import os, signal, sys
if not os.path.exists("/tmp/first"):
    open("/tmp/first", "w")
    kept = bytearray(1 << 30)
if os.fork() == 0:
    os.setsid()
    os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(60)", "{mark}"])
{WAITS}"""
    with running(process_spec(tmp_path, program)) as (sandbox, log):
        exited = sandbox.runtime.exited.result(SECONDS)
        assert (exited.signal, exited.out_of_memory) == (signal.SIGKILL, True)
        runtime = sandbox.start_runtime()
        log.wait_for("ready\n")
        sandbox.kill_processes().result(SECONDS)
        assert runtime.exited.result(SECONDS).signal == signal.SIGKILL
        assert processes_with(mark) == []
        sandbox.start_runtime()
        log.wait_for("ready\n", times=2)
        sandbox.runtime.terminate()
        assert sandbox.runtime.exited.result(SECONDS).status == 5
    assert processes_with(mark) == []


def test_killed_guard_of_a_wrapped_sandbox(tmp_path: Path, no_leftovers: None) -> None:
    """All processes end with the guard."""
    del no_leftovers
    mark = f"m{os.getpid()}-{tmp_path.name}"
    with running(process_spec(tmp_path, f"{WAITS}# {mark}")) as (sandbox, log):
        log.wait_for("ready\n")
        assert sandbox._box
        os.kill(sandbox._box.pid, signal.SIGKILL)
        sandbox.exited.result(SECONDS)
        wait_until_gone(mark)


def test_bubblewrap_that_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_leftovers: None
) -> None:
    """Where bubblewrap cannot make namespaces either, no box has run."""
    del no_leftovers
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho refused >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with WrappedSandbox(process_spec(tmp_path)) as sandbox:
        sandbox.exited.result(SECONDS)
        assert sandbox.was_wrapped is False
    monkeypatch.setenv("PATH", str(Path("/nowhere")))
    with WrappedSandbox(process_spec(tmp_path)) as sandbox:
        sandbox.exited.result(SECONDS)
        assert sandbox.was_wrapped is False
