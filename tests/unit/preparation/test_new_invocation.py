"""An invocation, from an event and what is chosen of its context."""

from __future__ import annotations

import re
from pathlib import Path

from samlocal.context import ContextOverrides
from samlocal.env_vars.environment import Environment
from samlocal.errors import Place
from samlocal.function import Function, InlineCode
from samlocal.invocation import Invocation
from samlocal.preparation.new_invocation import new_invocation
from samlocal.preparation.resolution import ResolvedFunction

PLACE = Place(Path("template.yaml"), 1, 1)
RESOLVED = ResolvedFunction(
    project=PLACE.path,
    function=Function(
        logical_id="Ratings",
        full_path="Ratings",
        name="Ratings",
        code=InlineCode(source="", place=PLACE),
        place=PLACE,
    ),
    arn="arn:aws:lambda:us-east-1:123456789012:function:Ratings:live",
    version="7",
    environment=Environment(variables={}),
    diagnostics=(),
)


def test_nothing_is_chosen() -> None:
    """Each invocation has an id of its own and a trace that is not sampled, as X-Ray writes it."""
    first, second = (new_invocation(RESOLVED, b"{}", ContextOverrides()) for _ in range(2))
    assert first.request_id != second.request_id
    assert first.trace_id != second.trace_id
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", first.request_id)
    trace = r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0"
    assert re.fullmatch(trace, first.trace_id)
    assert first == Invocation(
        request_id=first.request_id,
        payload=b"{}",
        function_arn=RESOLVED.arn,
        trace_id=first.trace_id,
        version="7",
    )


def test_everything_is_chosen() -> None:
    """All of a context reaches the invocation; the version is the function's, which it is told as well."""
    context = ContextOverrides(
        request_id="id-1",
        invoked_function_arn="arn:mine",
        trace_id="Root=1",
        client_context="{}",
        cognito_identity='{"a": 1}',
        deadline_ms=1,
        remaining_time_ms=2,
    )
    assert new_invocation(RESOLVED, b"{}", context) == Invocation(
        request_id="id-1",
        payload=b"{}",
        function_arn="arn:mine",
        trace_id="Root=1",
        version="7",
        client_context="{}",
        cognito_identity='{"a": 1}',
        deadline_ms=1,
        remaining_time_ms=2,
    )
