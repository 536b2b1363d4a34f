from __future__ import annotations

import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from samlocal.data import data_folder
from samlocal.errors import DebuggerNotFoundError
from samlocal.runtimes import all_runtimes, find_runtime
from samlocal.sandbox.debugged_images import with_debugger_in_image
from samlocal.sandbox.debugging import DebugSettings, with_debugger
from samlocal.sandbox.sandbox import Debugger, Mount, SandboxSpec

WRAPPER = data_folder("runtimes") / "debug" / "wrapper"
SETTINGS = DebugSettings(ports=(5858, 5859))


def spec(code: Path = Path("/code"), **environment: str) -> SandboxSpec:
    return SandboxSpec(
        function="Ratings",
        project=Path("/shop/template.yaml"),
        environment=environment,
        memory_mb=128,
        cpus=0.1,
        mounts=(Mount(source=code, target="/var/task"),),
    )


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Return a directory with every debugger that has a recipe."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for runtime in all_runtimes():
        for recipe in runtime.debug:
            if recipe.tool:
                (folder / recipe.tool).touch(mode=0o755)
    return folder


@pytest.mark.parametrize(
    ("runtime", "arguments"),
    [
        pytest.param(
            "python3.13",
            "-X frozen_modules=off /var/samlocal/debugpy --listen 0.0.0.0:5858 --wait-for-client",
            id="python",
        ),
        pytest.param("nodejs24.x", "--inspect-brk=0.0.0.0:5858", id="nodejs"),
        pytest.param(
            "java21",
            "-agentlib:jdwp=transport=dt_socket,server=y,suspend=y,quiet=y,address=0.0.0.0:5858",
            id="java",
        ),
        pytest.param("ruby3.4", "-r debug/open", id="ruby"),
    ],
)
def test_a_wrapper_puts_the_debugger_in(runtime: str, arguments: str) -> None:
    """Lambda's `bootstrap` passes its command to a wrapper, which adds the debugger's arguments."""
    made = with_debugger(spec(), find_runtime(runtime), SETTINGS)
    assert (made.entrypoint, made.command) == (None, ())
    assert made.environment["AWS_LAMBDA_EXEC_WRAPPER"] == "/var/samlocal/wrapper"
    assert made.environment["SAMLOCAL_DEBUG_ARGUMENTS"] == arguments
    assert made.mounts[-1] == Mount(source=WRAPPER, target="/var/samlocal/wrapper")
    assert (made.debug_ports, made.memory_mb, made.cpus) == ((5858, 5859), None, None)


def test_every_runtime_can_be_debugged(tools: Path) -> None:
    """Every runtime has a recipe without unknown placeholders."""
    for runtime in all_runtimes():
        given = spec() if runtime.program else replace(spec(), entrypoint=("/var/task/bootstrap",))
        made = with_debugger(given, runtime, replace(SETTINGS, path=tools))
        assert made.debugger
        assert made.debugger.port == 5858
        assert "{" not in f"{made.entrypoint}{made.environment.values()}"


def test_java_8_has_no_class_data_sharing() -> None:
    """Class data sharing is off for debugging Java 8, and the function's own options are kept."""
    made = with_debugger(spec(_JAVA_OPTIONS="-Xmx1g"), find_runtime("java8.al2"), SETTINGS)
    assert made.environment["_JAVA_OPTIONS"] == "-Xmx1g -Xshare:off"


def test_dotnet_waits_for_a_debugger_that_its_client_starts(tools: Path) -> None:
    """Vsdbg is mounted from `--debugger-path`, as in sam, and its client starts it."""
    made = with_debugger(spec(), find_runtime("dotnet8"), replace(SETTINGS, path=tools))
    assert made.environment == {"_AWS_LAMBDA_DOTNET_DEBUGGING": "1"}
    assert made.mounts[-1] == Mount(source=tools, target="/tmp/lambci_debug_files")  # noqa: S108
    assert made.debugger == Debugger(
        name="vsdbg",
        ports=(5858, 5859),
        tool="/tmp/lambci_debug_files/vsdbg",  # noqa: S108
    )


@pytest.mark.parametrize(
    ("program", "names", "debugger"),
    [
        pytest.param(b"\x7fELF \xff Go buildinf:", ("dlv", "gdbserver"), "delve", id="go"),
        pytest.param(b"\x7fELF", ("dlv", "gdbserver"), "gdb", id="not-go"),
        pytest.param(b"\x7fELF", ("lldb-server",), "lldb", id="only-lldb"),
        pytest.param(b"\x7fELF", ("dlv",), "delve", id="only-delve"),
    ],
)
def test_a_debugger_is_chosen_that_fits(
    tmp_path: Path, program: bytes, names: tuple[str, ...], debugger: str
) -> None:
    """Of several debuggers, delve is used for programs built by Go, and others for all others."""
    (tmp_path / "bootstrap").write_bytes(program)
    (tmp_path / "tools").mkdir()
    for name in names:
        (tmp_path / "tools" / name).touch(mode=0o755)
    given = replace(spec(tmp_path), entrypoint=("/var/task/bootstrap",))
    settings = replace(SETTINGS, path=tmp_path / "tools")
    made = with_debugger(given, find_runtime("provided.al2023"), settings)
    assert made.debugger
    assert (made.debugger.name, made.debugger.traces) == (debugger, True)


def test_a_debugger_starts_the_bootstrap(tools: Path) -> None:
    """The debugger is the program, with `--debug-args`, and the bootstrap is its last argument."""
    (tools / "dlv").unlink()
    given = replace(spec(), entrypoint=("/var/task/bootstrap",))
    settings = replace(SETTINGS, path=tools, arguments=("--once",))
    made = with_debugger(given, find_runtime("provided.al2023"), settings)
    assert made.entrypoint == (
        *("/tmp/lambci_debug_files/gdbserver", "--no-startup-with-shell", "--once"),  # noqa: S108
        *("0.0.0.0:5858", "/var/task/bootstrap"),
    )


@pytest.mark.parametrize(
    ("runtime", "arguments", "expected"),
    [
        pytest.param("nodejs22.x", "--inspect=0.0.0.0:5858", "--inspect=0.0.0.0:5858", id="own"),
        pytest.param("nodejs22.x", "--no-lazy", "--no-lazy --inspect-brk=0.0.0.0:5858", id="more"),
        pytest.param("python3.12", "-m debugpy --listen 1", "-m debugpy --listen 1", id="sams"),
    ],
)
def test_debug_args_add_or_replace(runtime: str, arguments: str, expected: str) -> None:
    """Arguments with a debugger replace samlocal's; other arguments come before them."""
    settings = replace(SETTINGS, arguments=tuple(arguments.split()))
    made = with_debugger(spec(), find_runtime(runtime), settings)
    assert made.environment["SAMLOCAL_DEBUG_ARGUMENTS"] == expected
    assert not any(mount.target.endswith("debugpy") for mount in made.mounts)


TOOLKIT = "/tmp/lambci_debug_files/py_debug_wrapper.py --listen 0.0.0.0:5858 --wait-for-client"  # noqa: S108
PYDEVD = "-u /tmp/lambci_debug_files/pydevd.py --multiprocess --port 5858 --file"
JDWP = "-agentlib:jdwp=transport=dt_socket,server=y,suspend=y,quiet=y,address=*:5858"


@pytest.mark.parametrize(
    ("runtime", "arguments"),
    [
        pytest.param("python3.13", f"{TOOLKIT} --log-to-stderr", id="VS Code"),
        pytest.param("python3.13", PYDEVD, id="JetBrains"),
        pytest.param("python3.12", "-X dev /tmp/mine.py --port 5858", id="a script after options"),
        pytest.param("python3.12", "-m mydebugger", id="a module"),
        pytest.param("nodejs22.x", "/var/task/debug.js", id="Node.js"),
        pytest.param("nodejs22.x", "--no-lazy debug.mjs", id="Node.js after options"),
    ],
)
def test_a_script_is_the_debugger(tmp_path: Path, runtime: str, arguments: str) -> None:
    """A script in the arguments is the only debugger, followed by the runtime's script."""
    settings = replace(SETTINGS, path=tmp_path, arguments=tuple(arguments.split()))
    made = with_debugger(spec(), find_runtime(runtime), settings)
    assert made.environment["SAMLOCAL_DEBUG_ARGUMENTS"] == arguments
    assert [mount.target for mount in made.mounts[1:]] == [
        "/tmp/lambci_debug_files",  # noqa: S108
        "/var/samlocal/wrapper",
    ]


@pytest.mark.parametrize(
    "arguments", ["--require ./hook.js", "-r hook.cjs --import x.mjs", "--max-http-header-size 9"]
)
def test_option_with_a_script_is_not_a_debugger(arguments: str) -> None:
    """A preloaded module is an option, not a debugger."""
    settings = replace(SETTINGS, arguments=tuple(arguments.split()))
    made = with_debugger(spec(), find_runtime("nodejs22.x"), settings)
    expected = f"{arguments} --inspect-brk=0.0.0.0:5858"
    assert made.environment["SAMLOCAL_DEBUG_ARGUMENTS"] == expected


@pytest.mark.parametrize(
    ("runtime", "name", "value"),
    [
        pytest.param("java17", "_JAVA_OPTIONS", JDWP, id="java"),
        pytest.param("nodejs22.x", "NODE_OPTIONS", "--inspect=0.0.0.0:5858", id="nodejs"),
    ],
)
def test_variables_with_a_debugger(runtime: str, name: str, value: str) -> None:
    """Variables with a debugger, as the Toolkits set them for images, replace samlocal's."""
    made = with_debugger(
        replace(spec(), environment={name: value}), find_runtime(runtime), SETTINGS
    )
    assert made.environment == {name: value}


@pytest.mark.parametrize(
    ("entrypoint", "arguments", "expected", "variables"),
    [
        pytest.param(
            ("/lambda-entrypoint.sh",),
            f"/var/lang/bin/python3.13 {TOOLKIT} /var/runtime/bootstrap.py",
            "/lambda-entrypoint.sh app.handler",
            {"SAMLOCAL_DEBUG_COMMAND"},
            id="base image",
        ),
        pytest.param(
            ("/usr/local/bin/python", "-m", "awslambdaric"),
            "/usr/local/bin/python -m debugpy --listen 0.0.0.0:5858 -m awslambdaric",
            "/usr/local/bin/python -m debugpy --listen 0.0.0.0:5858 -m awslambdaric app.handler",
            {"_HANDLER"},
            id="image of one's own",
        ),
        pytest.param(
            ("/app/ratings",),
            "/tools/strace -f /app/ratings",
            "/tools/strace -f /app/ratings app.handler",
            {"_HANDLER"},
            id="program",
        ),
    ],
)
def test_an_interpreter_is_a_whole_command(
    entrypoint: tuple[str, ...], arguments: str, expected: str, variables: set[str]
) -> None:
    """A command in the arguments replaces the program of an image, as in sam."""
    given = replace(spec(), entrypoint=entrypoint, command=("app.handler",), mounts=())
    settings = replace(SETTINGS, arguments=tuple(arguments.split()))
    made = with_debugger_in_image(given, settings, has_file="/var/lang/bin/python3".__eq__)
    assert " ".join([*(made.entrypoint or ()), *made.command]) == expected
    assert made.environment.keys() - {"AWS_LAMBDA_EXEC_WRAPPER"} == variables
    assert made.environment.get("SAMLOCAL_DEBUG_COMMAND", arguments) == arguments
    assert made.debugger
    assert made.debugger.tool is None


def test_debugger_listens_on_the_given_address() -> None:
    """A debugger listens on the given address, and clients get another one."""
    settings = replace(SETTINGS, listen_address="127.0.0.1", host="build.example")
    made = with_debugger(spec(), find_runtime("nodejs22.x"), settings)
    assert made.environment["SAMLOCAL_DEBUG_ARGUMENTS"] == "--inspect-brk=127.0.0.1:5858"
    assert made.debugger
    assert made.debugger.host == "build.example"


def test_debugpy_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hint for missing debugpy names the extra, and the alternative without it."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name and None)
    with pytest.raises(
        DebuggerNotFoundError, match="requires debugpy, which is not inst"
    ) as caught:
        with_debugger(spec(), find_runtime("python3.12"), SETTINGS)
    assert caught.value.hint
    assert caught.value.hint.startswith("`pip install '.[debug]'` in a checkout of samlocal; or ")


@pytest.mark.parametrize(
    ("entrypoint", "files", "expected"),
    [
        pytest.param(
            ("/usr/local/bin/python3.12", "-m", "awslambdaric"),
            (),
            "/usr/local/bin/python3.12 -X frozen_modules=off /var/samlocal/debugpy"
            " --listen 0.0.0.0:5858 --wait-for-client -m awslambdaric app.handler",
            id="python",
        ),
        pytest.param(
            ("/usr/local/bin/npx", "aws-lambda-ric"),
            (),
            "node --inspect-brk=0.0.0.0:5858 node_modules/.bin/aws-lambda-ric app.handler",
            id="npx",
        ),
        pytest.param(
            ("/lambda-entrypoint.sh",),
            ("/var/lang/bin/node",),
            "/lambda-entrypoint.sh app.handler",
            id="base image with a language",
        ),
        pytest.param(
            ("/lambda-entrypoint.sh",),
            (),
            "/tmp/lambci_debug_files/gdbserver --no-startup-with-shell 0.0.0.0:5858"  # noqa: S108
            " /var/runtime/bootstrap",
            id="base image without one",
        ),
        pytest.param(
            ("/app/ratings", "--fast"),
            (),
            "/tmp/lambci_debug_files/gdbserver --no-startup-with-shell 0.0.0.0:5858"  # noqa: S108
            " /app/ratings --fast app.handler",
            id="program",
        ),
    ],
)
def test_runtime_of_an_image_is_detected(
    tools: Path, entrypoint: tuple[str, ...], files: tuple[str, ...], expected: str
) -> None:
    """The runtime of an image follows from its program, or from the files of the base image."""
    (tools / "dlv").unlink()
    given = replace(spec(), entrypoint=entrypoint, command=("app.handler",), mounts=())
    made = with_debugger_in_image(given, replace(SETTINGS, path=tools), has_file=files.__contains__)
    assert " ".join([*(made.entrypoint or ()), *made.command]) == expected


def test_debug_runtime_overrides_the_detection(tools: Path) -> None:
    """`--debug-runtime` sets the runtime of an image if it cannot be detected."""
    given = replace(spec(), entrypoint=("/start.sh",), mounts=())
    settings = replace(SETTINGS, path=tools, runtime="java21")
    made = with_debugger_in_image(given, settings, has_file=lambda _: False)
    assert made.debugger
    assert made.debugger.name == "a Java debugger (JDWP)"


SHOW = 'echo "$0|$1|${AWS_LAMBDA_EXEC_WRAPPER-none}"; env'


def run_wrapper(**environment: str) -> list[str]:
    """Return the output of the wrapper for a script that shows its arguments."""
    added = {"SAMLOCAL_DEBUG_ARGUMENTS": shlex.join(["-c", SHOW, "it's"])}
    ended = subprocess.run(
        [WRAPPER, "/bin/sh", "two words"],
        env={"AWS_LAMBDA_EXEC_WRAPPER": str(WRAPPER), **added, **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    return ended.stdout.splitlines()


def test_the_wrapper_leaves_no_trace() -> None:
    """The program gets the debugger's arguments first, and an unchanged environment."""
    said = run_wrapper()
    assert said[0] == "it's|two words|none"
    assert not any("SAMLOCAL" in line or "WRAPPER" in line for line in said[1:])


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("/bin/echo mine", "mine --flag /app/main.py"),
        ("/bin/echo mine /app/main.py 5", "mine /app/main.py 5"),
        ("/bin/echo mine /var/runtime/other.py", "mine /var/runtime/other.py"),
    ],
)
def test_the_wrapper_runs_a_command_instead(command: str, expected: str) -> None:
    """A command without the runtime's script is followed by the arguments of the program."""
    ended = subprocess.run(
        [WRAPPER, "/bin/program", "--flag", "/app/main.py"],
        env={"AWS_LAMBDA_EXEC_WRAPPER": str(WRAPPER), "SAMLOCAL_DEBUG_COMMAND": command},
        check=True,
        capture_output=True,
        text=True,
    )
    assert ended.stdout == f"{expected}\n"


def test_the_wrapper_runs_the_functions_own(tmp_path: Path) -> None:
    """The function's own wrapper runs too, and is in the function's environment."""
    own = tmp_path / "own"
    own.write_text('#!/bin/sh\necho "own: $2"\nexec "$@"\n')
    own.chmod(0o755)
    said = run_wrapper(SAMLOCAL_EXEC_WRAPPER=str(own))
    assert said[:2] == ["own: /bin/sh", f"it's|two words|{own}"]
    assert not any("SAMLOCAL" in line for line in said)
