"""The responses of the API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from samlocal.lambda_api.api_error import LambdaApiError

Headers = list[tuple[bytes, bytes]]

_NO_CONTENT: Final = 204


class Response(NamedTuple):
    """A whole response; `headers` are those of the operation."""

    status: int
    body: bytes = b""
    headers: Headers | tuple[()] = ()
    content_type: str = "application/json"


def json_response(content: object) -> Response:
    return Response(200, json.dumps(content, ensure_ascii=False).encode())


def error_response(error: LambdaApiError) -> Response:
    """Return the response for an error: body, `x-amzn-errortype` and status as Lambda's."""
    error_type = error.error_type
    content = {**error.members, error_type.message_member: error.message}
    if error_type.fault:
        content["Type"] = error_type.fault
    headers = [(b"x-amzn-errortype", error_type.name.encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in error.headers.items()]
    return Response(error_type.status, json.dumps(content, sort_keys=True).encode(), headers)


def all_headers(response: Response, *, request_id: str, trace_header: str) -> Headers:
    """Return the headers of a response, with those that each one has."""
    return [
        (b"content-type", response.content_type.encode()),
        (b"x-amzn-requestid", request_id.encode()),
        (b"x-amzn-trace-id", trace_header.encode()),
        *response.headers,
    ]


def content_length(response: Response) -> Headers:
    """Return the header with the size of the body, which some responses do not have."""
    if response.status == _NO_CONTENT:
        return []
    return [(b"content-length", b"%d" % len(response.body))]
