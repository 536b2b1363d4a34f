"""Spans of invocations, at a collector that really receives them."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import UsageError
from samlocal.reports.otlp import SpanExport, traces_endpoint
from samlocal.trace_header import read_trace_header
from tests.docker.command import BEHAVIOURS
from tests.functional.execution.fakes import configuration, invocation
from tests.functional.reports.collector import collector
from tests.unit.reports.completed_invocations import INIT, INVOKE, SHUTDOWN, completed

if TYPE_CHECKING:
    from samlocal.invocation import Phase
    from samlocal.reports.completed import Completed

TRACE = "5759e988bd862e3fe1be46a994272793"
CALLER = "53995c3f42cd8ad8"
HEADER = f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent={CALLER};Sampled=1"
INTERNAL, SERVER = 1, 2
UNSET, ERROR = 0, 2


def export_to(url: str, *, caller_trace: str | None = None) -> SpanExport:
    return SpanExport(url, configuration(), caller_trace)


def traced(export: SpanExport, *phases: Phase) -> Completed:
    of_phases = completed(*phases)
    return replace(of_phases, invocation=export.traced(of_phases.invocation))


def test_each_phase_is_a_span() -> None:
    """The span of an invocation has its phases below it, and Invoke has those of its parts."""
    with collector() as received:
        export = export_to(received.url)
        cold = traced(export, INIT, INVOKE, SHUTDOWN)
        export.add(cold)
        assert export.send() is None

    (whole,) = (each for each in received.spans if not each.parent_id)
    phases = received.children(whole)
    parts = received.children(phases[1])
    assert (whole.name, whole.kind, whole.trace_id) == ("Ratings", SERVER, TRACE)
    assert [each.name for each in phases] == ["Init", "Invoke", "Shutdown"]
    assert {each.name for each in parts} == {
        "responseLatency",
        "responseDuration",
        "extensionOverhead",
    }
    assert len(received.spans) == 7
    assert {each.trace_id for each in received.spans} == {TRACE}
    assert {each.kind for each in (*phases, *parts)} == {INTERNAL}
    assert {each.status for each in received.spans} == {(UNSET, "")}
    init, invoke, _ = phases
    assert init.end_ns - init.start_ns == 80_500_000
    assert whole.start_ns == init.start_ns == 1_795_687_200_000_000_000
    assert whole.end_ns == invoke.end_ns
    assert received.requests[0][0] == "/v1/traces"


def test_the_function_sees_the_segment_of_the_span() -> None:
    """The trace header of the function has the ID of the invocation's span, so that its spans are below it."""
    with collector() as received:
        export = export_to(received.url)
        one = traced(export, INVOKE)
        export.add(one)
        export.send()

    fields = read_trace_header(one.invocation.trace_id)
    (whole,) = (each for each in received.spans if each.name == "Ratings")
    assert (whole.span_id, whole.parent_id) == (fields["Parent"], "")
    assert fields["Parent"] != CALLER
    assert fields["Sampled"] == "1"


@pytest.mark.parametrize("sampled", ["0", "1"])
def test_the_caller_is_the_parent(sampled: str) -> None:
    """A segment in the caller's trace header is the parent; its sampling decision reaches the function."""
    header = HEADER.replace("Sampled=1", f"Sampled={sampled}")
    with collector() as received:
        export = export_to(received.url, caller_trace=header)
        one = traced(export, INVOKE)
        export.add(one)
        assert export.send() is None

    (whole,) = (each for each in received.spans if each.name == "Ratings")
    assert whole.parent_id == CALLER
    assert read_trace_header(one.invocation.trace_id)["Sampled"] == sampled


def test_attributes_follow_the_conventions() -> None:
    """Resource and span have the attributes of functions on Lambda."""
    logged = replace(configuration(), log_group="/aws/lambda/Ratings", log_stream="2026/[1]ab")
    with collector() as received:
        export = SpanExport(received.url, logged, None)
        export.add(traced(export, INIT, INVOKE))
        export.send()

    (whole,) = (each for each in received.spans if each.name == "Ratings")
    assert whole.attributes == {
        "faas.trigger": "other",
        "faas.invocation_id": "id-1",
        "faas.coldstart": True,
        "aws.lambda.invoked_arn": "arn:aws:lambda:us-east-1:123456789012:function:Ratings",
    }
    own = {k: v for k, v in whole.resource.items() if not k.startswith("telemetry.")}
    assert own == {
        "service.name": "Ratings",
        "service.instance.id": "2026/[1]ab",
        "cloud.provider": "aws",
        "cloud.platform": "aws_lambda",
        "cloud.region": "us-east-1",
        "cloud.account.id": "123456789012",
        "cloud.resource_id": "arn:aws:lambda:us-east-1:123456789012:function:Ratings:$LATEST",
        "faas.name": "Ratings",
        "faas.version": "$LATEST",
        "faas.instance": "2026/[1]ab",
        "faas.max_memory": 134217728,
        "aws.log.group.names": ["/aws/lambda/Ratings"],
        "aws.log.stream.names": ["2026/[1]ab"],
    }


def test_errors_are_in_the_status() -> None:
    """A failed invocation and its phase have an error status and the type of the error."""
    failed = replace(INVOKE, status="timeout", error_type=None)
    with collector() as received:
        export = export_to(received.url)
        export.add(completed(failed, outcome="timeout"))
        export.send()

    by_name = {each.name: each for each in received.spans}
    assert by_name["Ratings"].status == (ERROR, "no stars")
    assert by_name["Ratings"].attributes["error.type"] == "ValueError"
    assert by_name["Invoke"].status == (ERROR, "timeout")
    assert by_name["Invoke"].attributes["error.type"] == "timeout"


def test_many_invocations_are_sent_in_parts() -> None:
    """Each invocation has a span of its own trace or caller, whatever their number."""
    with collector() as received:
        export = export_to(received.url)
        for number in range(250):
            export.add(
                replace(
                    completed(), invocation=export.traced(invocation(request_id=f"id-{number}"))
                )
            )
        assert export.send() is None

    ids = [each.attributes.get("faas.invocation_id") for each in received.spans if each.kind == 2]
    assert ids == [f"id-{number}" for number in range(250)]
    assert len(received.requests) == 3


def test_headers_come_from_opentelemetrys_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """`OTEL_EXPORTER_OTLP_HEADERS` and `OTEL_RESOURCE_ATTRIBUTES` apply."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-key=secret")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=local")
    with collector() as received:
        export = export_to(received.url)
        export.add(traced(export, INVOKE))
        export.send()

    assert {name.lower(): value for name, value in received.requests[0][1].items()}[
        "x-key"
    ] == "secret"
    assert received.spans[0].resource["deployment.environment.name"] == "local"


def test_a_collector_that_is_down_is_a_reason() -> None:
    """What keeps the spans from arriving is named in a few words, and nothing is logged."""
    export = export_to("http://127.0.0.1:1")
    export.add(traced(export, INVOKE))
    assert export.send() == "Connection refused"


@pytest.mark.parametrize(
    ("status", "reason"),
    [pytest.param(404, "Not Found", id="wrong path"), pytest.param(503, "503|Unavail", id="busy")],
)
def test_a_collector_that_refuses_is_a_reason(
    status: int, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A refusal names its status."""
    with collector(status=status) as received:
        export = export_to(received.url)
        export.add(traced(export, INVOKE))
        found = export.send()
    assert found
    assert any(each in found for each in reason.split("|"))
    assert not caplog.records


def test_a_collector_that_hangs_does_not_hold_the_command() -> None:
    """A collector that does not answer is given up, and what else is waiting is not sent."""
    with collector(hangs=True) as received:
        export = export_to(received.url)
        for _ in range(250):
            export.add(traced(export, INVOKE))
        assert export.send()
    assert len(received.requests) < 3


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("http://localhost:4318", "http://localhost:4318/v1/traces"),
        ("http://localhost:4318/", "http://localhost:4318/v1/traces"),
        ("https://collector/otlp/", "https://collector/otlp/v1/traces"),
        ("https://collector/v1/traces", "https://collector/v1/traces"),
        ("https://collector/a?key=1", "https://collector/a/v1/traces?key=1"),
    ],
)
def test_the_endpoint_is_below_the_url(url: str, endpoint: str) -> None:
    """The path for traces is added to the URL of a collector, unless it is there."""
    assert traces_endpoint(url) == endpoint


@pytest.mark.parametrize(
    "url", ["", "localhost:4318", "grpc://a:4317", "http://", "http://a:x", "http://[::1"]
)
def test_other_urls_are_refused(url: str) -> None:
    """What is not a URL of HTTP is a usage error with the usual port."""
    with pytest.raises(UsageError, match="not the URL of a collector"):
        traces_endpoint(url)


WITHOUT_SDK = """\
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("opentelemetry"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
from samlocal.__main__ import run
run()
"""


def test_without_the_sdk_the_extra_is_named() -> None:
    """Without the extra, `--otlp` is refused before anything runs."""
    options = ("--no-credentials", "--otlp", "http://localhost:4318")
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_SDK, "local", "invoke", "Echo", *options],
        cwd=BEHAVIOURS,
        env=os.environ | {"NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        "Error: `--otlp` needs the OpenTelemetry SDK, which is not installed\n"
        "hint: `pip install '.[otlp]'` in a checkout of samlocal installs it\n"
    )
