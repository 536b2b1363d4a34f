"""What a function's result means to an HTTP API.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html#http-api-develop-integrations-lambda.response
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from samlocal.http_api.exchange import HttpResponse
from samlocal.http_api.result_members import (
    WrongResultError,
    has_header,
    parse_json,
    read_body,
    read_cookies,
    read_headers,
    read_multi_value_headers,
    read_status,
)

if TYPE_CHECKING:
    from samlocal.project.apis import PayloadVersion

# Of responses that have a status, but no content type.
_DEFAULT_TYPE: Final = ("content-type", "text/plain; charset=utf-8")
_JSON: Final = ("content-type", "application/json")


def read_result(payload: bytes, version: PayloadVersion) -> HttpResponse:
    """Return the response that a result stands for.

    In format 2.0, a result without `statusCode` is itself the body of a response with status 200.

    Raises:
        WrongResultError: It is not a response.
    """
    result = parse_json(payload)
    if isinstance(result, dict) and "statusCode" in result:
        status = read_status(result["statusCode"])
        headers = read_headers(result.get("headers"))
        if version == "1.0":
            several = read_multi_value_headers(result.get("multiValueHeaders"))
            headers = several + [each for each in headers if each not in several]
        else:
            headers += read_cookies(result.get("cookies"))
        body = read_body(result)
        if not has_header(headers, "content-type"):
            headers.append(_DEFAULT_TYPE)
        return HttpResponse(status=status, headers=headers, body=body)
    if version == "1.0":
        raise WrongResultError("`statusCode` is missing; payload format 1.0 needs it")
    body = result.encode(errors="replace") if isinstance(result, str) else payload
    return HttpResponse(status=200, headers=[_JSON], body=body)


def error_response(status: int, message: str) -> HttpResponse:
    """Return an error of the service itself."""
    body = json.dumps({"message": message}, separators=(",", ":")).encode()
    return HttpResponse(status=status, headers=[_JSON], body=body)
