"""Debugging a function that an endpoint serves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.docker.command import PATIENCE_SECONDS
from tests.docker.debugging.dap import DapClient
from tests.docker.endpoint import serving
from tests.free_ports import free_port

if TYPE_CHECKING:
    from tests.docker.command import Samlocal


def test_debugger_stays_attached(samlocal: Samlocal) -> None:
    """A debugger that is attached once stops in each request; other functions run without one."""
    port = free_port()
    source = samlocal.directory / "python" / "app.py"
    line = next(
        number for number, text in enumerate(source.read_text().splitlines(), 1) if "return" in text
    )
    options = ("-d", str(port), "--debug-function", "Python", "Python", "NodeJs")
    with serving(samlocal, *options) as endpoint, ThreadPoolExecutor() as threads:
        first = threads.submit(endpoint.invoke, "Python", {"stars": 3})
        endpoint.wait_for(r"Waiting for a debugger: .*:" + str(port))
        with DapClient(port) as debugger:
            debugger.attach(code=source.parent, breakpoint_at=(source, line))
            debugger.stopped()
            debugger.go_on()
            assert first.result(PATIENCE_SECONDS).status == 200
            second = threads.submit(endpoint.invoke, "Python", {"stars": 4})
            debugger.stopped()
            third = threads.submit(endpoint.invoke, "Python", {"stars": 5})
            debugger.go_on()
            assert second.result(PATIENCE_SECONDS).status == 200
            debugger.stopped()
            debugger.go_on()
            assert third.result(PATIENCE_SECONDS).status == 200


def test_changed_code_is_debugged(samlocal: Samlocal) -> None:
    """After a change of code the function waits for a debugger on the same port again, and runs the new code."""
    port = free_port()
    source = samlocal.directory / "python" / "app.py"
    waiting = r"Waiting for a debugger: .*:" + str(port)
    with (
        serving(samlocal, "-d", str(port), "Python") as endpoint,
        ThreadPoolExecutor() as threads,
    ):
        for number, key in enumerate(("stars", "points"), 1):
            request = threads.submit(endpoint.invoke, "Python", {"stars": 3})
            endpoint.wait_for(waiting, number=number)
            with DapClient(port) as debugger:
                debugger.attach(code=source.parent, breakpoint_at=(source, 3))
                debugger.stopped()
                debugger.go_on()
                assert request.result(PATIENCE_SECONDS).body[key] == 3
            source.write_text(source.read_text().replace('{"stars"', '{"points"'))
