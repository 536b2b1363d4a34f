"""Creates an invocation from an event and context overrides."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from samlocal.invocation import Invocation
from samlocal.trace_header import new_trace_header

if TYPE_CHECKING:
    from samlocal.context import ContextOverrides
    from samlocal.preparation.resolution import ResolvedFunction


def new_invocation(
    resolved: ResolvedFunction,
    payload: bytes,
    context: ContextOverrides | None = None,
    *,
    tenant_id: str | None = None,
) -> Invocation:
    """Return an invocation with a new request ID; members of `context` override everything else.

    `function_version` has no effect: the environment has the version, see `FunctionOptions.version`.

    Raises:
        UsageError: The tenant ID is malformed.
        InvalidParameterValueError: A tenant ID is missing, or the function takes none.
    """
    if tenant_id is not None or resolved.function.tenancy:
        from samlocal.tenancy import check_tenant

        check_tenant(resolved.function, tenant_id)
    invocation = Invocation(
        request_id=str(uuid.uuid4()),
        payload=payload,
        function_arn=resolved.arn,
        trace_id=new_trace_header(),
        version=resolved.version,
        tenant_id=tenant_id,
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
