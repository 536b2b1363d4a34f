"""Several invocations in one container, with a real runtime."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from samlocal.engine.engine import Engine
from samlocal.execution.environment import ExecutionEnvironment
from samlocal.invocation import Invocation
from samlocal.sandbox.docker.sandbox import DockerSandbox
from tests.docker.leftovers import leftovers
from tests.docker.python_container import Lines, NoProgress, container
from tests.functional.execution.fakes import configuration

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import docker
    import pytest

ENGINES = ("docker", "podman")

FUNCTION = """\
invocations = 0
print("init")

def handler(event, context):
    global invocations
    invocations += 1
    for line in range(event["lines"]):
        print(f"invocation {invocations} line {line}")
    if event["lines"] == 0:
        raise ValueError("no lines")
    return invocations
"""


def counting(number: int, lines: int) -> Invocation:
    return Invocation(
        request_id=f"id-{number}",
        payload=json.dumps({"lines": lines}).encode(),
        function_arn="arn:aws:lambda:us-east-1:123456789012:function:Counter",
        trace_id="Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0",
    )


async def test_container_keeps_its_state_and_logs_are_apart(
    stand_in: Callable[[str], str],
    engine: docker.APIClient,
    engine_variables: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Globals are kept, and each invocation's log has exactly its own lines."""
    for name, value in engine_variables.items():
        monkeypatch.setenv(name, value)
    spec = container(tmp_path, stand_in("python:3.11"), FUNCTION)
    lines = [1000, 0, 1000, 1]
    logs = [Lines() for _ in lines]
    results = []
    with Engine() as ours, DockerSandbox(spec, ours, progress=NoProgress()) as sandbox:
        async with ExecutionEnvironment(
            sandbox, configuration(memory_mb=256, timeout_seconds=30), log=Lines()
        ) as environment:
            for number, (count, log) in enumerate(zip(lines, logs, strict=True), 1):
                results.append(await environment.invoke(counting(number, count), log=log))
            await environment.stop()

    assert [each.outcome for each in results] == ["success", "error", "success", "success"]
    assert [results[each].payload for each in (0, 2, 3)] == [b"1", b"3", b"4"]
    peaks = [each.report.max_memory_used_mb or 0 for each in results]
    assert 0 < peaks[0] <= peaks[1] <= peaks[2] <= peaks[3]
    assert logs[0].text.startswith("init\nSTART ")
    for number, (count, log) in enumerate(zip(lines, logs, strict=True), 1):
        shown = log.text.splitlines()
        end = shown.index(f"END RequestId: id-{number}")
        own = [line for line in shown[:end] if line.startswith("invocation ")]
        assert own == [f"invocation {number} line {each}" for each in range(count)]
        assert not any(line.startswith("invocation ") for line in shown[end:])
    assert not leftovers(engine, tmp_path)
