"""The reports of a command on stderr, with spans that do not arrive."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from samlocal.cli.report_output import ReportOutput
from tests.functional.execution.fakes import configuration
from tests.unit.reports.completed_invocations import completed

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

NO_COLLECTOR = "http://127.0.0.1:1"


def report_two(report: str) -> None:
    """Report two invocations, and try to send their spans."""
    outputs = ReportOutput(
        configuration(), report=report, otlp=NO_COLLECTOR, number=2, caller_trace=None
    )
    with outputs:
        outputs.add(completed(number=1), is_last=False)
        outputs.add(completed(number=2), is_last=True)
        outputs.finish()


def test_the_last_line_is_the_last_report(capfd: pytest.CaptureFixture[str]) -> None:
    """A warning about spans comes before the last report, and after those that came at once."""
    report_two("json")

    first, warning, hint, last = capfd.readouterr().err.splitlines()
    assert (json.loads(first)["requestId"], json.loads(last)["requestId"]) == ("id-1", "id-2")
    assert "spans were not sent" in warning
    assert hint.startswith("hint: ")


def test_the_table_is_the_last_output(capfd: pytest.CaptureFixture[str]) -> None:
    """A warning about spans comes before the table."""
    report_two("table")

    assert "listens there\n\n2 invocations: 2 succeeded\n" in capfd.readouterr().err


def test_a_file_has_all_reports(tmp_path: Path) -> None:
    """A file has one report a line, in order, whether or not spans arrive."""
    file = tmp_path / "reports.jsonl"
    report_two(f"json={file}")

    assert [json.loads(line)["requestId"] for line in file.read_text().splitlines()] == [
        "id-1",
        "id-2",
    ]
