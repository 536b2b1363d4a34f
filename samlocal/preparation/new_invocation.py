"""Creates an invocation from an event and context overrides."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from samlocal.invocation import Invocation

if TYPE_CHECKING:
    from samlocal.context import ContextOverrides
    from samlocal.preparation.resolution import ResolvedFunction


def new_invocation(
    resolved: ResolvedFunction, payload: bytes, context: ContextOverrides | None = None
) -> Invocation:
    """Return an invocation with a new request ID; members of `context` override everything else.

    `function_version` has no effect: the environment has the version, see `FunctionOptions.version`.
    """
    invocation = Invocation(
        request_id=str(uuid.uuid4()),
        payload=payload,
        function_arn=resolved.arn,
        trace_id=_trace_id(),
        version=resolved.version,
    )
    if context is None:
        return invocation
    return replace(
        invocation,
        request_id=context.request_id or invocation.request_id,
        function_arn=context.invoked_function_arn or resolved.arn,
        trace_id=context.trace_id or invocation.trace_id,
        client_context=context.client_context,
        cognito_identity=context.cognito_identity,
        deadline_ms=context.deadline_ms,
        remaining_time_ms=context.remaining_time_ms,
    )


def _trace_id() -> str:
    """Return an X-Ray trace header for a request that is not sampled.

    https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
    """
    root = f"1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]}"
    return f"Root={root};Parent={uuid.uuid4().hex[:16]};Sampled=0"
