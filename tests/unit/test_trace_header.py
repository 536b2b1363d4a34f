"""X-Ray trace headers, complete from what somebody gives."""

from __future__ import annotations

import re

import pytest

from samlocal.errors import UsageError
from samlocal.trace_header import (
    complete_trace_header,
    new_trace_header,
    read_trace_header,
    with_new_segment,
)

ROOT = "1-5759e988-bd862e3fe1be46a994272793"
PARENT = "53995c3f42cd8ad8"


def test_a_new_trace_is_not_sampled() -> None:
    """A new header has all three fields; nobody asked for the trace."""
    form = r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0"
    assert re.fullmatch(form, new_trace_header())
    assert new_trace_header() != new_trace_header()


@pytest.mark.parametrize(
    ("given", "parent", "sampled", "rest"),
    [
        pytest.param(ROOT, None, "1", "", id="a trace ID"),
        pytest.param(f"Root={ROOT}", None, "1", "", id="root only"),
        pytest.param(f"Root={ROOT};Sampled=0", None, "0", "", id="not sampled"),
        pytest.param(f"Root={ROOT};Sampled=?", None, "1", "", id="to be decided"),
        pytest.param(f"Parent={PARENT}; Root={ROOT}", PARENT, "1", "", id="in any order"),
        pytest.param(
            f"Root={ROOT};Parent={PARENT};Sampled=1;Lineage=a:0",
            PARENT,
            "1",
            ";Lineage=a:0",
            id="with a lineage",
        ),
    ],
)
def test_a_header_is_completed(given: str, parent: str | None, sampled: str, rest: str) -> None:
    """A missing parent is new, and a trace without a decision is sampled; what is given is kept."""
    header = complete_trace_header(given)
    found = read_trace_header(header)
    assert found["Root"] == ROOT
    assert parent is None or found["Parent"] == parent
    assert header == f"Root={ROOT};Parent={found['Parent']};Sampled={sampled}{rest}"
    assert re.fullmatch("[0-9a-f]{16}", found["Parent"])


def test_a_function_has_a_segment_of_its_own() -> None:
    """The trace and what else the header says stay; parent and decision are replaced."""
    given = f"Root={ROOT};Parent={PARENT};Sampled=0;Lineage=a:0"
    header = with_new_segment(given, is_sampled=True)
    segment = read_trace_header(header)["Parent"]
    assert header == f"Root={ROOT};Parent={segment};Sampled=1;Lineage=a:0"
    assert re.fullmatch("[0-9a-f]{16}", segment)
    assert segment != PARENT
    assert "Sampled=0" in with_new_segment(given, is_sampled=False)


def test_a_header_without_a_trace_gets_a_new_one() -> None:
    """What has no trace, such as a text of the user's context, begins one."""
    assert re.match("Root=1-[0-9a-f]{8}-[0-9a-f]{24};", with_new_segment("a", is_sampled=True))


@pytest.mark.parametrize(
    "given",
    [
        "",
        "1-5759e988",
        ROOT.upper(),
        "Parent=53995c3f42cd8ad8",
        f"Root={ROOT};Parent=1",
        f"Root={ROOT};Sampled=yes",
        f"Root={ROOT};Lineage=ü",
        f"Root={ROOT}\r\nX: 1",
    ],
)
def test_a_malformed_trace_is_refused(given: str) -> None:
    """What X-Ray cannot read, or no header can carry, is a usage error."""
    with pytest.raises(UsageError, match="is not a trace ID"):
        complete_trace_header(given)
