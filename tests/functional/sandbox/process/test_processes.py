"""The processes in a box: the runtime, again and again, and external extensions."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import LaunchError, ProgramNotExecutableError
from tests.functional.sandbox.process.local_sandbox import (
    SECONDS,
    Words,
    log_of,
    process_spec,
    running,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from samlocal.sandbox.process.sandbox import ProcessSandbox
    from samlocal.sandbox.sandbox import Process
    from tests.functional.sandbox.process.conftest import Run


def start(sandbox: ProcessSandbox, name: str) -> tuple[Process, Words]:
    """Start an extension, and wait until it is ready."""
    process = sandbox.start_extension(name)
    log = log_of(process)
    log.wait_for("ready\n")
    return process, log


@pytest.mark.parametrize("is_reused", [False, True])
def test_runtime_starts_again_in_the_same_place(run: Run, *, is_reused: bool) -> None:
    """Each runtime has its own exit and output, and finds the files in its /tmp of those before."""
    program = (
        "import os, tempfile; path = tempfile.gettempdir() + '/runs'\n"
        "open(path, 'a').write('x'); print(os.path.getsize(path), flush=True); os._exit(7)"
    )
    with run(program, is_reused=is_reused) as (sandbox, log):
        runtimes = [sandbox.runtime]
        for number in range(1, 4):
            exited = runtimes[-1].exited.result(SECONDS)
            runtimes[-1].output_ended.result(SECONDS)
            assert (exited.status, exited.signal, exited.out_of_memory) == (7, None, False)
            assert log.text == "".join(f"{each}\n" for each in range(1, number + 1))
            runtimes.append(sandbox.start_runtime())
        starts = [each.started.result(SECONDS).at for each in runtimes]
        assert starts == sorted(starts)
        assert sandbox.can_restart
        assert not sandbox.exited.done()


def test_runtime_that_runs_is_returned(run: Run) -> None:
    """It is not started again."""
    with run() as (sandbox, log):
        assert sandbox.start_runtime() is sandbox.start_runtime() is sandbox.runtime
        log.wait_for("ready\n")
        sandbox.runtime.terminate()
        assert sandbox.runtime.exited.result(SECONDS).status == 5
        sandbox.runtime.output_ended.result(SECONDS)
        assert log.text == "ready\nending\n"


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGTERM, signal.SIGKILL])
def test_signal_that_ends_a_runtime(run: Run, number: signal.Signals) -> None:
    """The signal that ended a runtime is known, each time."""
    with run(f"import os; os.kill(os.getpid(), {int(number)})") as (sandbox, _):
        for _ in range(2):
            exited = sandbox.start_runtime().exited.result(SECONDS)
            assert (exited.status, exited.signal) == (128 + number, number)
            assert not exited.out_of_memory


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


def test_program_that_does_not_exist(tmp_path: Path, namespaces: bool) -> None:  # noqa: FBT001  # a fixture
    """The error names the program, and its sandbox can still be left."""
    spec = process_spec(tmp_path, words=("/no/such/program",))
    reason = "Python cannot be started: no such"
    with (
        running(spec, namespaces=namespaces) as (sandbox, _),
        pytest.raises(ProgramNotExecutableError, match=reason),
    ):
        sandbox.runtime.exited.result(SECONDS)


def test_extensions_are_found(run: Run, add_extension: Callable[..., None], tmp_path: Path) -> None:
    """All regular files at the top of the folder are extensions, for which the runtime waits."""
    names = (".hidden", "a b", "b.sh", "not-executable", "ünï")
    for name in names:
        add_extension(name, mode=0o644)
    folder = tmp_path / "opt" / "extensions"
    (folder / "folder").mkdir()
    (folder / "broken").symlink_to("/nowhere")
    os.mkfifo(folder / "pipe")
    with run() as (sandbox, log):
        assert sandbox.extensions.result(SECONDS) == tuple(sorted((*names, "broken")))
        assert not sandbox.runtime.started.done()
        assert sandbox.start_runtime() is sandbox.runtime
        log.wait_for("ready\n")
    with run(extensions=False) as (sandbox, log):
        assert sandbox.extensions.result(0) == ()
        log.wait_for("ready\n")
    (tmp_path / "opt" / "disable-extensions-jwigqn8j").touch()
    with run() as (sandbox, log):
        assert sandbox.extensions.result(SECONDS) == ()
        log.wait_for("ready\n")


def test_environment_of_an_extension(run: Run, add_extension: Callable[..., None]) -> None:
    """An extension has the function's variables, without those of the runtime; its output is one stream."""
    add_extension(
        "env.py",
        f"#!{sys.executable}\nimport os, sys\n"
        "print(sorted(os.environ), os.environ['my.dotted'], flush=True)\n"
        "print(sys.argv, file=sys.stderr, flush=True)\nprint(sys.stdin.read(), flush=True)\n",
    )
    with run() as (sandbox, _):
        extension = sandbox.start_extension("env.py")
        log = log_of(extension)
        assert extension.exited.result(SECONDS).status == 0
        extension.output_ended.result(SECONDS)
    names, arguments, stdin = log.text.splitlines()
    assert {"'AWS_LAMBDA_RUNTIME_API'", "'STAGE'", "'PATH'"} <= set(
        names.partition("]")[0].strip("[").split(", ")
    )
    for absent in ("_HANDLER", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "'_"):
        assert absent not in names
    assert names.endswith(" a b")
    assert arguments.endswith("/opt/extensions/env.py']")
    assert stdin == ""


def elf(machine: int) -> bytes:
    """Return the beginning of a program for another machine."""
    return b"\x7fELF\x02\x01\x01" + bytes(9) + bytes((2, 0, machine, 0, 1)) + bytes(100)


@pytest.mark.parametrize(
    ("content", "mode", "reason"),
    [
        pytest.param("#!/bin/sh\n", 0o644, "permission denied", id="not executable"),
        pytest.param("echo no script\n", 0o755, "exec format error", id="no shebang"),
        pytest.param("", 0o755, "exec format error", id="empty"),
        pytest.param(
            "#!/bin/nope\n", 0o755, "its interpreter does not exist: /bin/nope", id="interpreter"
        ),
        pytest.param("#!/bin/sh\r\n", 0o755, "it has Windows line endings (CRLF)", id="CRLF"),
        pytest.param(
            elf(0x3F), 0o755, "exec format error: it is built for another machine", id="machine"
        ),
    ],
)
def test_extension_that_cannot_be_executed(
    run: Run, add_extension: Callable[..., None], content: str | bytes, mode: int, reason: str
) -> None:
    """The reason why an extension does not run is known."""
    add_extension("broken", content, mode)
    with run() as (sandbox, _):
        extension = sandbox.start_extension("broken")
        log_of(extension)
        with pytest.raises(LaunchError) as raised:
            extension.exited.result(SECONDS)
        extension.output_ended.result(SECONDS)
    assert raised.value.message == f"the extension `broken` cannot be started: {reason}"


def test_extensions_end_by_themselves(run: Run, add_extension: Callable[..., None]) -> None:
    """The exit of an extension is known at once, even if a process that it left has its output open."""
    add_extension("leaves", "#!/bin/sh\n(setsid sleep 60 &)\necho last words\nexit 3\n")
    add_extension("crashes", "#!/bin/sh\nkill -SEGV $$\n")
    with run() as (sandbox, _):
        leaves, crashes = map(sandbox.start_extension, ("leaves", "crashes"))
        log = log_of(leaves)
        log_of(crashes)
        assert leaves.exited.result(SECONDS).status == 3
        leaves.output_ended.result(SECONDS)
        assert log.text == "last words\n"
        assert crashes.exited.result(SECONDS).signal == signal.SIGSEGV


def test_signals_reach_one_process(run: Run, add_extension: Callable[..., None]) -> None:
    """Extensions and the runtime are ended one by one, and all processes at once."""
    add_extension("one")
    add_extension("two")
    with run() as (sandbox, log):
        one, one_log = start(sandbox, "one")
        two, two_log = start(sandbox, "two")
        sandbox.start_runtime()
        log.wait_for("ready\n")
        one.terminate()
        assert one.exited.result(SECONDS).status == 5
        one.output_ended.result(SECONDS)
        assert one_log.text == "ready\nending\n"
        sandbox.runtime.kill()
        assert sandbox.runtime.exited.result(SECONDS).signal == signal.SIGKILL
        two.flush_output()
        assert (two.exited.done(), two_log.text) == (False, "ready\n")
        two.kill()
        assert two.exited.result(SECONDS).signal == signal.SIGKILL
        two.output_ended.result(SECONDS)

        again, _ = start(sandbox, "one")
        runtime = sandbox.start_runtime()
        log.wait_for("ready\n", times=2)
        sandbox.kill_processes().result(SECONDS)
        assert again.exited.result(SECONDS).signal == signal.SIGKILL
        assert runtime.exited.result(SECONDS).signal == signal.SIGKILL
        sandbox.start_runtime()
        log.wait_for("ready\n", times=3)


def test_output_of_processes_is_flushed(run: Run, add_extension: Callable[..., None]) -> None:
    """After a flush, all that a process has written before is in its log."""
    place = "import os, signal, tempfile\npath = tempfile.gettempdir() + '/written'\n"
    writes = f"{place}for each in range(5000): os.write(1, b'line\\n')\n"
    says_so = "open(path, 'w')\nsignal.pause()\n"
    waits = f"{place}while not os.path.exists(path): pass\n"
    tells = "os.write(1, b'written\\n')\nsignal.pause()\n"
    add_extension("writes", f"#!{sys.executable}\n{writes}{says_so}")
    with run(waits + tells) as (sandbox, teller_log):
        writer = sandbox.start_extension("writes")
        log = log_of(writer)
        sandbox.start_runtime()
        teller_log.wait_for("written\n")
        writer.flush_output()
        assert log.length == 5 * 5000


@pytest.mark.parametrize(
    ("program", "status"),
    [
        pytest.param("os.close(1); os.close(2); os._exit(5)", 5, id="closes its output"),
        pytest.param("os.write(1, b'\\xff\\xfe'); os._exit(6)", 6, id="invalid UTF-8"),
        pytest.param(
            "os.spawnlp(os.P_NOWAIT, 'sleep', 'sleep', '60'); os._exit(7)", 7, id="leaves a process"
        ),
        pytest.param("os.kill(0, 9)", 137, id="kills its group"),
    ],
)
def test_runtime_that_harms_its_sandbox(run: Run, program: str, status: int) -> None:
    """The exit of a runtime is reported whatever it does, and another one can start."""
    with run(f"import os\n{program}") as (sandbox, _):
        for _ in range(2):
            runtime = sandbox.start_runtime()
            assert runtime.exited.result(SECONDS).status == status
            runtime.output_ended.result(SECONDS)


@pytest.mark.parametrize(
    ("program", "status"),
    [
        pytest.param(
            "os.spawnlp(os.P_NOWAIT, 'sleep', 'sleep', '60'); os.kill(-1, 9); os._exit(3)",
            3,
            id="kills all others",
        ),
        pytest.param("os.system('kill -9 -1'); os._exit(3)", 137, id="kills all"),
        pytest.param("os.kill(1, 9); os.kill(1, 15); os._exit(4)", 4, id="kills process 1"),
    ],
)
def test_runtime_cannot_kill_its_box(tmp_path: Path, program: str, status: int) -> None:
    """In namespaces, no signal reaches another process than the function's."""
    with running(process_spec(tmp_path, f"import os\n{program}")) as (sandbox, _):
        for _ in range(2):
            assert sandbox.start_runtime().exited.result(SECONDS).status == status


def test_flood(run: Run, add_extension: Callable[..., None]) -> None:
    """Floods of a runtime and an extension arrive whole, while commands are still carried out."""
    flood = "import os\nwhile True: os.write(1, b'x' * 65536)\n"
    add_extension("floods", f"#!{sys.executable}\n{flood}")
    with run(flood) as (sandbox, log):
        extension = sandbox.start_extension("floods")
        extension_log = log_of(extension)
        runtime = sandbox.start_runtime()
        extension_log.wait_for("x")
        log.wait_for("x")
        runtime.flush_output()
        extension.flush_output()
        sandbox.kill_processes()
        for process in (runtime, extension):
            assert process.exited.result(SECONDS).signal == signal.SIGKILL
            process.output_ended.result(SECONDS)


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


def test_memory_of_each_runtime(run: Run) -> None:
    """Lack of memory is told from other ends, for each runtime anew."""
    program = (
        "import os, tempfile; path = tempfile.gettempdir() + '/b'\n"
        "if not os.path.exists(path):\n open(path, 'w')\n kept = bytearray(1 << 30)\nos._exit(137)"
    )
    with run(program) as (sandbox, _):
        first = sandbox.runtime.exited.result(SECONDS)
        second = sandbox.start_runtime().exited.result(SECONDS)
        assert (first.status, first.signal, first.out_of_memory) == (137, 9, True)
        assert (second.status, second.signal, second.out_of_memory) == (137, None, False)
        assert (sandbox.peak_memory_mb() or 0) >= 100
