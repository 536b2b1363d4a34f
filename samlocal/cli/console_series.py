"""The invocations of one command: their results on stdout, their errors on stderr, and their reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.cli.console import show_error
from samlocal.cli.result_output import ResultOutput

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.cli.report_output import ReportOutput
    from samlocal.invocation import Invocation, InvocationResult, JsonObject, Outcome

EXIT_CODES: Final[dict[Outcome, int]] = {"success": 0, "error": 3, "timeout": 4, "failure": 5}


class ConsoleSeries:
    """A number of invocations, each from `new`, one after the other.

    Each result is on a line of its own if there are several. `before_result` is called where a result could
    follow an unfinished line of the log. `hint` returns a hint for an error;
    `cold_path` what the first invocation cost samlocal. `exit_code` is that of the first invocation
    without success, None before the first result.
    """

    def __init__(
        self,
        new: Callable[[], Invocation],
        number: int,
        *,
        hint: Callable[[InvocationResult], str | None],
        reports: ReportOutput | None,
        cold_path: Callable[[InvocationResult], JsonObject],
        before_result: Callable[[], None] | None = None,
    ) -> None:
        self.remaining = number
        self.exit_code: int | None = None
        self._new = new
        self._is_repeated = number > 1
        self._hint = hint
        self._reports = reports
        self._cold_path = cold_path
        self._before_result = before_result
        self._output = ResultOutput()
        self._hinted: set[str] = set()
        self._last: tuple[Invocation, InvocationResult] | None = None

    def begin(self) -> tuple[Invocation, ResultOutput]:
        self._output = ResultOutput(ends_lines=self._is_repeated, before=self._before_result)
        return self._new(), self._output

    def complete(self, invocation: Invocation, result: InvocationResult) -> None:
        self.remaining -= 1
        if self.remaining:
            self._conclude(invocation, result)
        else:
            self._last = invocation, result

    def finish(self) -> None:
        """Conclude the last invocation, after everything else that is written."""
        if self._last:
            self._conclude(*self._last)

    def _conclude(self, invocation: Invocation, result: InvocationResult) -> None:
        """Show what is left to show of an invocation, and report it."""
        is_first = self.exit_code is None
        self.exit_code = self.exit_code or EXIT_CODES[result.outcome]
        if result.error and (result.outcome == "failure" or self._output.is_incomplete):
            hint = None
            if result.error.type not in self._hinted:
                self._hinted.add(result.error.type)
                hint = self._hint(result)
            show_error(f"{result.error.type}: {result.error.message}", hint=hint)
        if self._reports:
            from samlocal.reports.completed import without_payloads

            cold_path = self._cold_path(result) if is_first else None
            completed = without_payloads(invocation, result, cold_path)
            self._reports.add(completed, is_last=not self.remaining)
