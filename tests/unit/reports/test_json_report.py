"""The report of an invocation as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

from samlocal.reports.json_report import json_report
from tests.functional.execution.fakes import configuration
from tests.unit.reports.completed_invocations import INIT, INVOKE, completed


def test_a_cold_invocation() -> None:
    """The report has the figures of REPORT, the spans, the response, the phases and the cold path."""
    cold = replace(completed(INIT, INVOKE), cold_path={"totalMs": 512.5})
    line = json_report(cold, configuration())

    assert "\n" not in line
    assert json.loads(line) == {
        "requestId": "id-1",
        "functionName": "Ratings",
        "functionVersion": "$LATEST",
        "traceId": "1-5759e988-bd862e3fe1be46a994272793",
        "outcome": "success",
        "status": "success",
        "coldStart": True,
        "metrics": {
            "durationMs": 4.0,
            "billedDurationMs": 85,
            "memorySizeMB": 128,
            "maxMemoryUsedMB": 15,
            "initDurationMs": 80.5,
            "responseLatencyMs": 2.0,
            "responseDurationMs": 0.25,
            "extensionOverheadMs": 1.0,
        },
        "response": {"mode": "buffered", "contentType": "application/json", "bytes": 5},
        "phases": [
            {
                "name": "init",
                "start": "2026-11-26T10:00:00.000Z",
                "durationMs": 80.5,
                "status": "success",
            },
            {
                "name": "invoke",
                "start": "2026-11-26T10:00:00.100Z",
                "durationMs": 4.0,
                "status": "success",
            },
        ],
        "coldPath": {"totalMs": 512.5},
    }


def test_a_failed_warm_invocation() -> None:
    """An error has its type and message; unknown memory and the cold path are left out."""
    failed = replace(INVOKE, status="error", error_type="Runtime.ExitError")
    report = json.loads(
        json_report(completed(failed, outcome="failure", memory_mb=None), configuration())
    )

    assert (report["outcome"], report["status"], report["coldStart"]) == ("failure", "error", False)
    assert report["error"] == {"type": "ValueError", "message": "no stars"}
    assert report["phases"][0]["errorType"] == "Runtime.ExitError"
    assert not {"maxMemoryUsedMB", "initDurationMs"} & report["metrics"].keys()
    assert "coldPath" not in report


def test_an_invocation_on_a_managed_instance() -> None:
    """As in `platform.report`, the duration is the only metric besides spans."""
    managed = replace(configuration(), initialization_type="lambda-managed-instances")
    report = json.loads(json_report(completed(INIT, INVOKE), managed))

    spans = {"responseLatencyMs": 2.0, "responseDurationMs": 0.25, "extensionOverheadMs": 1.0}
    assert report["metrics"] == {"durationMs": 4.0, **spans}
