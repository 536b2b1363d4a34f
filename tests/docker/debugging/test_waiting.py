"""Waiting for a debugger's client: its connections, and errors before them."""

from __future__ import annotations

import shutil
import signal
import socket
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.docker.command import API_CONNECTION
from tests.docker.debugging import scenarios
from tests.docker.debugging.console import Console
from tests.docker.debugging.dap import DapClient
from tests.docker.debugging.programs import build_go, debugger_folder
from tests.docker.debugging.session import Session
from tests.docker.leftovers import containers_of, leftovers
from tests.free_ports import free_port

if TYPE_CHECKING:
    import docker

    from tests.docker.command import Samlocal


def test_port_in_use_starts_nothing(samlocal: Samlocal, engine: docker.APIClient) -> None:
    """A port in use is reported before a container is created."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = samlocal.invoke("Python", "--no-event", "-d", str(port))

    assert (ended.exit_code, ended.stdout) == (1, b"")
    assert f"Error: port {port} of this machine is in use\nhint: " in ended.stderr
    assert "Invoking" not in ended.stderr
    assert not leftovers(engine, samlocal.directory)


def test_port_is_published_on_loopback_only(samlocal: Samlocal, engine: docker.APIClient) -> None:
    """The ports of a debugger are published on loopback only; a second port is open too."""
    second = free_port()
    with Session(samlocal, "Python", "-d", str(second)) as session:
        session.wait_until_ready()
        (container,) = containers_of(engine, samlocal.directory)
        bindings = engine.inspect_container(container["Id"])["HostConfig"]["PortBindings"]

    assert bindings == {
        f"{port}/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]
        for port in (session.port, second)
    }


@pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"]
)
@pytest.mark.parametrize("function", ["Python", "NodeJs"])
def test_interrupt_while_waiting(
    samlocal: Samlocal, engine: docker.APIClient, function: str, number: int, exit_code: int
) -> None:
    """Ctrl-C ends the wait at once, and no container remains."""
    with Session(samlocal, function) as session:
        session.wait_until_ready()
        session.process.send_signal(number)
        ended = session.end()

    assert (ended.exit_code, ended.stdout) == (exit_code, b"")
    assert "Traceback" not in ended.stderr
    assert not leftovers(engine, samlocal.directory)


def test_client_that_comes_again(samlocal: Samlocal) -> None:
    """A client may disconnect and attach again while the function runs on."""
    code = samlocal.directory / "python"
    slow = "setattr(context, 'get_remaining_time_in_millis', lambda: __import__('time').sleep(8))"
    with Session(samlocal, "Python") as session:
        session.wait_until_ready()
        with DapClient(session.port) as client:
            client.attach(code=code, breakpoint_at=(code / "app.py", 3))
            client.request("evaluate", expression=slow, frameId=client.stopped())
            client.disconnect()
        with DapClient(session.port) as client:
            client.attach(code=code, breakpoint_at=(code / "app.py", 4))
            client.set_local(client.stopped(), "stars", "4")
            client.go_on()
            ended = session.end()

    assert (ended.exit_code, ended.result["stars"]) == (0, 4)


def test_client_that_dies_and_another(samlocal: Samlocal) -> None:
    """After a client of delve is killed, the next one resumes the stopped program."""
    build_go(samlocal.directory / "go")
    path = debugger_folder(samlocal.directory / "delve", "dlv")
    connect = (str(path / "dlv"), "connect")
    with Session(samlocal, "Go", "--debugger-path", str(path)) as session:
        session.wait_until_ready()
        with Console(*connect, f"127.0.0.1:{session.port}") as first:
            first.wait_for(r"\(dlv\) ")
            first.type("break main.go:20")
            first.wait_for("Breakpoint 1 set")
        with Console(*connect, f"127.0.0.1:{session.port}") as second:
            second.wait_for(r"\(dlv\) ")
            second.type("continue")
            second.wait_for(r"> .*main\.handle\(\)")
            second.type("set stars = 4")
            second.type("continue")
            ended = session.end()

    assert (ended.exit_code, ended.result["stars"]) == (0, 4)


def test_arguments_that_make_the_runtime_exit(samlocal: Samlocal) -> None:
    """Arguments with which the runtime exits are reported with a hint."""
    options = ("-d", str(free_port()), "--debug-args", "-m debugpie --listen 1")
    ended = samlocal.invoke("Python", "--no-event", *options)

    assert ended.exit_code == 5
    assert "No module named debugpie\n" in ended.stderr
    assert "Waiting for a debugger" not in ended.stderr
    assert "hint: the debugger did not start; see its output above" in ended.stderr


def test_debugpy_of_the_function(samlocal: Samlocal) -> None:
    """The function's own debugpy in `--debug-args` is used, as in sam."""
    code = samlocal.directory / "python"
    shutil.copytree(_folder_of("debugpy"), code / "debugpy")
    port = free_port()
    arguments = f"-m debugpy --listen 0.0.0.0:{port} --wait-for-client"
    with Session(samlocal, "Python", "--debug-args", arguments, port=port) as session:
        assert session.wait_until_ready() == f"attach debugpy to localhost:{port}"
        with DapClient(port) as client:
            client.attach(code=code, breakpoint_at=(code / "app.py", 3))
            frame = client.stopped()
            answer = client.request(
                "evaluate", expression="__import__('debugpy').__file__", frameId=frame
            )
            assert answer["result"] == "'/var/task/debugpy/__init__.py'"
            client.go_on()
            assert session.end().exit_code == 0


# What the wrapper of AWS's Toolkit for VS Code does: it runs the debugpy that is in the code.
TOOLKIT = """
import os, runpy, sys
sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
runpy.run_module("debugpy", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize(
    ("function", "before", "after"),
    [
        pytest.param("Python", "", "", id="zip"),
        pytest.param(
            "PythonImage", "/var/lang/bin/python3.11 ", " /var/runtime/bootstrap.py", id="image"
        ),
    ],
)
def test_a_toolkits_own_wrapper(
    samlocal: Samlocal, tmp_path: Path, function: str, before: str, after: str
) -> None:
    """A Toolkit's script, or its whole command for an image, is the only debugger, as in sam."""
    code = samlocal.directory / "python"
    shutil.copytree(_folder_of("debugpy"), code / "debugpy")
    (code / "Dockerfile").write_text((code / "Dockerfile").read_text() + "COPY . /var/task/\n")
    (tmp_path / "py_debug_wrapper.py").write_text(TOOLKIT)
    port = free_port()
    script = "/tmp/lambci_debug_files/py_debug_wrapper.py"  # noqa: S108
    arguments = f"{before}{script} --listen 0.0.0.0:{port} --wait-for-client{after}"
    options = ("--debugger-path", str(tmp_path), "--debug-args", arguments)
    with Session(samlocal, function, *options, port=port) as session:
        session.wait_until_ready()
        with DapClient(port) as client:
            client.attach(code=code, breakpoint_at=(code / "app.py", 3))
            client.set_local(client.stopped(), "stars", "5")
            client.go_on()
            ended = session.end()

    assert (ended.exit_code, ended.result["stars"]) == (0, 5)


def test_pycharms_debugger(samlocal: Samlocal) -> None:
    """The Toolkit for JetBrains brings pydevd, which waits for the IDE to connect."""
    port = free_port()
    arguments = f"-u /tmp/lambci_debug_files/pydevd.py --multiprocess --port {port} --file"
    pydevd = _folder_of("debugpy") / "_vendored" / "pydevd"
    options = ("--debugger-path", str(pydevd), "--debug-args", arguments)
    with Session(samlocal, "Python", *options, port=port) as session:
        session.wait_until_ready()
        with socket.create_connection(("127.0.0.1", port)) as ide:
            # CMD_VERSION and CMD_RUN of https://github.com/fabioz/PyDev.Debugger
            ide.sendall(b"501\t1\t1.1\tUNIX\tID\n101\t3\t\n")
            ended = session.end()

    assert (ended.exit_code, ended.result["stars"]) == (0, 3)


def _folder_of(package: str) -> Path:
    found = find_spec(package)
    assert found
    assert found.origin
    return Path(found.origin).parent


def test_wrapper_of_the_function_runs_as_well(samlocal: Samlocal) -> None:
    """The function's `AWS_LAMBDA_EXEC_WRAPPER` still runs, and samlocal's is not visible."""
    code = samlocal.directory / "python"
    wrapper = code / "wrapper"
    wrapper.write_text('#!/bin/sh\necho "wrapping $2"\nexec "$@"\n')
    wrapper.chmod(0o755)
    options = ("--env", "AWS_LAMBDA_EXEC_WRAPPER=/var/task/wrapper")
    with Session(samlocal, "Python", *options) as session:
        session.wait_until_ready()
        with DapClient(session.port) as client:
            client.attach(code=code, breakpoint_at=(code / "app.py", 3))
            frame = client.stopped()
            seen = client.request(
                "evaluate",
                expression="[n for n in __import__('os').environ if 'SAMLOCAL_' in n or 'WRAPPER' in n]",
                frameId=frame,
            )["result"]
            client.go_on()
            ended = session.end()

    assert seen == "['AWS_LAMBDA_EXEC_WRAPPER']"
    assert "wrapping /var/lang/bin/python3.11\n" in ended.stderr


def test_other_function_is_not_debugged(samlocal: Samlocal) -> None:
    """With `--debug-function`, other functions run without a debugger."""
    options = ("-d", str(free_port()), "--debug-function", "NodeJs")
    ended = samlocal.invoke("Python", "--data", '{"stars": 3}', *options)

    assert ended.exit_code == 0
    assert "Waiting for a debugger" not in ended.stderr


def test_host_network_keeps_the_debugger_to_this_machine(samlocal: Samlocal) -> None:
    """On the host's network, where no port is published, the debugger listens on loopback."""
    ended = scenarios.python(samlocal, "Python", lambda: None, "--docker-network", "host")

    assert (ended.exit_code, ended.result["stars"]) == (0, 5)


def test_debugger_behind_a_relay(samlocal: Samlocal) -> None:
    """With a relay, the debugger's port is published on the relay."""
    ended = scenarios.python(samlocal, "Python", lambda: None, API_CONNECTION, "relay")

    assert (ended.exit_code, ended.result["stars"]) == (0, 5)
