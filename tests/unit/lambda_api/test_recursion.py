"""Recursive loops end after as many rounds as on Lambda."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from samlocal.lambda_api.recursion import MAX_ROUNDS, RecursiveInvocationError, continue_lineage
from samlocal.trace_header import complete_trace_header, read_trace_header, with_new_segment

ARN = "arn:aws:lambda:us-east-1:123456789012:function:"
ROOT = "1-5759e988-bd862e3fe1be46a994272793"
HEADER = f"Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1"


def passed_on_by_botocore(header: str) -> str:
    """Return the header as botocore's `add_recursion_detection_header` sends it from a function."""
    return quote(with_new_segment(header, is_sampled=True), safe="-=;:+&[]{}\"',")


def test_a_chain_begins_as_on_lambda() -> None:
    """The first invocation has a count of 0; the rest of the header stays as it is."""
    header = continue_lineage(HEADER, f"{ARN}f")
    assert re.fullmatch(re.escape(HEADER) + ";Lineage=1:[0-9a-f]{8}:0", header)
    assert complete_trace_header(header) == header


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param("nonsense", id="no fields"),
        pytest.param("Root=2-x;Sampled=yes", id="malformed fields"),
        pytest.param("Parent=53995c3f42cd8ad8;Sampled=1", id="no root"),
        pytest.param(f"Root={ROOT}\r\nX: y", id="not printable"),
    ],
)
def test_a_header_that_names_no_trace_gets_a_new_one(given: str | None) -> None:
    """Whatever a client sends, the function gets a header that is whole; the trace is not sampled."""
    header = continue_lineage(given, f"{ARN}f")
    fields = read_trace_header(header)
    assert re.fullmatch("1-[0-9a-f]{8}-[0-9a-f]{24}", fields["Root"])
    assert fields["Root"] != ROOT
    assert fields["Sampled"] == "0"
    assert complete_trace_header(header) == header


def test_a_lineage_of_aws_is_continued() -> None:
    """The entry of a function that ran in AWS is kept; malformed entries are dropped."""
    given = f"{HEADER};Lineage=1:36680206:0|a87bd80c:1|x:y|;Self=1"
    lineage = read_trace_header(continue_lineage(given, f"{ARN}f"))
    assert re.fullmatch("1:36680206:0[|]1:a87bd80c:1[|]1:[0-9a-f]{8}:0", lineage["Lineage"])
    assert lineage["Self"] == "1"


@pytest.mark.parametrize(
    "functions",
    [
        pytest.param(["f"], id="a function that calls itself"),
        pytest.param(["a", "b"], id="two functions that call each other"),
        pytest.param(["a", "b", "c", "d", "e"], id="a circle of five"),
    ],
)
def test_a_loop_ends_after_16_rounds(functions: list[str]) -> None:
    """Each function of a loop runs 16 times, and then the first of them is not invoked again."""
    header = continue_lineage(None, f"{ARN}before-the-loop")
    for _ in range(MAX_ROUNDS):
        for name in functions:
            header = passed_on_by_botocore(continue_lineage(header, ARN + name))
    with pytest.raises(RecursiveInvocationError, match="recursive loop") as caught:
        continue_lineage(header, ARN + functions[0])
    assert caught.value.hint is not None
    assert "ran 16 times" in caught.value.hint


def test_a_long_chain_without_a_loop_goes_on() -> None:
    """A hundred functions may call one another; the header does not grow without an end."""
    header = None
    for number in range(100):
        header = continue_lineage(header, f"{ARN}f{number}")
    assert header is not None
    assert len(header) < 600


def test_a_loop_may_be_allowed() -> None:
    """A function with `RecursiveLoop: Allow` runs more often."""
    header = None
    for _ in range(3 * MAX_ROUNDS):
        header = continue_lineage(header, f"{ARN}f", is_allowed=True)
    assert header is not None
    assert header.endswith(f":{3 * MAX_ROUNDS - 1}")
