"""Exports spans of invocations to a collector, in the OpenTelemetry protocol over HTTP.

https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

from __future__ import annotations

import logging
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from threading import Thread
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit, urlunsplit

from samlocal.errors import UsageError, root_cause
from samlocal.suggestions import installation_of_extra
from samlocal.trace_header import read_trace_header, with_new_segment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from opentelemetry.sdk.trace import ReadableSpan

    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.invocation import Invocation
    from samlocal.reports.completed import Completed

_PATH: Final = "/v1/traces"
# How long one request may take, with its repetitions, and how long its thread is waited for: name
# resolution knows no limit.
_REQUEST_SECONDS: Final = 1.5
_THREAD_SECONDS: Final = 2.0
_INVOCATIONS_IN_A_REQUEST: Final = 100
_LOGGER: Final = "opentelemetry"


class SpanExport:
    """Collects invocations, and sends their spans at the end."""

    def __init__(
        self, url: str, configuration: FunctionConfiguration, caller_trace: str | None
    ) -> None:
        """Check that spans can be sent.

        `caller_trace` is the trace header of whoever invokes the function, if there is one.

        Raises:
            UsageError: The URL is not one, or the SDK is not installed.
        """
        self.endpoint = traces_endpoint(url)
        _require_sdk()
        self._configuration = configuration
        caller = read_trace_header(caller_trace or "")
        self._caller_segment = caller.get("Parent")
        self._is_sampled = caller.get("Sampled") != "0"
        self._completed: list[Completed] = []

    def traced(self, invocation: Invocation) -> Invocation:
        """Return the invocation with a segment of its own, sampled unless a caller decided against that."""
        header = with_new_segment(invocation.trace_id, is_sampled=self._is_sampled)
        return replace(invocation, trace_id=header)

    def add(self, completed: Completed) -> None:
        self._completed.append(completed)

    def send(self) -> str | None:
        """Send the spans; return why the collector did not take them."""
        from samlocal.reports.spans import SpanBuilder  # noqa: PLC0415  # slow to import

        builder = SpanBuilder(self._configuration, self._caller_segment)
        with _CaughtLog() as log:
            export = _exporter(self.endpoint)
            for batch in self._batches():
                spans = [span for each in batch for span in builder.build(each)]
                if not _within_seconds(partial(export, spans), _THREAD_SECONDS):
                    return log.reason or "no answer"
        return None

    def _batches(self) -> Iterator[list[Completed]]:
        for first in range(0, len(self._completed), _INVOCATIONS_IN_A_REQUEST):
            yield self._completed[first : first + _INVOCATIONS_IN_A_REQUEST]


def traces_endpoint(url: str) -> str:
    """Return the URL that takes traces, for the URL of a collector as in `OTEL_EXPORTER_OTLP_ENDPOINT`.

    Raises:
        UsageError: It is not the URL of a collector.
    """
    if not _is_http(url):
        raise UsageError(
            f"`--otlp {url}` is not the URL of a collector",
            hint="OTLP over HTTP usually has port 4318: `--otlp http://localhost:4318`",
        )
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    return urlunsplit(parts._replace(path=path if path.endswith(_PATH) else path + _PATH))


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is not a number, or half of an IPv6 address
        return False


def _require_sdk() -> None:
    try:
        is_installed = all(
            find_spec(each)
            for each in ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http")
        )
    except ModuleNotFoundError:
        is_installed = False
    if not is_installed:
        raise UsageError(
            "`--otlp` needs the OpenTelemetry SDK, which is not installed",
            hint=f"{installation_of_extra('otlp')} installs it",
        )


def _exporter(endpoint: str) -> Callable[[list[ReadableSpan]], bool]:
    """Return a function that sends spans and returns whether they arrived.

    The exporter takes headers, certificates and compression from OpenTelemetry's variables:
    https://opentelemetry.io/docs/specs/otel/protocol/exporter/
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415  # an extra
    from opentelemetry.sdk.trace.export import SpanExportResult  # noqa: PLC0415  # an extra

    exporter = OTLPSpanExporter(endpoint=endpoint, timeout=_REQUEST_SECONDS)
    return lambda spans: exporter.export(spans) is SpanExportResult.SUCCESS


def _within_seconds(work: Callable[[], bool], seconds: float) -> bool:
    """Return the result of work in a thread; False if it takes longer."""
    result: Future[bool] = Future()

    def run() -> None:
        try:
            result.set_result(work())
        except Exception as error:  # noqa: BLE001  # it is a reason why nothing arrived
            logging.getLogger(_LOGGER).warning("%s", error)
            result.set_result(False)

    Thread(target=run, name="otlp", daemon=True).start()
    try:
        return result.result(seconds)
    except TimeoutError:
        return False


class _CaughtLog(logging.Handler):
    """Keeps the first problem that OpenTelemetry logs in the `with` block, which is not shown."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.reason: str | None = None
        self._logger = logging.getLogger(_LOGGER)

    def __enter__(self) -> Self:
        self._logger.addHandler(self)
        self._logger.propagate = False
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._logger.removeHandler(self)
        self._logger.propagate = True

    def emit(self, record: logging.LogRecord) -> None:
        if self.reason is None:
            arguments = record.args if isinstance(record.args, tuple) else ()
            errors = (each for each in arguments if isinstance(each, Exception))
            error = next(errors, None)
            self.reason = root_cause(error) if error else record.getMessage()
