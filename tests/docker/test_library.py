"""samlocal as a library: functions that are invoked from a program."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread
from threading import enumerate as enumerate_threads
from typing import TYPE_CHECKING

import pytest

import samlocal
from samlocal.engine.engine_api import EngineApi
from samlocal.execution import environment
from tests.docker.command import BEHAVIOURS, CHECKOUT, DIRECT, PATIENCE_SECONDS
from tests.docker.fixtures import STAND_INS
from tests.docker.leftovers import containers_of, that_stay

if TYPE_CHECKING:
    from collections.abc import Callable

    import docker

    from tests.docker.fixtures import CopyOf

SETTINGS = samlocal.SandboxSettings(image_repository=STAND_INS, api_connection="direct")
PAGE = CHECKOUT / "docs" / "guides" / "library.md"


@pytest.fixture
def directory(copy_of: CopyOf) -> Path:
    """A copy of functions that behave well, and badly."""
    return copy_of(BEHAVIOURS, "python:3.11")


class FullLog:
    """A log that takes Lambda's lines, and cannot be written by the function."""

    def write(self, output: bytes) -> None:
        raise OSError("no space", output)

    def line(self, text: str) -> None:
        assert text


def open_sockets() -> int:
    """How many sockets this process has."""
    return sum(each.is_socket() for each in list(Path("/proc/self/fd").iterdir()))


def prepare(directory: Path, function: str) -> samlocal.PreparedFunction:
    project = samlocal.open_project(directory / "template.yaml")
    options = samlocal.FunctionOptions(reads_credentials=False)
    return samlocal.prepare(project, function, options=options, sandbox=SETTINGS)


def test_the_example_of_the_documentation(
    stand_in: Callable[[str], str], environment: dict[str, str], tmp_path: Path
) -> None:
    """Ten lines invoke a function twice in one environment; only the first invocation has an Init."""
    stand_in("python:3.11")
    app = shutil.copytree(CHECKOUT / "templates" / "ratings", tmp_path / "app")
    example = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)[0]
    assert len(example.splitlines()) <= 10
    stand_ins = f"sandbox=samlocal.SandboxSettings(image_repository={STAND_INS!r})"
    program = example.replace('project, "Ratings")', f'project, "Ratings", {stand_ins})')
    assert program != example

    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=app,
        env=os.environ | environment | DIRECT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=True,
    )

    results = [line.split(maxsplit=1) for line in ended.stdout.splitlines()]
    assert [(outcome, json.loads(payload)["message"]) for outcome, payload in results] == [
        ("success", "great"),
        ("success", "slow"),
    ]
    for words, count in (("START RequestId", 2), ("END RequestId", 2), ("Init Duration", 1)):
        assert ended.stderr.count(words) == count


def test_logs_of_two_invocations(directory: Path) -> None:
    """Each invocation has the log that it is given."""
    logs = samlocal.LogBuffer(), samlocal.LogBuffer()
    with samlocal.start(prepare(directory, "Logs")) as function:
        for log in logs:
            assert function.invoke(log=log).outcome == "success"
    assert [log.text.count("REPORT RequestId") for log in logs] == [1, 1]


def test_another_runtime_after_a_timeout(directory: Path) -> None:
    """After a timeout the next invocation has a new runtime, whose Init is a part of it."""
    with samlocal.start(prepare(directory, "SleepsTooLong"), log=samlocal.LogBuffer()) as function:
        results = [function.invoke() for _ in range(2)]
    assert [result.outcome for result in results] == ["timeout", "timeout"]
    assert [bool(result.report.init_duration_ms) for result in results] == [True, False]


def test_an_environment_serves_one_tenant(directory: Path) -> None:
    """Invocations of one tenant share an environment; another tenant gets another one."""
    with samlocal.start(prepare(directory, "Tenant"), log=samlocal.LogBuffer()) as function:
        results = [function.invoke(tenant_id=each) for each in ("blue", "blue", "green", "blue")]
    served = [json.loads(result.payload) for result in results]
    assert served == [["blue"], ["blue", "blue"], ["green"], ["blue"]]


def test_what_still_runs_is_ended(directory: Path, machines_engine: docker.APIClient) -> None:
    """Leaving the block ends an invocation of another thread, which is told so."""
    log = samlocal.LogBuffer()
    function = samlocal.start(prepare(directory, "Sleeps"), log=log)
    errors: list[samlocal.SamlocalError] = []

    def invoke() -> None:
        try:
            function.invoke()
        except samlocal.SamlocalError as error:
            errors.append(error)

    waiting = Thread(target=invoke)
    with function:
        waiting.start()
        assert not that_stay(lambda: [] if "START" in log.text else [log])
        assert containers_of(machines_engine, directory)
    waiting.join(PATIENCE_SECONDS)
    assert [str(error) for error in errors] == ["the function is not running"]


@pytest.mark.parametrize("call", ["attach", "start"])
def test_leaving_while_the_container_starts(
    directory: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Every thread and every connection to the engine ends with the block, however far the container came."""
    monkeypatch.setattr(environment, "_STOP_SECONDS", 0.1)
    underway, left = Event(), Event()
    real = getattr(EngineApi, call)

    def held(api: EngineApi, container_id: str, *, stdin: bool = False) -> object:
        result = real(api, container_id, stdin=stdin) if call == "attach" else None
        underway.set()
        assert left.wait(PATIENCE_SECONDS)
        return result or real(api, container_id)

    monkeypatch.setattr(EngineApi, call, held)
    threads, sockets = set(enumerate_threads()), open_sockets()
    function = samlocal.start(prepare(directory, "Sleeps"), log=samlocal.LogBuffer())
    with ThreadPoolExecutor() as pool, function:
        waiting = pool.submit(function.invoke)
        assert underway.wait(PATIENCE_SECONDS)
    left.set()

    assert isinstance(waiting.exception(), samlocal.SamlocalError)
    assert not that_stay(lambda: list(set(enumerate_threads()) - threads))
    assert open_sockets() == sockets


def test_log_that_raises_an_error(directory: Path) -> None:
    """The invocation raises the error at its end, and the environment takes the next one."""
    with samlocal.start(prepare(directory, "Logs"), log=FullLog()) as function:
        with pytest.raises(OSError, match="no space"):
            function.invoke()
        result = function.invoke(log=samlocal.LogBuffer())
    assert (result.outcome, result.report.init_duration_ms) == ("success", None)


def test_once(directory: Path) -> None:
    """`invoke` needs no block, and takes the event as Python has it."""
    result = samlocal.invoke(prepare(directory, "Echo"), {"a": [1]}, log=samlocal.LogBuffer())
    assert (result.outcome, json.loads(result.payload)) == ("success", {"a": [1]})


INTERRUPTED = """
import os, signal, sys, samlocal
project = samlocal.open_project("template.yaml")
options = samlocal.FunctionOptions(reads_credentials=False)
settings = samlocal.SandboxSettings(image_repository=sys.argv[1], api_connection="direct")
sleeps = samlocal.prepare(project, "Sleeps", options=options, sandbox=settings)

class Log(samlocal.LogBuffer):
    def line(self, text):
        super().line(text)
        if text.startswith("START"):
            os.kill(os.getpid(), signal.SIGINT)

with samlocal.start(sleeps, log=Log()) as function:
    for _ in range(2):
        try:
            function.invoke(log=Log())
        except KeyboardInterrupt:
            print("interrupted", flush=True)
"""

NEVER_LEFT = """
import sys, samlocal
project = samlocal.open_project("template.yaml")
options = samlocal.FunctionOptions(reads_credentials=False)
settings = samlocal.SandboxSettings(image_repository=sys.argv[1], api_connection="direct")
function = samlocal.start(samlocal.prepare(project, "Echo", options=options, sandbox=settings))
function.__enter__()
print(function.invoke().outcome, flush=True)
"""


@pytest.mark.parametrize(
    ("program", "output"),
    [
        pytest.param(INTERRUPTED, "interrupted\ninterrupted\n", id="interrupted invocation"),
        pytest.param(NEVER_LEFT, "success\n", id="block that is never left"),
    ],
)
def test_programs_leave_nothing(
    directory: Path, environment: dict[str, str], program: str, output: str
) -> None:
    """An interrupted invocation is ended, and the end of the program removes the sandbox."""
    ended = subprocess.run(
        [sys.executable, "-c", program, STAND_INS],
        cwd=directory,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert (ended.stdout, ended.returncode) == (output, 0), ended.stderr
    assert "Traceback" not in ended.stderr
