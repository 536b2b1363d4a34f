"""A fleet of real containers."""

from __future__ import annotations

import asyncio
import json
import shutil
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import samlocal
from samlocal.errors import SandboxError
from samlocal.execution.fleet.fleet import Fleet
from samlocal.execution.fleet.fleet_function import FleetFunction
from samlocal.sandbox.backend import Backend
from samlocal.sandbox.debugging import DebugSettings
from tests.docker import own_engine
from tests.docker.command import CHECKOUT
from tests.docker.debugging.dap import DapClient
from tests.docker.fixtures import STAND_INS
from tests.docker.leftovers import containers_of, leftovers, that_stay
from tests.docker.python_container import Lines, NoProgress, container
from tests.free_ports import free_port
from tests.functional.execution.fakes import configuration
from tests.functional.execution.fleet.sandboxes import event, states, until
from tests.missing import missing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    import docker

    from samlocal.invocation import InvocationResult

ENGINES = ("docker", "podman")
SECONDS = 60

# The result has the name of the environment, and how many events it has served.
FUNCTION = """\
import time, uuid

print("init")
name = uuid.uuid4().hex
served = 0

def handler(event, context):
    global served
    served += 1
    print(event.get("says", ""))
    time.sleep(event.get("seconds", 0))
    return {"name": name, "served": served}
"""


@pytest.fixture
def called(stand_in: Callable[[str], str], tmp_path: Path) -> FleetFunction:
    return function(tmp_path, stand_in("python:3.11"))


@pytest.fixture
def fleet(engine_variables: dict[str, str]) -> Fleet:
    return Fleet(Backend(engine=engine_variables.get("DOCKER_HOST")), progress=NoProgress())


@pytest.fixture(autouse=True)
def _nothing_is_left(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """After each test no container of its function is left."""
    yield
    if "engine" in request.fixturenames:
        assert leftovers(request.getfixturevalue("engine"), tmp_path) == []


def function(code: Path, image: str) -> FleetFunction:
    return FleetFunction(
        key="Counter",
        fingerprint="1",
        spec=container(code, image, FUNCTION),
        configuration=configuration(memory_mb=256, timeout_seconds=SECONDS),
        log=Lines(),
    )


async def invoke(
    fleet: Fleet, called: FleetFunction, *, fresh: bool = False, **payload: object
) -> str:
    """Return the name of the environment that served an event."""
    result = await fleet.invoke(called, event(json.dumps(payload).encode()), fresh=fresh)
    return name_in(result)


def name_in(result: InvocationResult) -> str:
    assert result.outcome == "success", result
    return str(json.loads(result.payload)["name"])


async def kill_container(engine: docker.APIClient, project: Path) -> None:
    """Kill the container of a project that has one."""
    (container,) = await asyncio.to_thread(running_containers, engine, project)
    await asyncio.to_thread(engine.kill, container)


def running_containers(engine: docker.APIClient, project: Path) -> list[str]:
    return [each["Id"] for each in containers_of(engine, project) if each["State"] == "running"]


@asynccontextmanager
async def running(
    fleet: Fleet, called: FleetFunction
) -> AsyncIterator[asyncio.Task[InvocationResult]]:
    """An invocation that a container is busy with."""
    said = asyncio.Event()
    loop = asyncio.get_running_loop()

    class Listening(Lines):
        def write(self, output: bytes) -> None:
            super().write(output)
            if "busy" in self.text:
                loop.call_soon_threadsafe(said.set)

    payload = json.dumps({"says": "busy", "seconds": SECONDS}).encode()
    task = asyncio.create_task(fleet.invoke(called, event(payload), log=Listening()))
    try:
        await asyncio.wait_for(said.wait(), SECONDS)
        yield task
    finally:
        task.cancel()


async def test_container_is_used_again(fleet: Fleet, called: FleetFunction) -> None:
    """Consecutive invocations share a container and its globals, and each log has its own lines."""
    logs = Lines(), Lines()
    async with fleet:
        results = [
            await fleet.invoke(
                called, event(json.dumps({"says": f"event {number}"}).encode()), log=log
            )
            for number, log in enumerate(logs)
        ]

    assert [json.loads(each.payload)["served"] for each in results] == [1, 2]
    assert "init\n" in logs[0].text
    assert "init\n" not in logs[1].text
    assert "event 0\n" in logs[0].text
    assert "event 1\n" in logs[1].text
    assert results[0].report.init_duration_ms
    assert results[1].report.init_duration_ms is None


async def test_containers_at_once(fleet: Fleet, called: FleetFunction) -> None:
    """Four invocations at once have a container each, which serve the next four."""
    async with fleet:
        # Long enough that on a busy machine the last container has started before the first one is free.
        first, second = [
            await asyncio.gather(*(invoke(fleet, called, seconds=seconds) for _ in range(4)))
            for seconds in (10, 2)
        ]

    assert len(set(first)) == 4
    assert set(second) == set(first)


async def test_killed_while_idle(
    fleet: Fleet, called: FleetFunction, engine: docker.APIClient, tmp_path: Path
) -> None:
    """After the death of an idle container, at whatever moment, another one serves without an error."""
    async with fleet:
        names = []
        for delay in (0, 0.02, 0.2):
            names.append(await invoke(fleet, called))
            await kill_container(engine, tmp_path)
            await asyncio.sleep(delay)
        names.append(await invoke(fleet, called))

    assert len(set(names)) == 4


async def test_killed_while_busy(
    fleet: Fleet, called: FleetFunction, engine: docker.APIClient, tmp_path: Path
) -> None:
    """The death of a busy container fails its invocation only, and the next one has another container."""
    async with fleet:
        first = await invoke(fleet, called)
        async with running(fleet, called) as task:
            await kill_container(engine, tmp_path)
            result = await asyncio.wait_for(task, SECONDS)
        second = await invoke(fleet, called)

    assert result.outcome == "failure"
    assert result.error
    assert result.error.type == "Runtime.ExitError"
    assert first != second


async def test_fresh_containers(fleet: Fleet, called: FleetFunction) -> None:
    """In fresh mode each invocation has a container of its own, with its Init in log and report."""
    async with fleet:
        names = set()
        for _ in range(3):
            log = Lines()
            result = await fleet.invoke(called, event(b"{}"), log=log, fresh=True)
            names.add(name_in(result))
            assert log.text.startswith("init\nSTART")
            assert result.report.init_duration_ms
            await until(lambda: states(fleet) == ["idle"])

    assert len(names) == 3


async def test_cancelled_invocation(
    fleet: Fleet, called: FleetFunction, engine: docker.APIClient, tmp_path: Path
) -> None:
    """The container of a cancelled invocation is removed while the fleet goes on."""
    async with fleet:
        async with running(fleet, called) as task:
            task.cancel()
            await asyncio.wait([task])
        assert await asyncio.to_thread(leftovers, engine, tmp_path) == []
        await invoke(fleet, called)


async def test_end_with_busy_containers(
    fleet: Fleet, called: FleetFunction, engine: docker.APIClient, tmp_path: Path
) -> None:
    """The end of a fleet ends its busy containers too."""
    async with fleet, running(fleet, called) as task:
        await fleet.close(0)
        with pytest.raises(samlocal.SamlocalError, match="no invocation is possible any more"):
            await task
        assert await asyncio.to_thread(leftovers, engine, tmp_path) == []


async def test_engine_that_comes_back(
    built_image: Callable[[str], str],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """When the engine dies, invocations fail until it is back; then containers are made again."""
    if not own_engine.can_run():
        missing("an engine of the tests' own needs root, dockerd, ip and iptables")
    # The engine's sockets need a short path.
    with own_engine.serve(tmp_path_factory.mktemp("engine")) as engine:
        engine.load(built_image("python:3.11"))
        called = function(tmp_path, built_image("python:3.11"))
        async with Fleet(Backend(engine=engine.address), progress=NoProgress()) as fleet:
            first = await invoke(fleet, called)
            async with running(fleet, called) as task:
                await asyncio.to_thread(engine.kill)
                with pytest.raises(SandboxError):
                    await asyncio.wait_for(task, SECONDS)
            with pytest.raises(SandboxError):
                await asyncio.wait_for(invoke(fleet, called), SECONDS)
            await asyncio.to_thread(engine.start)
            assert await invoke(fleet, called) != first
        assert not that_stay(engine.containers)


async def test_debugger_stays(
    stand_in: Callable[[str], str], engine_variables: dict[str, str], tmp_path: Path
) -> None:
    """A debugger stays attached across the invocations of its function, which has one container."""
    stand_in("python:3.11")
    shutil.copytree(CHECKOUT / "tests/projects/debugging", tmp_path, dirs_exist_ok=True)
    port = free_port()
    prepared = samlocal.prepare(
        samlocal.open_project(tmp_path / "template.yaml"),
        "Python",
        options=samlocal.FunctionOptions(
            reads_credentials=False, debug=DebugSettings(ports=(port,))
        ),
        sandbox=samlocal.SandboxSettings(image_repository=STAND_INS, api_connection="direct"),
    )
    spec = replace(prepared.spec, sandbox=replace(prepared.spec.sandbox, is_reused=True))
    called = FleetFunction(
        key="Python",
        fingerprint="1",
        spec=spec,
        configuration=prepared.configuration,
        log=Lines(),
    )
    code, log = tmp_path / "python", Lines()
    async with Fleet(
        Backend(engine=engine_variables.get("DOCKER_HOST")), progress=NoProgress()
    ) as fleet:
        calls = [
            asyncio.create_task(fleet.invoke(called, event(b'{"stars": 3}'), log=log, fresh=each))
            for each in (False, True, False)
        ]
        await until(lambda: f"attach debugpy to localhost:{port}\n" in log.text)
        with DapClient(port) as client:
            await asyncio.to_thread(client.attach, code=code, breakpoint_at=(code / "app.py", 3))
            for _ in calls:
                frame = await asyncio.to_thread(client.stopped)
                client.set_local(frame, "stars", "5")
                client.go_on()
            results = await asyncio.gather(*calls)
            client.disconnect()

    assert [json.loads(each.payload)["stars"] for each in results] == [5, 5, 5]
    assert log.text.count("Waiting for a debugger") == 1
