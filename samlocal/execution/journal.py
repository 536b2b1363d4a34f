"""The journal of an environment: its events and output go to the log of the present invocation, and to telemetry."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from samlocal.execution.platform_events import iso_time
from samlocal.execution.platform_lines import platform_lines
from samlocal.execution.telemetry.telemetry import Telemetry
from samlocal.sandbox.output import named_log, tells_sources_apart

if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket

    from samlocal.execution.platform_events import PlatformEvent
    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.sandbox.output import Log


class Journal:
    """Takes the events of the platform and the output of the programs, in their order.

    `log` gets the lines of the platform. The logs of the programs are made from the log that gets their
    output. `connect` connects to a port in the sandbox, for subscribers of telemetry.
    """

    def __init__(
        self, configuration: FunctionConfiguration, connect: Callable[[int], socket]
    ) -> None:
        self.log: Log | None = None
        self.telemetry = Telemetry(configuration, connect, subscribed=self._write)
        self._configuration = configuration

    def publish(self, event: PlatformEvent, log: Log | None = None) -> None:
        """Take an event of the platform; its lines go to `log`, if it has one of its own."""
        self._write(event, log)
        self.telemetry.publish(event)

    def shows(self, event: PlatformEvent) -> bool:
        """Return whether an event has lines in the log."""
        return bool(platform_lines(event, self._configuration))

    def note_timeout(self, request_id: str, cause: str | None) -> None:
        """Write a line about a timeout, which Lambda's report only states; `cause` is what it waited for."""
        seconds = self._configuration.timeout_seconds
        text = f"Task timed out after {seconds:.2f} seconds{f': {cause}' if cause else ''}"
        self._note_about(request_id, text)

    def note_late_failure(self, request_id: str, cause: str) -> None:
        """Write a line about a failure that the caller of an invocation does not get."""
        self._note_about(request_id, f"Failed after the response: {cause}")

    def _note_about(self, request_id: str, text: str) -> None:
        self.note(f"{iso_time(datetime.now(UTC))} {request_id} {text}")

    def note(self, text: str) -> None:
        """Write a line of samlocal's own, except between lines of JSON."""
        if self.log and self._configuration.log_format == "Text":
            self.log.line(text)

    def warn(self, text: str) -> None:
        """Write a line of samlocal's own about what the function does; in a log in JSON it is an object as those of runtimes."""
        if not self.log:
            return
        if self._configuration.log_format == "JSON":
            now = iso_time(datetime.now(UTC))
            text = json.dumps({"timestamp": now, "level": "WARN", "message": text})
        self.log.line(text)

    def end_lines(self) -> None:
        """Write the unfinished lines of programs that have ended, before others continue them."""
        if self.log and tells_sources_apart(self.log):
            self.log.flush()

    def runtime_log(self, log: Log) -> Log:
        """Return the log for the output of the runtime."""
        return self.telemetry.log(log)

    def extension_log(self, log: Log, name: str) -> Log:
        """Return the log for the output of an extension."""
        return self.telemetry.log(named_log(log, name), extension=name)

    def _write(self, event: PlatformEvent, log: Log | None = None) -> None:
        """Write the lines of an event."""
        if log := log or self.log:
            for line in platform_lines(event, self._configuration):
                log.line(line)
