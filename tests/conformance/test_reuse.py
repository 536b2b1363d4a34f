"""Several invocations in one sandbox, with a real runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import samlocal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SANDBOXES = ("docker", "podman", "process")

TEMPLATE: Final = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Counter:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: src, Handler: app.handler, Runtime: python3.11, MemorySize: 256, Timeout: 30}
"""
FUNCTION: Final = """\
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


def test_sandbox_keeps_its_state_and_logs_are_apart(
    stand_in: Callable[[str], str],
    settings: samlocal.SandboxSettings,
    engine_variables: dict[str, str],
    remains_of: Callable[[Path], list[object]],
    tmp_path: Path,
) -> None:
    """Globals are kept, and each invocation's log has exactly its own lines."""
    stand_in("python:3.11")
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text(FUNCTION)
    prepared = samlocal.prepare(
        samlocal.open_project(tmp_path / "template.yaml"),
        "Counter",
        options=samlocal.FunctionOptions(reads_credentials=False),
        sandbox=settings,
    )
    lines = [1000, 0, 1000, 1]
    logs = [samlocal.LogBuffer() for _ in lines]
    engine = engine_variables.get("DOCKER_HOST")
    with samlocal.start(prepared, engine=engine, log=samlocal.LogBuffer()) as function:
        results = [
            function.invoke({"lines": count}, log=log)
            for count, log in zip(lines, logs, strict=True)
        ]

    assert [each.outcome for each in results] == ["success", "error", "success", "success"]
    assert [results[each].payload for each in (0, 2, 3)] == [b"1", b"3", b"4"]
    peaks = [each.report.max_memory_used_mb or 0 for each in results]
    assert 0 < peaks[0] <= peaks[1] <= peaks[2] <= peaks[3]
    assert logs[0].text.startswith("init\nSTART ")
    for number, (count, log, result) in enumerate(zip(lines, logs, results, strict=True), 1):
        shown = log.text.splitlines()
        end = shown.index(f"END RequestId: {result.report.request_id}")
        own = [line for line in shown[:end] if line.startswith("invocation ")]
        assert own == [f"invocation {number} line {each}" for each in range(count)]
        assert not any(line.startswith("invocation ") for line in shown[end:])
    assert not remains_of(tmp_path)
