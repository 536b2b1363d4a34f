"""One debugging in each language: a real client stops at a breakpoint, reads a local variable and changes it.

Each function answers the stars of its event, which are 3; in the end they are 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.docker.debugging.console import Console
from tests.docker.debugging.dap import DapClient
from tests.docker.debugging.inspector import InspectorClient
from tests.docker.debugging.programs import (
    build_c,
    build_go,
    build_java,
    debugger_folder,
    tool,
)
from tests.docker.debugging.session import Ended, Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.docker.command import Samlocal

    Pause = Callable[[], None]
    Scenario = Callable[[Samlocal, str, Pause], Ended]


def python(samlocal: Samlocal, function: str, pause: Pause, *options: str) -> Ended:
    """Debug with debugpy, as an editor does, without changes to the function's code."""
    code = samlocal.directory / "python"
    with Session(samlocal, function, *options) as session:
        assert session.wait_until_ready() == f"attach debugpy to localhost:{session.port}"
        with DapClient(session.port) as client:
            client.attach(code=code, breakpoint_at=(code / "app.py", 3))
            frame = client.stopped()
            assert client.local(frame, "stars") == "3"
            pause()
            client.set_local(frame, "stars", "5")
            client.go_on()
            return session.end()


def nodejs(samlocal: Samlocal, function: str, pause: Pause) -> Ended:
    """Debug with the inspector, which stops before the first line and at the breakpoint."""
    with Session(samlocal, function) as session:
        how = session.wait_until_ready()
        assert how == f"attach a Node.js inspector to localhost:{session.port}"
        with InspectorClient(session.port) as client:
            client.attach(breakpoint_at=("/var/task/index.js", 3))
            assert client.stopped()[0] == "Break on start"
            client.go_on()
            _, frame = client.stopped()
            assert client.evaluate(frame, "stars") == 3
            pause()
            client.evaluate(frame, "stars = 5")
            client.go_on()
            return session.end()


def java(samlocal: Samlocal, function: str, pause: Pause) -> Ended:
    """Debug with jdb, for which the virtual machine is suspended before its first class."""
    build_java(samlocal.directory / "java")
    with Session(samlocal, function) as session:
        how = session.wait_until_ready()
        assert how == f"attach a Java debugger (JDWP) to localhost:{session.port}"
        with Console(tool("jdb"), "-attach", f"localhost:{session.port}") as jdb:
            jdb.wait_for(r"main\[1\] ")
            jdb.type("stop at ratings.Handler:8")
            jdb.wait_for("Deferring breakpoint")
            jdb.type("cont")
            jdb.wait_for("Breakpoint hit: .*line=8")
            jdb.type("print stars")
            jdb.wait_for("stars = 3")
            pause()
            jdb.type("set stars = 5")
            jdb.wait_for("= 5")
            jdb.type("cont")
            return session.end()


def go(samlocal: Samlocal, function: str, pause: Pause) -> Ended:
    """Debug with delve, which starts the bootstrap and stops it before its first instruction."""
    build_go(samlocal.directory / "go")
    path = debugger_folder(samlocal.directory / "delve", "dlv")
    with Session(samlocal, function, "--debugger-path", str(path)) as session:
        assert session.wait_until_ready() == f"attach delve to localhost:{session.port}"
        with Console(str(path / "dlv"), "connect", f"127.0.0.1:{session.port}") as dlv:
            dlv.wait_for(r"\(dlv\) ")
            dlv.type("break main.go:20")
            dlv.wait_for("Breakpoint 1 set")
            dlv.type("continue")
            dlv.wait_for(r"> .*main\.handle\(\)")
            dlv.type("print stars")
            dlv.wait_for(r"\b3\n")
            pause()
            dlv.type("set stars = 5")
            dlv.type("print stars")
            dlv.wait_for(r"\b5\n")
            dlv.type("continue")
            return session.end()


def c(samlocal: Samlocal, function: str, pause: Pause) -> Ended:
    """Debug with gdb, and gdbserver in the container."""
    build_c(samlocal.directory / "c")
    path = debugger_folder(samlocal.directory / "gdb", "gdbserver")
    with Session(samlocal, function, "--debugger-path", str(path)) as session:
        assert session.wait_until_ready() == f"attach gdb to localhost:{session.port}"
        program = samlocal.directory / "c" / "bootstrap"
        with Console(tool("gdb"), "-q", "-nx", str(program)) as gdb:
            gdb.type("set confirm off")
            gdb.type(f"target remote localhost:{session.port}")
            gdb.wait_for("Remote debugging using")
            gdb.type("break bootstrap.c:36")
            gdb.wait_for("Breakpoint 1 at")
            gdb.type("continue")
            gdb.wait_for("Breakpoint 1, handle")
            gdb.type("print stars")
            gdb.wait_for(r"\$1 = 3")
            pause()
            gdb.type("set variable stars = 5")
            gdb.type("continue")
            return session.end()


def ruby(samlocal: Samlocal, function: str, pause: Pause) -> Ended:
    """Debug with rdbg in a container of the same image, because this machine may have no Ruby."""
    image = f"{samlocal.environment['SAMLOCAL_IMAGE_REPOSITORY']}/ruby:3.3"
    with Session(samlocal, function) as session:
        assert session.wait_until_ready() == f"attach rdbg to localhost:{session.port}"
        run = ("docker", "run", "--rm", "-i", "--network", "host", "--entrypoint", "rdbg")
        with Console(*run, image, "-A", "127.0.0.1", str(session.port)) as rdbg:
            rdbg.wait_for("Connected")
            rdbg.type("break app.rb:3")
            rdbg.wait_for("#0 .*app.rb:3")
            rdbg.type("continue")
            rdbg.wait_for("Stop by #0")
            rdbg.type("p stars")
            rdbg.wait_for("=> 3")
            pause()
            rdbg.type("stars = 5")
            rdbg.type("p stars")
            rdbg.wait_for("=> 5")
            rdbg.type("continue")
            return session.end()
