"""A log that passes everything to two logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.sandbox.output import named_log, tells_sources_apart

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.sandbox.output import Log


class TeeLog:
    """Passes the output of an invocation to the log of its function and to a log of the invocation.

    Both get everything, also if one of them raises an error; the first error is raised.
    """

    def __init__(self, *logs: Log) -> None:
        self._logs = logs
        self._named: dict[str, TeeLog] = {}

    def write(self, output: bytes) -> None:
        self._to_all(lambda log: log.write(output))

    def line(self, text: str) -> None:
        self._to_all(lambda log: log.line(text))

    def named(self, name: str) -> TeeLog:
        """Return the log of an extension, always the same."""
        if name not in self._named:
            self._named[name] = TeeLog(*(named_log(log, name) for log in self._logs))
        return self._named[name]

    def flush(self) -> None:
        """Write incomplete lines, also those of extensions."""
        for each in self._named.values():
            each.flush()
        self._to_all(lambda log: log.flush() if tells_sources_apart(log) else None)

    def _to_all(self, call: Callable[[Log], None]) -> None:
        errors: list[BaseException] = []
        for log in self._logs:
            try:
                call(log)
            except BaseException as error:  # noqa: BLE001  # the other log gets the output first
                errors.append(error)
        if errors:
            raise errors[0]
