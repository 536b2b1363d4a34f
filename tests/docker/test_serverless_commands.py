"""Functions of a Serverless project that are served, kept warm and debugged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.docker.command import CHECKOUT, Samlocal
from tests.docker.debugging.dap import DapClient
from tests.docker.debugging.session import Session
from tests.docker.endpoint import serving
from tests.docker.test_keep_warm import processes, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docker.fixtures import SamlocalIn

PAGES = CHECKOUT / "tests" / "projects" / "serverless" / "pages"


@pytest.fixture
def samlocal(samlocal_in: SamlocalIn) -> Samlocal:
    """The command in a copy of the project."""
    return samlocal_in(PAGES, "python:3.11", "nodejs:22")


def test_an_endpoint(samlocal: Samlocal) -> None:
    """Functions are served by their names in AWS and by their keys; a change of the configuration applies at once."""
    configuration = samlocal.directory / "serverless.yml"
    with serving(samlocal, "--stage", "prod", "--param", "chosen=yes") as endpoint:
        for name in ("functionName", "pages-prod-functionName"):
            answer = endpoint.invoke(name, {"a": 1})
            assert (answer.status, answer.body["event"]) == (200, {"a": 1})
            environment = answer.body["environment"]
            assert (environment["STAGE"], environment["CHOSEN"]) == ("prod", "yes")
            assert environment["IS_LOCAL"] == "true"
        changed = configuration.read_text().replace("of the function", "changed")
        configuration.write_text(changed)
        assert endpoint.invoke("functionName").body["environment"]["SHARED"] == "changed"


def test_a_warm_environment(samlocal: Samlocal, runtime_folder: Path) -> None:
    """`--keep-warm` keeps an environment for each stage; the event of `invoke local` still comes from stdin."""
    command = samlocal.with_variables(XDG_RUNTIME_DIR=str(runtime_folder))
    try:
        for stage in ("dev", "prod", "dev"):
            ended = command(
                *("invoke", "local", "-f", "functionName", "--no-credentials"),
                *("--keep-warm", "2m", "-s", stage),
                stdin=b'{"a": 1}',
            )
            assert ended.exit_code == 0, ended.stderr
            found = json.loads(ended.stdout)
            assert (found["event"], found["environment"]["STAGE"]) == ({"a": 1}, stage)
        listed = command("warm", "list").stdout.decode()
        assert listed.count("functionName") == 2
    finally:
        command("warm", "stop")
        wait_until(lambda: not processes(runtime_folder))


def test_a_debugger(samlocal: Samlocal) -> None:
    """A debugger stops in the code of the service."""
    source = samlocal.directory / "handler.py"
    line = next(n for n, text in enumerate(source.read_text().splitlines(), 1) if "print" in text)
    with Session(samlocal, "functionName") as session:
        session.wait_until_ready()
        with DapClient(session.port) as debugger:
            debugger.attach(code=source.parent, breakpoint_at=(source, line))
            debugger.stopped()
            debugger.go_on()
            assert session.end().result["event"] == {"stars": 3}
