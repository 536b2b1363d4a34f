"""Telemetry as an extension in a sandbox receives it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import pytest

import samlocal
from tests.docker.command import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.invocation import InvocationResult
    from tests.docker.fixtures import CopyOf

SANDBOXES = ("docker", "podman", "process")
Connection = Literal["direct", "relay"]
PROJECT = CHECKOUT / "tests" / "projects" / "telemetry"


class Text:
    """Equals every text that matches."""

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and bool(self._pattern.fullmatch(other))

    def __hash__(self) -> int:
        return hash(self._pattern)

    def __repr__(self) -> str:
        return f"<{self._pattern.pattern}>"


class Number:
    """Equals every number in a range."""

    def __init__(self, least: float, most: float) -> None:
        self._least = least
        self._most = most

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int | float) and self._least <= other <= self._most

    def __hash__(self) -> int:
        return hash((self._least, self._most))

    def __repr__(self) -> str:
        return f"<{self._least} to {self._most}>"


MOMENT = Text(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
MILLISECONDS = Number(0.0, 60_000.0)


@pytest.fixture
def directory(copy_of: CopyOf) -> Path:
    """A copy of the project."""
    return copy_of(PROJECT, "python:3.11")


class Run:
    """Invocations of a function in one environment, and what its extension received."""

    def __init__(
        self,
        directory: Path,
        function: str,
        engine: dict[str, str],
        settings: samlocal.SandboxSettings,
    ) -> None:
        project = samlocal.open_project(directory / "template.yaml")
        self.prepared = samlocal.prepare(
            project,
            function,
            options=samlocal.FunctionOptions(reads_credentials=False),
            sandbox=settings,
        )
        self._engine = engine.get("DOCKER_HOST")
        self.log = samlocal.LogBuffer()

    def __call__(self, *events: object) -> list[InvocationResult]:
        with samlocal.start(self.prepared, engine=self._engine, log=self.log) as function:
            return [function.invoke(event) for event in events]

    @property
    def received(self) -> list[dict[str, Any]]:
        lines = re.findall(r"^\[recorder\] RECEIVED (.*)$", self.log.text, re.MULTILINE)
        return [json.loads(line) for line in lines]


def span(name: str) -> dict[str, object]:
    return {"name": name, "start": MOMENT, "durationMs": MILLISECONDS}


def expected_init(run: Run) -> list[tuple[str, object]]:
    configuration = run.prepared.configuration
    init = {"initializationType": "on-demand", "phase": "init"}
    return [
        (
            "platform.initStart",
            {
                **init,
                "functionName": configuration.name,
                "functionVersion": "$LATEST",
                "instanceId": configuration.log_stream,
                "instanceMaxMemory": 256 * 1024 * 1024,
                "runtimeVersion": "python:3.11",
            },
        ),
        ("function", "importing"),
        ("platform.initRuntimeDone", {**init, "status": "success"}),
        (
            "platform.extension",
            {"name": "recorder", "state": "Ready", "events": ["INVOKE", "SHUTDOWN"]},
        ),
        (
            "platform.initReport",
            {**init, "status": "success", "metrics": {"durationMs": MILLISECONDS}},
        ),
    ]


def expected_invocation(run: Run, result: InvocationResult) -> list[tuple[str, object]]:
    request_id = result.report.request_id
    identity = {"requestId": request_id}
    return [
        (
            "platform.start",
            {
                **identity,
                "version": "$LATEST",
                "functionArn": run.prepared.configuration.arn,
            },
        ),
        ("function", "working 0"),
        (
            "platform.runtimeDone",
            {
                **identity,
                "status": "success",
                "metrics": {
                    "durationMs": Number(0.0, result.report.duration_ms + 0.001),
                    "producedBytes": len(result.payload),
                },
                "spans": [
                    span("responseLatency"),
                    span("responseDuration"),
                    span("runtimeOverhead"),
                ],
            },
        ),
        (
            "platform.report",
            {
                **identity,
                "status": "success",
                "metrics": result.report.metrics,
                "spans": [span("extensionOverhead")],
            },
        ),
    ]


@pytest.mark.parametrize(
    "api_connection", ["direct", pytest.param("relay", marks=pytest.mark.container("network"))]
)
@pytest.mark.parametrize("function", ["Works", "WorksOverTcp"])
def test_telemetry_of_a_cold_and_a_warm_invocation(
    directory: Path,
    engine_variables: dict[str, str],
    settings: samlocal.SandboxSettings,
    function: str,
    api_connection: Connection,
) -> None:
    """An extension receives the documented events of two invocations in order, with true values."""
    settings = replace(settings, api_connection=api_connection)
    run = Run(directory, function, engine_variables, settings)
    cold, warm = run({}, {})

    received = run.received
    # The runtime starts while the extension subscribes.
    subscribed = next(each for each in received if "Subscription" in each["type"])
    received.remove(subscribed)
    assert subscribed["record"] == {
        "name": "recorder",
        "state": "Subscribed",
        "types": ["platform", "function", "extension"],
    }
    expected = [
        *expected_init(run),
        *expected_invocation(run, cold),
        *expected_invocation(run, warm),
    ]
    assert [(each["type"], each["record"]) for each in received] == expected, run.log.text
    assert all(set(each) == {"time", "type", "record"} for each in received)
    platform_times = [
        datetime.fromisoformat(each["time"])
        for each in received
        if each["type"].startswith("platform")
    ]
    assert platform_times == sorted(platform_times)
    metrics = [each["record"]["metrics"] for each in received if "report" in each["type"]]
    assert ("initDurationMs" in metrics[0], "initDurationMs" in metrics[1]) == (True, False)


def test_lines_of_a_function_are_complete(
    directory: Path, engine_variables: dict[str, str], settings: samlocal.SandboxSettings
) -> None:
    """An extension that keeps up receives each of 20,000 lines, in order, before the report."""
    run = Run(directory, "Works", engine_variables, settings)
    run({"lines": 20_000})

    types = [each["type"] for each in run.received]
    lines = [each["record"] for each in run.received if each["type"] == "function"]
    assert lines == ["importing", *(f"working {number}" for number in range(20_000))]
    assert types[-2:] == ["platform.runtimeDone", "platform.report"]


def test_lines_of_json(
    directory: Path, engine_variables: dict[str, str], settings: samlocal.SandboxSettings
) -> None:
    """Where the log format is JSON, an extension receives objects."""
    record = {"level": "INFO", "message": "Hello"}
    run = Run(directory, "LogsInJson", engine_variables, settings)
    run({"record": record})

    lines = [each["record"] for each in run.received if each["type"] == "function"]
    assert lines == ["importing", "working 0", record]


def test_runtime_that_exits(
    directory: Path, engine_variables: dict[str, str], settings: samlocal.SandboxSettings
) -> None:
    """A crash is in the events; after it, the extension starts and subscribes again in the next invocation."""
    run = Run(directory, "Works", engine_variables, settings)
    crashed, _ = run({"exit": 3}, {})

    assert crashed.outcome == "failure"
    outcomes = [
        (each["type"], each["record"]["status"], each["record"].get("errorType"))
        for each in run.received
        if each["type"].endswith(("Done", "eport"))
    ]
    done = ("platform.runtimeDone", "error", "Runtime.ExitError")
    assert done in outcomes
    phases = [each["record"]["phase"] for each in run.received if "initStart" in each["type"]]
    assert phases == ["init", "invoke"]
    assert outcomes[-2:] == [
        ("platform.runtimeDone", "success", None),
        ("platform.report", "success", None),
    ]
