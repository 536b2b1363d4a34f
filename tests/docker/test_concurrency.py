"""Several invocations at once in one container, with real runtimes."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, Literal, Protocol

import pytest

import samlocal
from tests.docker.command import CHECKOUT
from tests.docker.fixtures import STAND_INS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.docker.fixtures import CopyOf, SamlocalIn

PROJECT: Final = CHECKOUT / "tests" / "projects" / "managed-instances"
WORKERS: Final = 3
RUNTIMES: Final = [
    pytest.param("Python", id="python"),
    pytest.param("Nodejs", id="nodejs"),
]


class Start(Protocol):
    """Starts a function of the project, whose environments serve three invocations at once."""

    def __call__(
        self, function: str, connection: Literal["direct", "relay"] = "direct"
    ) -> samlocal.RunningFunction: ...


@pytest.fixture
def start(stand_in: Callable[[str], str], copy_of: CopyOf) -> Start:
    copy = copy_of(PROJECT)

    def start(
        function: str, connection: Literal["direct", "relay"] = "direct"
    ) -> samlocal.RunningFunction:
        stand_in("nodejs:24" if function.startswith("Nodejs") else "python:3.13")
        prepared = samlocal.prepare(
            samlocal.open_project(copy / "template.yaml"),
            function,
            options=samlocal.FunctionOptions(reads_credentials=False),
            sandbox=samlocal.SandboxSettings(image_repository=STAND_INS, api_connection=connection),
        )
        return samlocal.start(prepared, log=samlocal.LogBuffer())

    return start


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads; each of them invokes on its own."""
    with ThreadPoolExecutor(8) as pool:
        yield pool


def together(
    function: samlocal.RunningFunction, pool: ThreadPoolExecutor, room: str, number: int
) -> None:
    """Run invocations that wait for each other."""
    event = {"room": room, "together": number}
    results = [
        each.result() for each in [pool.submit(function.invoke, event) for _ in range(number)]
    ]
    assert [each.outcome for each in results] == ["success"] * number


@pytest.mark.parametrize("function", RUNTIMES)
@pytest.mark.parametrize("connection", ["direct", "relay"])
def test_threads_invoke_at_once(
    start: Start, pool: ThreadPoolExecutor, function: str, connection: Literal["direct", "relay"]
) -> None:
    """Invocations of several threads run at the same time, in one environment, up to its limit."""
    with start(function, connection) as running:
        together(running, pool, "first", WORKERS)
        event = {"room": "second", "together": WORKERS}
        results = [pool.submit(running.invoke, event) for _ in range(2 * WORKERS)]
        assert max(json.loads(each.result().payload) for each in results) == WORKERS


@pytest.mark.parametrize("function", RUNTIMES)
def test_invocation_that_takes_too_long(
    start: Start, pool: ThreadPoolExecutor, function: str
) -> None:
    """After its time an invocation is given up, and its worker takes the next one when it is done."""
    with start(function) as running:
        late = pool.submit(running.invoke, {"room": "slow", "together": 2})
        together(running, pool, "fast", WORKERS - 1)
        result = late.result()
        second = running.invoke({"room": "slow", "together": 2})  # so that both go on
        together(running, pool, "all", WORKERS)
    assert (result.outcome, second.outcome) == ("timeout", "success")
    assert result.report.duration_ms == pytest.approx(8000)


def test_worker_that_crashes(start: Start, pool: ThreadPoolExecutor) -> None:
    """Its invocation times out, and the other processes of the runtime go on."""
    with start("Python") as running:
        lost = pool.submit(running.invoke, {"end": "worker"})
        for room in ("first", "second"):
            together(running, pool, room, WORKERS - 1)
        assert lost.result().outcome == "timeout"


@pytest.mark.parametrize("function", RUNTIMES)
def test_runtime_that_crashes(start: Start, pool: ThreadPoolExecutor, function: str) -> None:
    """All that run fail, and the following ones have a new runtime."""
    with start(function) as running:
        together(running, pool, "first", WORKERS)
        waits = pool.submit(running.invoke, {"room": "kept", "together": 2})
        failed = [running.invoke({"end": "runtime", "room": "kept"}), waits.result()]
        together(running, pool, "new", WORKERS)
        result = running.invoke({"room": "first", "together": WORKERS + 1})
    assert [each.error and each.error.type for each in failed] == ["Runtime.ExitError"] * 2
    assert result.outcome == "success"  # its /tmp has those that came before


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        pytest.param("PythonBroken", "Runtime.ImportModuleError", id="python"),
        pytest.param("NodejsBroken", "Error", id="nodejs"),
    ],
)
def test_module_that_cannot_be_loaded(
    start: Start, pool: ThreadPoolExecutor, function: str, kind: str
) -> None:
    """All workers report it, the first report ends Init, and all invocations that wait have the error."""
    with start(function) as running:
        calls = [pool.submit(running.invoke) for _ in range(2)]
        errors = [each.result().error for each in calls]
    assert [(each.type, "missing" in each.message) for each in errors if each] == [(kind, True)] * 2


def test_local_invoke(samlocal_in: SamlocalIn) -> None:
    """The command line runs one invocation; lines about it are JSON."""
    function = samlocal_in(PROJECT, "python:3.13")
    event = json.dumps({"room": "one", "together": 1}).encode()
    ended = function.invoke("Python", "-e", "-", stdin=event)
    assert (ended.stdout, ended.exit_code) == (b"1", 0), ended.stderr
    records = [json.loads(each) for each in ended.stderr.splitlines() if each.startswith("{")]
    report = next(each["record"] for each in records if each["type"] == "platform.report")
    assert (report["status"], list(report["metrics"])) == ("success", ["durationMs"])
