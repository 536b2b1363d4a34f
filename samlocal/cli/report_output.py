"""The reports that `--report` and `--otlp` choose, on stderr, in a file or at a collector."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Self, cast

from samlocal.cli.console import show_warning, write_stderr
from samlocal.cli.output_file import OutputFile
from samlocal.errors import UsageError
from samlocal.reports.summary import Summary

if TYPE_CHECKING:
    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.invocation import Invocation
    from samlocal.reports.completed import Completed
    from samlocal.reports.otlp import SpanExport

    ReportFormat = Literal["json", "table"]

_FORMATS: Final = ("json", "table")


class ReportOutput:
    """Writes a line of JSON for each invocation, or the summary of all at the end; sends spans at the end.

    Without `--report`, the summary of several invocations is shown if stderr is a terminal.
    """

    def __init__(
        self,
        configuration: FunctionConfiguration,
        *,
        report: str | None,
        otlp: str | None,
        number: int,
        caller_trace: str | None,
    ) -> None:
        """Check the options `--report` and `--otlp`, for a number of invocations in a caller's trace.

        Raises:
            UsageError: An option is malformed, the file cannot be written, or the OpenTelemetry SDK is missing.
        """
        self._configuration = configuration
        self._format, path = _read_report(report)
        self._file = OutputFile(path, "report") if path else None
        self._last_line = ""
        self._summary: Summary | None = None
        self._export: SpanExport | None = None
        is_seen = number > 1 and sys.stderr.isatty() and (self._format is None or path)
        if self._format == "table" or is_seen:
            self._summary = Summary()
        if otlp is not None:
            from samlocal.reports.otlp import SpanExport

            self._export = SpanExport(otlp, configuration, caller_trace)

    def __enter__(self) -> Self:
        if self._file:
            self._file.__enter__()
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._file:
            self._file.__exit__(*exc_info)

    def traced(self, invocation: Invocation) -> Invocation:
        """Return the invocation with the trace of the spans that will be sent."""
        return self._export.traced(invocation) if self._export else invocation

    def add(self, completed: Completed, *, is_last: bool) -> None:
        """Take an invocation; the last one's line on stderr follows a warning about spans, so it is the last."""
        if self._export:
            self._export.add(completed)
        if self._format == "json":
            from samlocal.reports.json_report import json_report

            line = f"{json_report(completed, self._configuration)}\n"
            if self._file:
                self._file.write(line.encode())
            elif is_last:
                self._last_line = line
            else:
                write_stderr(line)
        if self._summary:
            self._summary.add(completed)

    def finish(self) -> None:
        """Send the spans, and show the summary or the last report, which come after any warning."""
        try:
            self._send_spans()
        finally:
            self._show_rest()

    def _send_spans(self) -> None:
        if self._export and (reason := self._export.send()):
            show_warning(
                f"spans were not sent to `{self._export.endpoint}`: {reason}",
                hint="check that a collector for OTLP over HTTP listens there",
            )

    def _show_rest(self) -> None:
        if self._last_line:
            write_stderr(self._last_line)
        if self._summary and self._summary.has_invocations:
            text = self._summary.text()
            if self._format == "table" and self._file:
                self._file.write(text.encode())
            else:
                write_stderr(f"\n{text}")


def _read_report(text: str | None) -> tuple[ReportFormat | None, Path | None]:
    """Return the format and the file of `--report`."""
    if text is None:
        return None, None
    name, equals, path = text.partition("=")
    if name not in _FORMATS or bool(equals) != bool(path):
        raise UsageError(
            f"`--report {text}` is not a report",
            hint="use `json` or `table`, optionally with a file: `json=report.jsonl`",
        )
    if path == "-":
        raise UsageError(
            f"`--report {text}` would mix the report with the result on stdout",
            hint=f"`--report {name}` writes it to stderr; use `{name}=FILE` for a file",
        )
    return cast("ReportFormat", name), Path(path) if path else None
