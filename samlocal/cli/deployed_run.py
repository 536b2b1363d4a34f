"""Runs a deployed function from the command line: its result on stdout, its log on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.cli.console import (
    print_status,
    show_error,
    show_output,
    write_result,
    write_stderr,
)
from samlocal.cli.console_series import EXIT_CODES
from samlocal.cli.result_output import line_end

if TYPE_CHECKING:
    from samlocal.cli.options.general import OutputFormat
    from samlocal.remote.deployed_call import DeployedCall
    from samlocal.remote.deployed_functions import DeployedFunctions, Output
    from samlocal.remote.deployed_result import DeployedResult

_HINTS: Final = {
    "Runtime.OutOfMemory": "the function used all of its memory: raise it",
    "Runtime.ExitError": "the log may say why; `Max Memory Used` in it, whether memory was short",
}


def run_call(
    functions: DeployedFunctions,
    call: DeployedCall,
    *,
    streams: bool | None,
    output: OutputFormat = "text",
) -> int:
    """Invoke a function, show what comes, and return the exit code, which is that of `local invoke`.

    If `streams` is None, the response streams if the function's URL does.

    Raises:
        SamlocalError: Lambda cannot be reached, or refuses the call.
        OutputError: stdout cannot be written.
    """
    shown: Output = _Console() if output == "text" else _Nowhere()
    if call.invocation_type != "RequestResponse":
        streams = False
    elif streams is None:
        streams = functions.has_streaming_url(call.function, call.parameters.get("Qualifier"))
    if streams:
        result = functions.stream(call, shown, keeps_events=output == "json")
    else:
        result = functions.invoke(call, shown)
    if isinstance(shown, _Console):
        shown.finish()
    else:
        import json

        show_output(json.dumps(result.answer, indent=2, ensure_ascii=False, default=str))
    _show_end(call, result)
    return EXIT_CODES[result.outcome]


def _show_end(call: DeployedCall, result: DeployedResult) -> None:
    if call.invocation_type == "Event":
        print_status(f"Lambda has queued the event for `{call.function}` ({result.status})")
    elif call.invocation_type == "DryRun":
        print_status(f"`{call.function}` can be invoked ({result.status}); it did not run")
    elif result.error and (result.outcome == "failure" or result.is_incomplete):
        error = result.error
        show_error(f"{error.type}: {error.message}", hint=_HINTS.get(error.type))


class _Console:
    """Writes the response to stdout and the log to stderr, both at once."""

    def __init__(self) -> None:
        self._line_end = line_end()

    def show_log(self, log: bytes) -> None:
        write_stderr(log if log.endswith(b"\n") else log + b"\n")

    def write(self, chunk: bytes) -> None:
        if self._line_end:
            self._line_end.follow(chunk)
        write_result(chunk)

    def finish(self) -> None:
        """End the last line on a terminal."""
        if self._line_end and self._line_end.is_missing:
            write_result(b"\n")


class _Nowhere:
    """Drops what is part of Lambda's answer, too."""

    def show_log(self, log: bytes) -> None:
        del log

    def write(self, chunk: bytes) -> None:
        del chunk
