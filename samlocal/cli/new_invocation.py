"""The invocation that `local invoke` makes of an event and a context."""

from __future__ import annotations

import os
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from samlocal.invocation import Invocation

if TYPE_CHECKING:
    from samlocal.context import ContextOverrides


def new_invocation(
    payload: bytes, arn: str, version: str, context: ContextOverrides | None
) -> Invocation:
    """Return an invocation with an id of its own; what `--context` says stands above all."""
    invocation = Invocation(
        request_id=str(uuid.uuid4()),
        payload=payload,
        function_arn=arn,
        trace_id=_trace_id(),
        version=version,
    )
    if context is None:
        return invocation
    return replace(
        invocation,
        request_id=context.request_id or invocation.request_id,
        function_arn=context.invoked_function_arn or arn,
        trace_id=context.trace_id or invocation.trace_id,
        client_context=context.client_context,
        cognito_identity=context.cognito_identity,
        deadline_ms=context.deadline_ms,
        remaining_time_ms=context.remaining_time_ms,
    )


def _trace_id() -> str:
    """Return an X-Ray trace header that says: not sampled.

    https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
    """
    root = f"1-{int(time.time()):08x}-{os.urandom(12).hex()}"
    return f"Root={root};Parent={os.urandom(8).hex()};Sampled=0"
