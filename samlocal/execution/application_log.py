"""The log of a custom runtime whose function logs in JSON, without what its application log level omits.

Lambda's other runtimes filter themselves:
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final

from samlocal.execution.log_levels import is_line_shown
from samlocal.sandbox.output import named_log, tells_sources_apart

if TYPE_CHECKING:
    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.sandbox.output import Log

# A line with more bytes is not filtered.
_LONGEST_BYTES: Final = 256 * 1024


def application_log(log: Log, configuration: FunctionConfiguration) -> Log:
    """Return the log to which a function's output goes; it is `log`, unless Lambda filters the lines."""
    runtime = configuration.runtime_version or ""
    is_custom = not runtime or runtime.startswith("provided:")
    if configuration.log_format != "JSON" or not is_custom:
        return log
    return FilteredLog(log, configuration.application_log_level)


class FilteredLog:
    """A log that receives only lines of its level, except those of the platform and of extensions.

    The beginning of an object waits for the rest of its line; other output is passed on as it comes.
    """

    def __init__(self, log: Log, level: str | None) -> None:
        self._log = log
        self._level = level
        self._lock = Lock()
        self._held = bytearray()
        self._at_line_start = True

    def write(self, output: bytes) -> None:
        with self._lock:
            if not self._at_line_start:
                output = self._end_line(output)
            if end := output.rfind(b"\n") + 1:
                self._write_lines(bytes(self._held) + output[:end])
                self._held.clear()
            self._held += output[end:]
            if not _may_be_object(self._held) or len(self._held) > _LONGEST_BYTES:
                self._write(bytes(self._held))
                self._held.clear()

    def line(self, text: str) -> None:
        with self._lock:
            self._flush_object()
            self._log.line(text)
            self._at_line_start = True

    def named(self, name: str) -> Log:
        """Return the log of an extension."""
        return named_log(self._log, name)

    def flush(self) -> None:
        """Pass on an incomplete line, unless it is an object that is not shown."""
        with self._lock:
            self._flush_object()
            if tells_sources_apart(self._log):
                self._log.flush()

    def _flush_object(self) -> None:
        if is_line_shown(bytes(self._held), self._level):
            self._write(bytes(self._held))
        self._held.clear()

    def _end_line(self, output: bytes) -> bytes:
        """Pass on the output up to the end of a line that is shown, and return the rest."""
        end = output.find(b"\n") + 1 or len(output)
        self._write(output[:end])
        return output[end:]

    def _write_lines(self, lines: bytes) -> None:
        # Not `splitlines`: a carriage return is a part of a line.
        each_line = (each + b"\n" for each in lines.removesuffix(b"\n").split(b"\n"))
        self._write(b"".join(each for each in each_line if is_line_shown(each, self._level)))

    def _write(self, output: bytes) -> None:
        if output:
            self._log.write(output)
            self._at_line_start = output.endswith(b"\n")


def _may_be_object(beginning: bytearray) -> bool:
    return bytes(beginning[:64]).lstrip()[:1] in {b"", b"{"}
