"""Spans of invocations, as the OpenTelemetry SDK has them: one for each phase, below one for the invocation.

Attributes follow https://opentelemetry.io/docs/specs/semconv/faas/aws-lambda/. This module needs the
`otlp` extra.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from samlocal.trace_header import read_trace_header

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import Span as OpenSpan

    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.invocation import FunctionError, Phase, Span
    from samlocal.reports.completed import Completed

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
# https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids
_ROOT: Final = re.compile("1-([0-9a-f]{8})-([0-9a-f]{24})")
_SEGMENT: Final = re.compile("[0-9a-f]{16}")


class SpanBuilder:
    """Builds the spans of invocations of one function.

    The span of an invocation has the ID of the segment in its trace header, so that spans which the function
    itself sends are below it. `caller_segment` is the segment above it, 16 hexadecimal digits.
    """

    def __init__(self, configuration: FunctionConfiguration, caller_segment: str | None) -> None:
        self._caller_segment = caller_segment
        self._name = configuration.name
        self._ids = _ChosenIds()
        self._ended = _EndedSpans()
        provider = TracerProvider(
            sampler=ALWAYS_ON,
            resource=Resource.create(_resource(configuration)),
            shutdown_on_exit=False,
            id_generator=self._ids,
            span_limits=SpanLimits(),
        )
        provider.add_span_processor(self._ended)
        self._tracer = provider.get_tracer("samlocal", version("samlocal"))

    def build(self, completed: Completed) -> list[ReadableSpan]:
        """Return the spans of an invocation, the inner ones first."""
        whole = self._invocation(completed)
        own = [each for each in completed.result.phases if each.name != "shutdown"]
        for phase in completed.result.phases:
            spans = completed.result.report.spans if phase.name == "invoke" else ()
            self._phase(phase, spans, whole)
        whole.end(max((_end(each) for each in own), default=None))
        return self._ended.take()

    def _invocation(self, completed: Completed) -> OpenSpan:
        """Begin the span of an invocation, from Init on."""
        invocation, result = completed.invocation, completed.result
        fields = read_trace_header(invocation.trace_id)
        root = _ROOT.fullmatch(fields.get("Root", ""))
        trace_id = int("".join(root.groups()), 16) if root else self._ids.generate_trace_id()
        self._ids.choose(trace_id, _segment(fields.get("Parent")))
        caller = _segment(self._caller_segment)
        context = None
        if caller:
            parent = SpanContext(
                trace_id, caller, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED)
            )
            context = set_span_in_context(NonRecordingSpan(parent))
        own = [each for each in result.phases if each.name != "shutdown"]
        span = self._tracer.start_span(
            self._name,
            context,
            kind=SpanKind.SERVER,
            attributes={
                "faas.trigger": "other",
                "faas.invocation_id": invocation.request_id,
                "faas.coldstart": completed.is_cold,
                "aws.lambda.invoked_arn": invocation.function_arn,
            },
            start_time=min((_ns(each.start) for each in own), default=None),
        )
        if result.error:
            _set_error(span, result.error)
        return span

    def _phase(self, phase: Phase, spans: Iterable[Span], whole: OpenSpan) -> None:
        context = set_span_in_context(whole)
        span = self._tracer.start_span(
            phase.name.capitalize(), context, start_time=_ns(phase.start)
        )
        if phase.status != "success":
            span.set_status(Status(StatusCode.ERROR, phase.status))
            span.set_attribute("error.type", phase.error_type or phase.status)
        for each in spans:
            inner = self._tracer.start_span(
                each.name, set_span_in_context(span), start_time=_ns(each.start)
            )
            inner.end(_end(each))
        span.end(_end(phase))


class _ChosenIds(IdGenerator):
    """Gives the next span the IDs that are chosen, and random ones to all others."""

    def __init__(self) -> None:
        self._random = RandomIdGenerator()
        self._trace_id: int | None = None
        self._span_id: int | None = None

    def choose(self, trace_id: int, span_id: int | None) -> None:
        self._trace_id, self._span_id = trace_id, span_id

    def generate_trace_id(self) -> int:
        chosen, self._trace_id = self._trace_id, None
        return chosen or self._random.generate_trace_id()

    def generate_span_id(self) -> int:
        chosen, self._span_id = self._span_id, None
        return chosen or self._random.generate_span_id()


class _EndedSpans(SpanProcessor):
    """Keeps the spans that have ended."""

    def __init__(self) -> None:
        self._spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self._spans.append(span)

    def take(self) -> list[ReadableSpan]:
        spans, self._spans = self._spans, []
        return spans


def _resource(configuration: FunctionConfiguration) -> dict[str, str | int | list[str]]:
    arn = configuration.arn.split(":")
    region, function_arn = arn[3], ":".join(arn[:7])
    attributes: dict[str, str | int | list[str]] = {
        "service.name": configuration.name,
        "service.instance.id": configuration.log_stream,
        "cloud.provider": "aws",
        "cloud.platform": "aws_lambda",
        "cloud.region": region,
        "cloud.account.id": configuration.account_id,
        "cloud.resource_id": f"{function_arn}:{configuration.version}",
        "faas.name": configuration.name,
        "faas.version": configuration.version,
        "faas.instance": configuration.log_stream,
        "faas.max_memory": configuration.memory_mb * 1024 * 1024,
    }
    if configuration.log_group:
        attributes["aws.log.group.names"] = [configuration.log_group]
        attributes["aws.log.stream.names"] = [configuration.log_stream]
    return attributes


def _set_error(span: OpenSpan, error: FunctionError) -> None:
    span.set_status(Status(StatusCode.ERROR, error.message))
    span.set_attribute("error.type", error.type)


def _segment(text: str | None) -> int | None:
    return int(text, 16) if text and _SEGMENT.fullmatch(text) else None


def _ns(time: datetime) -> int:
    return (time - _EPOCH) // _MICROSECOND * 1000


def _end(part: Phase | Span) -> int:
    return _ns(part.start) + round(part.duration_ms * 1_000_000)
