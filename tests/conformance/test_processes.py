"""The processes in a sandbox: the runtime, again and again, and external extensions."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import docker
import docker.errors
import pytest

from samlocal.engine.engine import Engine
from samlocal.errors import LaunchError
from tests.conformance.conftest import is_process
from tests.docker.leftovers import containers_of
from tests.docker.process_sandbox import EXTENSION, container, running
from tests.functional.sandbox.process.local_sandbox import (
    SECONDS,
    WAITS,
    Words,
    boxes_of,
    log_of,
    process_spec,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from samlocal.sandbox.sandbox import Process
    from tests.docker.process_sandbox import AnySandbox

    Run = Callable[..., AbstractContextManager[tuple[AnySandbox, Words]]]

SANDBOXES = ("docker", "podman", "process", "plain")

# Where a program writes: /tmp, or its stand-in without namespaces.
TEMPORARY = "import os, tempfile; tmp = tempfile.gettempdir()"
NAMED_SIGNALS = (signal.SIGSEGV, signal.SIGTERM, signal.SIGKILL)
# A process of each kind, until there is no room for another one; then it says so.
FILLS_PROCESS_TABLE = """\
import os, signal
while True:
    try:
        if os.fork() == 0:
            os.setsid()
            signal.pause()
    except OSError:
        os.write(1, b"full\\n")
        signal.pause()
"""


@pytest.fixture
def run(
    sandbox: str,
    stand_in: Callable[[str], str],
    engine_variables: dict[str, str],
    remains_of: Callable[[Path], list[object]],
    tmp_path: Path,
) -> Iterator[Run]:
    """Runs a Python program in a sandbox; nothing of it may remain."""
    image = stand_in("python:3.11")
    with ExitStack() as connected:
        ours = None
        if not is_process(sandbox):
            ours = connected.enter_context(Engine(engine_variables.get("DOCKER_HOST")))

        def run_program(
            program: str = WAITS,
            engine_options: dict[str, object] | None = None,
            at_start: Callable[[AnySandbox], object] = lambda _sandbox: None,
            **options: object,
        ) -> AbstractContextManager[tuple[AnySandbox, Words]]:
            if is_process(sandbox):
                process = process_spec(tmp_path, program, **options)  # type: ignore[arg-type]  # options of the spec
                return running(None, process, at_start, namespaces=sandbox == "process")
            spec = container(tmp_path, image, program, engine_options or {}, **options)
            return running(ours, spec, at_start)

        yield run_program
    assert not remains_of(tmp_path)
    if is_process(sandbox):
        assert not boxes_of(os.getpid())


@pytest.fixture
def add_extension(tmp_path: Path) -> Callable[..., None]:
    """Writes an extension into the layers."""

    def write(name: str, content: str | bytes = EXTENSION, mode: int = 0o755) -> None:
        path = tmp_path / "opt" / "extensions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)

    return write


def start(sandbox: AnySandbox, name: str) -> tuple[Process, Words]:
    """Start an extension, and wait until it is ready."""
    process = sandbox.start_extension(name)
    log = log_of(process)
    log.wait_for("ready\n")
    return process, log


@pytest.mark.parametrize("is_reused", [False, True])
def test_runtime_starts_again_in_the_same_place(run: Run, *, is_reused: bool) -> None:
    """Each runtime has its own exit and output, and finds the files in its /tmp of those before."""
    program = (
        f"{TEMPORARY}; path = tmp + '/runs'\n"
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


def test_runtime_is_asked_for_at_the_start(run: Run) -> None:
    """It runs already, and is not started again: commands reach it as ever."""
    with run(at_start=lambda sandbox: sandbox.start_runtime()) as (sandbox, log):
        assert sandbox.start_runtime() is sandbox.start_runtime() is sandbox.runtime
        log.wait_for("ready\n")
        sandbox.runtime.terminate()
        assert sandbox.runtime.exited.result(SECONDS).status == 5
        sandbox.runtime.output_ended.result(SECONDS)
        assert log.text == "ready\nending\n"


@pytest.mark.parametrize("number", NAMED_SIGNALS)
def test_signal_that_ends_a_runtime(run: Run, number: signal.Signals) -> None:
    """The signal that ended a runtime is known, each time."""
    with run(f"import os; os.kill(os.getpid(), {int(number)})") as (sandbox, _):
        for _ in range(2):
            exited = sandbox.start_runtime().exited.result(SECONDS)
            assert (exited.status, exited.signal) == (128 + number, number)
            assert not exited.out_of_memory


@pytest.mark.parametrize(
    ("is_reused", "another_process_1"),
    [
        pytest.param(True, {}, id="reused"),
        pytest.param(False, {}, id="single invocation"),
        pytest.param(
            False,
            {"init": True},
            id="another process 1",
            marks=pytest.mark.container("`/proc`"),
        ),
        pytest.param(
            False,
            {"pid_mode": "host"},
            id="no PID namespace",
            marks=pytest.mark.container("`/proc`"),
        ),
    ],
)
def test_signals_from_samlocal(
    run: Run, another_process_1: dict[str, object], *, is_reused: bool, on_podman: bool
) -> None:
    """SIGTERM reaches the runtime's own process, and SIGKILL ends it; no other container is harmed.

    Podman has no init here, and no PID namespace to share: there the shell stays process 1.
    """
    options = {"is_reused": is_reused, "engine_options": {} if on_podman else another_process_1}
    with run() as (bystander, unharmed), run(**options) as (sandbox, log):
        unharmed.wait_for("ready\n")
        log.wait_for("ready\n")
        sandbox.runtime.terminate()
        assert sandbox.runtime.exited.result(SECONDS).status == 5
        sandbox.runtime.output_ended.result(SECONDS)
        assert log.text.endswith("ending\n")
        for kills_all in (False, True):
            runtime = sandbox.start_runtime()
            if kills_all:
                sandbox.kill_processes()
            else:
                runtime.kill()
            exited = runtime.exited.result(SECONDS)
            assert (exited.status, exited.out_of_memory) == (137, False)
        assert sandbox.exited.done() or sandbox.can_restart
        bystander.runtime.flush_output()
        assert unharmed.text == "ready\n"
        assert not bystander.runtime.exited.done()


def test_extensions_are_found(run: Run, add_extension: Callable[..., None], tmp_path: Path) -> None:
    """All regular files at the top of the folder are extensions, for which the runtime waits."""
    names = (".hidden", "a b", "b.sh", "not-executable", "ünï")
    for name in names:
        add_extension(name, mode=0o644)
    (tmp_path / "opt" / "extensions" / "folder").mkdir()
    (tmp_path / "opt" / "extensions" / "broken").symlink_to("/nowhere")
    os.mkfifo(tmp_path / "opt" / "extensions" / "pipe")
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
        "#!/usr/bin/env python3\nimport os, sys\n"
        "print(sorted(os.environ), os.environ['my.dotted'], flush=True)\n"
        "print(sys.argv, file=sys.stderr, flush=True)\nprint(sys.stdin.read(), flush=True)\n",
    )
    with run() as (sandbox, _):
        extension = sandbox.start_extension("env.py")
        log = log_of(extension)
        assert extension.exited.result(SECONDS).status == 0
        extension.output_ended.result(SECONDS)
    names, arguments, stdin = log.text.splitlines()
    assert {"'AWS_LAMBDA_RUNTIME_API'", "'STAGE'", "'PATH'"} <= set(names.strip("[]").split(", "))
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
        pytest.param(EXTENSION, 0o644, "permission denied", id="not executable"),
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
        sandbox.kill_processes()
        assert again.exited.result(SECONDS).signal == signal.SIGKILL
        assert runtime.exited.result(SECONDS).signal == signal.SIGKILL
        sandbox.start_runtime()
        log.wait_for("ready\n", times=3)


def test_output_of_processes_is_flushed(run: Run, add_extension: Callable[..., None]) -> None:
    """After a flush, all that a process has written before is in its log."""
    writes = f"{TEMPORARY}; import signal\nfor each in range(5000): os.write(1, b'line\\n')\n"
    says_so = "open(tmp + '/written', 'w')\nsignal.pause()\n"
    waits = f"{TEMPORARY}; import signal\nwhile not os.path.exists(tmp + '/written'): pass\n"
    tells = "os.write(1, b'written\\n')\nsignal.pause()\n"
    add_extension("writes", f"#!/usr/bin/env python3\n{writes}{says_so}")
    add_extension("tells", f"#!/usr/bin/env python3\n{waits}{tells}")

    with run(waits + tells) as (sandbox, teller_log):
        writer = sandbox.start_extension("writes")
        log = log_of(writer)
        sandbox.start_runtime()
        teller_log.wait_for("written\n")
        writer.flush_output()
        assert log.length == 5 * 5000
    with run(writes + says_so) as (sandbox, log):
        sandbox.start_runtime()
        log_of(sandbox.start_extension("tells")).wait_for("written\n")
        sandbox.runtime.flush_output()
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
        pytest.param(
            "os.system('echo Killed >/proc/1/fd/2'); os._exit(8)",
            8,
            id="writes as process 1",
            marks=pytest.mark.container("`/proc`"),
        ),
    ],
)
def test_runtime_that_harms_its_container(run: Run, program: str, status: int) -> None:
    """The exit of a runtime is reported whatever it does, and another one can start."""
    with run(f"import os\n{program}") as (sandbox, _):
        for _ in range(2):
            runtime = sandbox.start_runtime()
            assert runtime.exited.result(SECONDS).status == status
            runtime.output_ended.result(SECONDS)
            sandbox.start_runtime()


@pytest.mark.isolated("`/proc`")
@pytest.mark.parametrize(
    ("program", "status"),
    [
        pytest.param(
            "os.spawnlp(os.P_NOWAIT, 'sleep', 'sleep', '60'); os.kill(-1, 9); os._exit(3)",
            3,
            id="kills all others",
        ),
        pytest.param("os.system('kill -9 -1')", 137, id="kills all"),
        pytest.param("os.kill(1, 9); os.kill(1, 15); os._exit(4)", 4, id="kills process 1"),
    ],
)
def test_runtime_that_kills_what_it_sees(run: Run, sandbox: str, program: str, status: int) -> None:
    """No signal reaches another process than those of the sandbox, and another runtime can start."""
    # On a machine without namespaces it would kill the user's processes: there `strict` refuses to start it.
    options = {"strict": True} if is_process(sandbox) else {}
    with run(f"import os\n{program}", **options) as (own, _):
        for _ in range(2):
            assert own.start_runtime().exited.result(SECONDS).status == status


@pytest.mark.container("`/proc`")
def test_runtime_that_kills_its_listener_is_ended(run: Run) -> None:
    """Where a command reaches nobody, the sandbox ends."""
    with run("import os, signal; os.kill(-1, 9); print('alone', flush=True); signal.pause()") as (
        sandbox,
        log,
    ):
        log.wait_for("alone\n")
        sandbox.runtime.kill()
        sandbox.runtime.exited.result(SECONDS)
        sandbox.exited.result(SECONDS)
        assert sandbox.start_runtime().exited.done()


def test_memory_of_each_runtime(run: Run) -> None:
    """Lack of memory is told from other ends, for each runtime anew."""
    program = (
        f"{TEMPORARY}\nif not os.path.exists(tmp + '/b'):\n"
        " open(tmp + '/b', 'w'); bytearray(1 << 30)\nos._exit(137)"
    )
    with run(program) as (sandbox, _):
        first = sandbox.runtime.exited.result(SECONDS)
        second = sandbox.start_runtime().exited.result(SECONDS)
        assert (first.status, first.signal, first.out_of_memory) == (137, 9, True)
        assert (second.status, second.signal, second.out_of_memory) == (137, None, False)
        assert (sandbox.peak_memory_mb() or 0) >= 100


@pytest.mark.container("processes and open files")
def test_full_process_table(run: Run) -> None:
    """A runtime that fills the process table is killed with all its processes, and starts again."""
    with run(FILLS_PROCESS_TABLE, engine_options={"pids_limit": 40}) as (sandbox, log):
        for number in (1, 2):
            log.wait_for("full\n", times=number)
            sandbox.kill_processes()
            assert sandbox.runtime.exited.result(SECONDS).signal == signal.SIGKILL
            sandbox.start_runtime()


def test_flood(run: Run, add_extension: Callable[..., None]) -> None:
    """Floods of a runtime and an extension arrive whole, while commands are still carried out."""
    flood = "import os\nwhile True: os.write(1, b'x' * 65536)\n"
    add_extension("floods", f"#!/usr/bin/env python3\n{flood}")
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


def test_sandbox_ends_with_its_samlocal(
    sandbox: str,
    engine_variables: dict[str, str],
    stand_in: Callable[[str], str],
    remains_of: Callable[[Path], list[object]],
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    """A sandbox for several invocations ends with its samlocal, although its processes would go on."""
    folder = f"pathlib.Path({str(tmp_path)!r})"
    if is_process(sandbox):
        engine, spec = "contextlib.nullcontext()", f"process_spec({folder}, WAITS)"
    else:
        engine, spec = "Engine()", f"container({folder}, {stand_in('python:3.11')!r}, WAITS, {{}})"
    script = f"""\
import contextlib, os, pathlib, signal
from samlocal.engine.engine import Engine
from tests.docker.process_sandbox import container, running
from tests.functional.sandbox.process.local_sandbox import WAITS, process_spec
namespaces = {sandbox == "process"}
with {engine} as engine, running(engine, {spec}, namespaces=namespaces) as (sandbox, log):
    log.wait_for("ready")
    print("ready", flush=True)
    signal.pause()
"""
    environment = {**os.environ, **engine_variables}
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment, text=True
    ) as samlocal:
        assert samlocal.stdout
        assert samlocal.stdout.readline() == "ready\n"
        samlocal.kill()
    if is_process(sandbox):
        latest = time.monotonic() + SECONDS
        while remains_of(tmp_path) and time.monotonic() < latest:  # the kernel ends them one by one
            time.sleep(0.02)
    else:
        client: docker.APIClient = request.getfixturevalue("engine")
        for left in containers_of(client, tmp_path):
            with suppress(docker.errors.APIError):  # Docker removes it
                client.wait(left["Id"], timeout=SECONDS)
                client.remove_container(left["Id"])
    assert not remains_of(tmp_path)
