"""What a function's result means to a function URL.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-response-payload
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from samlocal.http_api.exchange import HttpResponse
from samlocal.http_api.result_members import (
    HeaderList,
    WrongResultError,
    has_header,
    parse_json,
    read_body,
    read_cookies,
    read_headers,
    read_status,
)
from samlocal.http_prelude import PreludeError, PreludeSplitter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.http_api.function_back_end import FunctionResult

DEFAULT_STREAM_TYPE: Final = "application/octet-stream"
_JSON: Final = ("Content-Type", "application/json")


def read_result(result: FunctionResult) -> HttpResponse:
    """Return the response that the whole result of a function stands for.

    A result with `statusCode` is a response. Any other is the body, as JSON without spaces, or the text without
    quotes. What a streaming handler has written is the body, after its prelude.

    Raises:
        WrongResultError: It is not a response.
    """
    if result.mode == "streaming":
        return _read_streamed(result)
    value = parse_json(result.payload)
    if isinstance(value, dict) and "statusCode" in value:
        status, headers = read_head(value)
        return HttpResponse(status=status, headers=headers, body=read_body(value))
    if not isinstance(value, str):
        try:
            value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        except RecursionError as error:
            raise WrongResultError("the result has too many levels") from error
    return HttpResponse(status=200, headers=[_JSON], body=value.encode(errors="replace"))


def read_head(
    metadata: Mapping[str, object], content_type: str = _JSON[1]
) -> tuple[int, HeaderList]:
    """Return status and headers, with cookies and a default type, of a result or of a prelude.

    Raises:
        WrongResultError: They cannot be sent.
    """
    status = read_status(metadata.get("statusCode", 200))
    headers = read_headers(metadata.get("headers")) + read_cookies(metadata.get("cookies"))
    if not has_header(headers, "content-type"):
        headers.insert(0, ("Content-Type", content_type))
    return status, headers


def split_stream(content_type: str) -> tuple[PreludeSplitter, str]:
    """Return what splits a streamed response of a type, and the default type of its body."""
    splitter = PreludeSplitter(content_type)
    has_prelude = splitter.prelude is None  # which is to come
    return splitter, DEFAULT_STREAM_TYPE if has_prelude else content_type


def error_response(status: int, message: str, error_type: str | None = None) -> HttpResponse:
    """Return an error of Lambda itself; `error_type` is its name, such as `TooManyRequestsException`."""
    headers = [_JSON]
    if error_type is not None:
        headers.append(("x-amzn-ErrorType", error_type))
    body = json.dumps({"Message": message}, separators=(",", ":")).encode()
    return HttpResponse(status=status, headers=headers, body=body)


def failed_response() -> HttpResponse:
    """Return the answer where a function has failed, or its result is wrong."""
    return HttpResponse(status=502, headers=[_JSON], body=b"Internal Server Error")


def _read_streamed(result: FunctionResult) -> HttpResponse:
    splitter, content_type = split_stream(result.content_type)
    try:
        body = splitter.feed(result.payload)
        if result.payload:  # else its client has not written a prelude either
            splitter.end()
    except PreludeError as error:
        raise WrongResultError(str(error)) from error
    status, headers = read_head(splitter.prelude or {}, content_type)
    return HttpResponse(status=status, headers=headers, body=body)
