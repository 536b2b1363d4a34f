"""The body of a request that is small: a JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.invocation import MAX_PAYLOAD_BYTES
from samlocal.runtime_api.dispatch import RefusalError
from samlocal.runtime_api.http_messages import TruncatedRequestError
from samlocal.runtime_api.responses import REQUEST_ENTITY_TOO_LARGE, TRUNCATED_REQUEST

if TYPE_CHECKING:
    from samlocal.runtime_api.http_messages import Request


async def read_body(request: Request) -> bytes:
    """Return the whole body.

    Raises:
        RefusalError: It is larger than any payload, or its client disconnected.
    """
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_PAYLOAD_BYTES:
                raise RefusalError(REQUEST_ENTITY_TOO_LARGE)
    except TruncatedRequestError:
        raise RefusalError(TRUNCATED_REQUEST) from None
    return bytes(body)
