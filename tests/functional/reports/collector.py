"""An OpenTelemetry collector that keeps what it receives in OTLP over HTTP."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import TYPE_CHECKING, cast

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
    from opentelemetry.proto.trace.v1.trace_pb2 import Span

Value = str | int | bool | list[str]


@dataclass(frozen=True, kw_only=True)
class ReceivedSpan:
    """A span as the collector received it, with its resource; IDs are hexadecimal, empty without parent."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    kind: int
    status: tuple[int, str]
    start_ns: int
    end_ns: int
    attributes: Mapping[str, Value]
    resource: Mapping[str, Value]


@dataclass
class Collector:
    """Answers with `status`; with `hangs`, only at the end of the test."""

    url: str = ""
    status: int = 200
    hangs: bool = False
    requests: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    spans: list[ReceivedSpan] = field(default_factory=list)
    ended: Event = field(default_factory=Event)

    def receive(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        for of_resource in request.resource_spans:
            resource = _attributes(of_resource.resource.attributes)
            for of_scope in of_resource.scope_spans:
                assert of_scope.scope.name == "samlocal"
                self.spans += [_span(each, resource) for each in of_scope.spans]

    def children(self, parent: ReceivedSpan) -> list[ReceivedSpan]:
        """Return the spans below another one, in their order."""
        found = [each for each in self.spans if each.parent_id == parent.span_id]
        return sorted(found, key=lambda each: each.start_ns)


@contextmanager
def collector(*, status: int = 200, hangs: bool = False) -> Iterator[Collector]:
    """Run a collector on this machine."""
    running = Collector(status=status, hangs=hangs)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            running.requests.append((self.path, dict(self.headers)))
            if running.hangs:
                running.ended.wait(20)
                return
            if running.status == 200:
                running.receive(body)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(running.status)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_arguments: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        running.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield running
        finally:
            running.ended.set()
            server.shutdown()
            thread.join()


def _span(span: Span, resource: Mapping[str, Value]) -> ReceivedSpan:
    return ReceivedSpan(
        name=span.name,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        kind=span.kind,
        status=(span.status.code, span.status.message),
        start_ns=span.start_time_unix_nano,
        end_ns=span.end_time_unix_nano,
        attributes=_attributes(span.attributes),
        resource=resource,
    )


def _attributes(attributes: Iterable[KeyValue]) -> dict[str, Value]:
    return {each.key: _value(each.value) for each in attributes}


def _value(value: AnyValue) -> Value:
    kind = value.WhichOneof("value")
    assert kind
    if kind == "array_value":
        return [each.string_value for each in value.array_value.values]
    return cast("Value", getattr(value, kind))
