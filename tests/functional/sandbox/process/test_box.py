"""The box: what its processes see and may do, and that nothing of it remains."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from samlocal.errors import IsolationError, SandboxError
from samlocal.sandbox.process.box.control_groups import parents
from samlocal.sandbox.process.box_setup import _temporary_folder
from samlocal.sandbox.process.sandbox import ProcessSandbox
from samlocal.sandbox.sandbox import Mount
from tests.functional.sandbox.process.local_sandbox import (
    SECONDS,
    WAITS,
    Words,
    boxes_of,
    process_spec,
    processes_with,
    running,
)

if TYPE_CHECKING:
    from tests.functional.sandbox.process.conftest import Run

# Leaves processes in every way, and says when they are all there.
LEAVES = """\
import os, signal, subprocess, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 100)
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(60)", "MARK-daemon"])
    os._exit(0)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "MARK-child"], start_new_session=True)
os.execv("/bin/sh", ["sh", "-c", "trap '' TERM; sleep 0.2; echo ready; while :; do sleep 1; done", "MARK-self"])
"""


def test_files_of_a_sandbox(tmp_path: Path, no_leftovers: None) -> None:
    """In namespaces, code, layers and /tmp have Lambda's paths, and nothing but /tmp is writable."""
    del no_leftovers
    (tmp_path / "task").mkdir()
    (tmp_path / "task" / "app.py").write_text("code")
    (tmp_path / "opt" / "bin").mkdir(parents=True)
    (tmp_path / "opt" / "bin" / "tool").write_text("tool")
    (tmp_path / "of-the-host").touch()
    written = Path("/tmp", uuid4().hex)  # noqa: S108  # of the sandbox
    program = f"""\
import os
print(os.getcwd(), os.listdir("."), os.listdir("/opt/bin"))
print(sorted(os.listdir("/opt")), sorted(os.listdir("/tmp")))
for path in ("/var/task/x", "/opt/x", "/var/x", "/x", "/usr/x", {str(Path.home())!r} + "/x", "/dev/x"):
    try:
        open(path, "w")
    except OSError as error:
        print(path, error.strerror in ("Read-only file system", "Permission denied"))
open({str(written)!r}, "w").write("written")
print(sorted(os.listdir("/dev")), os.getpid() < 5)
"""
    spec = process_spec(tmp_path, program)
    with running(spec) as (sandbox, log):
        sandbox.runtime.output_ended.result(SECONDS)
    where, folders, *lines = log.text.splitlines()
    assert where == "/var/task ['app.py'] ['tool']"
    # The interpreter of the tests may be there, too.
    of_opt, of_tmp = (
        {each.parts[2] for each in spec.needs if each.is_relative_to(folder)}
        for folder in ("/opt", "/tmp")  # noqa: S108  # of the sandbox
    )
    assert folders == f"{sorted({'bin'} | of_opt)} {sorted(of_tmp)}"
    assert [line.split()[-1] for line in lines[:7]] == ["True"] * 7
    devices = ["fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout"]
    assert lines[7] == f"{[*devices, 'tty', 'urandom', 'zero']} True"
    assert not written.exists()  # on this machine


def test_paths_without_namespaces(tmp_path: Path, no_leftovers: None) -> None:
    """Without namespaces, paths below /var/task, /opt and mounts are those of this machine."""
    del no_leftovers
    (tmp_path / "opt").mkdir()
    (tmp_path / "efs").mkdir()
    environment = {
        "LAMBDA_TASK_ROOT": "/var/task",
        "PYTHONPATH": "/var/task:/opt/python:/var/tasks:/x/opt",
        "DATA": "file=/mnt/data/a",
    }
    program = "import os\nfor each in ('LAMBDA_TASK_ROOT', 'PYTHONPATH', 'DATA', 'HOME', 'TMPDIR'): print(os.environ[each])\nprint(os.getcwd())"
    spec = process_spec(
        tmp_path,
        program,
        environment=environment,
        more_mounts=[Mount(source=tmp_path / "efs", target="/mnt/data", read_only=False)],
    )
    with running(spec, namespaces=False) as (sandbox, log):
        sandbox.runtime.output_ended.result(SECONDS)
    task, path, data, home, temporary, directory = log.text.splitlines()
    assert task == directory == str(tmp_path / "task")
    assert path == f"{tmp_path}/task:{tmp_path}/opt/python:/var/tasks:/x/opt"
    assert data == f"file={tmp_path}/efs/a"
    assert home == temporary
    assert not Path(temporary).exists()


def test_notes_without_namespaces(tmp_path: Path) -> None:
    """A machine without namespaces is told once; with `--strict` it is an error."""
    notes: list[str] = []
    with running(process_spec(tmp_path), namespaces=False, notes=notes) as (_, log):
        log.wait_for("ready\n")
    assert notes == ["No namespaces (this system has none): the function sees this machine's files"]
    with (
        pytest.raises(IsolationError, match="`--strict` requires namespaces"),
        running(process_spec(tmp_path, strict=True), namespaces=False),
    ):
        pass


def test_missing_mount(run: Run, tmp_path: Path) -> None:
    """The error names the directory that does not exist."""
    mounts = [Mount(source=tmp_path / "absent", target="/mnt/data")]
    with (
        pytest.raises(SandboxError, match="absent`, which the function has at `/mnt/data`"),
        run(more_mounts=mounts),
    ):
        pass


def test_writable_mount_and_hidden_needs(tmp_path: Path, no_leftovers: None) -> None:
    """A file system is writable; what the program needs stays visible below /tmp and /opt."""
    del no_leftovers
    (tmp_path / "efs").mkdir()
    (tmp_path / "opt" / "python").mkdir(parents=True)
    (tmp_path / "needed").mkdir()
    (tmp_path / "needed" / "file").write_text("here")
    program = f"""\
import os
open("/mnt/deep/er/x", "w").write("kept")
print(open({str(tmp_path / "needed" / "file")!r}).read(), os.listdir({str(tmp_path)!r}))
print(os.listdir("/opt"))
open("/tmp/x", "w").write("written")
try:
    open({str(tmp_path / "needed" / "x")!r}, "w")
except OSError as error:
    print(error.strerror)
"""
    spec = process_spec(
        tmp_path,
        program,
        more_mounts=[Mount(source=tmp_path / "efs", target="/mnt/deep/er", read_only=False)],
    )
    spec = type(spec)(
        sandbox=spec.sandbox,
        program=spec.program,
        label=spec.label,
        needs=(*spec.needs, tmp_path / "needed"),
    )
    with running(spec) as (sandbox, log):
        sandbox.runtime.output_ended.result(SECONDS)
    assert log.text == "here ['needed']\n['python']\nRead-only file system\n"
    assert (tmp_path / "efs" / "x").read_text() == "kept"


def test_mount_at_a_new_directory_of_the_root(tmp_path: Path, no_leftovers: None) -> None:
    """Where this machine has no such directory at its root, the root itself is replaced."""
    del no_leftovers
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x").write_text("found")
    program = "import os; print(open('/not-of-this-machine/x').read(), os.path.exists('/usr/bin'), os.path.exists('/.old-root'), os.statvfs('/').f_flag & os.ST_RDONLY)"
    mounts = [Mount(source=tmp_path / "data", target="/not-of-this-machine")]
    with running(process_spec(tmp_path, program, more_mounts=mounts)) as (sandbox, log):
        sandbox.runtime.output_ended.result(SECONDS)
    assert log.text == "found True False 1\n"


def test_strict_box(tmp_path: Path, no_leftovers: None) -> None:
    """With `--strict`, the function is Lambda's user without rights, with its limits and a limited /tmp."""
    del no_leftovers
    program = """\
import os, resource
print(os.getuid(), os.getgid(), resource.getrlimit(resource.RLIMIT_NOFILE))
print([line.split()[1] for line in open("/proc/self/status") if line.startswith(("CapEff", "CapBnd", "NoNewPrivs"))])
print(os.statvfs("/tmp").f_blocks * os.statvfs("/tmp").f_frsize >> 20, os.path.exists("/dev/shm"))
"""
    with running(process_spec(tmp_path, program, strict=True, tmp_mb=512)) as (sandbox, log):
        sandbox.runtime.output_ended.result(SECONDS)
    assert log.text.splitlines() == [
        "993 990 (1024, 1024)",
        "['0000000000000000', '0000000000000000', '1']",
        "512 False",
    ]


def test_all_processes_end(run: Run, tmp_path: Path) -> None:
    """Daemons, too, end with the sandbox, and when all processes are killed."""
    mark = f"m{os.getpid()}-{tmp_path.name}"
    with run(LEAVES.replace("MARK", mark)) as (sandbox, log):
        log.wait_for("ready\n")
        assert len(processes_with(mark)) >= 3
        sandbox.kill_processes().result(SECONDS)
        assert processes_with(mark) == []
        sandbox.start_runtime()
        log.wait_for("ready\n", times=2)
        assert len(processes_with(mark)) >= 3
    assert processes_with(mark) == []


SCRIPT = """\
import pathlib, signal, sys
from tests.functional.sandbox.process.local_sandbox import process_spec, running
folder, namespaces = pathlib.Path(sys.argv[1]), sys.argv[2]
program = (folder / 'program').read_text()
with running(process_spec(folder, program), namespaces=namespaces == "True") as (sandbox, log):
    log.wait_for("ready")
    print(sandbox._box.pid, flush=True)
    signal.pause()
"""


@pytest.mark.parametrize("victim", ["samlocal", "guard", "supervisor"])
def test_killed_with_nothing_left(tmp_path: Path, victim: str, namespaces: bool) -> None:  # noqa: FBT001  # a fixture
    """If samlocal or a process of the box is killed, all processes end, and no file is left."""
    mark = f"m{os.getpid()}-{tmp_path.name}"
    (tmp_path / "program").write_text(LEAVES.replace("MARK", mark))
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    with subprocess.Popen(
        [*command, str(namespaces)], stdout=subprocess.PIPE, text=True
    ) as samlocal:
        try:
            assert samlocal.stdout
            guard = int(samlocal.stdout.readline())
            assert boxes_of(samlocal.pid)
            [supervisor] = Path(f"/proc/{guard}/task/{guard}/children").read_text().split()
            victims = {"samlocal": samlocal.pid, "guard": guard, "supervisor": int(supervisor)}
            os.kill(victims[victim], signal.SIGKILL)
            deadline = time.monotonic() + SECONDS
            while boxes_of(samlocal.pid) or processes_with(mark):
                assert time.monotonic() < deadline, processes_with(mark)
                time.sleep(0.02)
        finally:
            samlocal.kill()


def test_whole_box_killed_without_namespaces(tmp_path: Path, no_leftovers: None) -> None:
    """If guard and supervisor are killed at once, samlocal ends what they have left."""
    del no_leftovers
    mark = f"m{os.getpid()}-{tmp_path.name}"
    spec = process_spec(tmp_path, LEAVES.replace("MARK", mark))
    with running(spec, namespaces=False) as (sandbox, log):
        log.wait_for("ready\n")
        assert sandbox._box
        guard = sandbox._box.pid
        [supervisor] = Path(f"/proc/{guard}/task/{guard}/children").read_text().split()
        os.kill(guard, signal.SIGSTOP)
        os.kill(int(supervisor), signal.SIGKILL)
        os.kill(guard, signal.SIGKILL)
        exited = sandbox.exited.result(SECONDS)
        assert exited.signal == signal.SIGKILL
        assert sandbox.runtime.exited.result(SECONDS).signal == signal.SIGKILL
        assert processes_with(mark) == []


def test_box_that_is_stopped(tmp_path: Path, no_leftovers: None) -> None:
    """A function that stops its box does not stop samlocal."""
    del no_leftovers
    program = f"import os\nos.kill(os.getppid(), {int(signal.SIGSTOP)})\n{WAITS}"
    with running(process_spec(tmp_path, program), namespaces=False) as (sandbox, log):
        log.wait_for("ready\n")
        sandbox.stop()
        assert sandbox.exited.done()
        assert sandbox.runtime.exited.done()


def test_sandboxes_do_not_share_temporary_files(run: Run) -> None:
    """Two sandboxes have a /tmp each."""
    program = "import os, tempfile; path = tempfile.gettempdir(); print(os.listdir(path)); open(path + '/x', 'w'); os.write(1, b'ready\\n'); __import__('signal').pause()"
    with run(program) as (_, first):
        first.wait_for("ready\n")
        with run(program) as (_, second):
            second.wait_for("ready\n")
    assert first.text == second.text


def test_sandbox_that_is_left_at_once(
    tmp_path: Path,
    namespaces: bool,  # noqa: FBT001  # a fixture
    no_leftovers: None,
) -> None:
    """Leaving it at any moment ends the box and its processes."""
    del no_leftovers
    mark = f"m{os.getpid()}-{tmp_path.name}"
    for milliseconds in range(0, 60, 4):
        spec = process_spec(tmp_path, f"{WAITS}# {mark}")
        with ProcessSandbox(spec, namespaces=namespaces) as sandbox:
            sandbox.output.connect(Words())
            time.sleep(milliseconds / 1000)
        assert processes_with(mark) == []
        assert sandbox.exited.done()
        assert sandbox.logs_ended.done()


def test_control_groups_of_killed_boxes_are_removed(run: Run) -> None:
    """A box removes those of dead processes, also if their folders have gone."""
    names = {each: f"samlocal-box-{each}-test{os.getpid()}" for each in (0, os.getpid())}
    dead, alive = (
        [Path(parent) / name for parent in set(parents().values())] for name in names.values()
    )
    try:
        for each in (*dead, *alive):
            each.mkdir()
            os.utime(each, (0, 0))
        with run() as (_, log):
            log.wait_for("ready\n")
        assert not any(each.exists() for each in dead)
        assert all(each.exists() for each in alive)
    finally:
        for each in filter(Path.exists, (*dead, *alive)):
            each.rmdir()


ENDS_BEFORE_ITS_BOX_IS_TOLD = """\
import os, pathlib, sys
from samlocal.sandbox.process.processes import Processes
from tests.functional.sandbox.process.local_sandbox import process_spec, running
Processes.begin = lambda *_, **__: os._exit(3)
with running(process_spec(pathlib.Path(sys.argv[1]))) as (sandbox, log):
    log.wait_for("ready")
"""


def test_samlocal_that_ends_before_its_box_is_told(tmp_path: Path) -> None:
    """It leaves no folder: the box makes it, and removes it."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", ENDS_BEFORE_ITS_BOX_IS_TOLD, str(tmp_path)],
        env={**os.environ, "TMPDIR": str(temporary)},
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert list(temporary.iterdir()) == []


def test_leftovers_of_killed_boxes_are_removed(run: Run) -> None:
    """A box removes the folders of others that are dead, but neither young nor locked ones."""
    parent = Path(_temporary_folder())
    dead, young = (
        parent / f"samlocal-box-0-test-{os.getpid()}-{each}" for each in ("dead", "young")
    )
    try:
        for each in (dead, young):
            (each / "tmp").mkdir(parents=True)
        (dead / "tmp" / "x").touch()
        os.utime(dead, (0, 0))
        with run() as (_, log):
            log.wait_for("ready\n")
        assert not dead.exists()
        assert young.exists()
    finally:
        for each in (dead, young):
            subprocess.run(["rm", "-rf", str(each)], check=True)  # folders of this test
