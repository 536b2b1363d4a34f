"""What a function's result means to a load balancer, and the load balancer's own pages.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html#respond-to-load-balancer
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

from samlocal.http_api.exchange import HttpResponse
from samlocal.http_api.result_members import (
    WrongResultError,
    has_header,
    parse_json,
    read_body,
    read_headers,
    read_multi_value_headers,
    read_status,
)

MAX_RESULT_BYTES: Final = 1024 * 1024

# https://www.rfc-editor.org/rfc/rfc9112#name-status-line
_DESCRIPTION: Final = re.compile("[\\t\x20-\x7e\xa1-\xff]*")
_STATUS: Final = re.compile(r"\A\s*[0-9]{3}\b")

_PHRASES: Final = {503: "Service Temporarily Unavailable"}


def read_result(payload: bytes, *, multi_value_headers: bool) -> HttpResponse:
    """Return the response that a result stands for; its headers are the member that belongs to the setting.

    Raises:
        WrongResultError: It is not a response, or larger than 1 MiB.
    """
    if len(payload) > MAX_RESULT_BYTES:
        raise WrongResultError(f"the result has {len(payload)} bytes, more than 1 MiB")
    result = parse_json(payload)
    if not isinstance(result, dict):
        raise WrongResultError("the result is not an object with `statusCode`")
    if "statusCode" not in result:
        raise WrongResultError("`statusCode` is missing")
    status = read_status(result["statusCode"])
    reason = _read_reason(result.get("statusDescription"))
    if multi_value_headers:
        headers = read_multi_value_headers(result.get("multiValueHeaders"))
    else:
        headers = read_headers(result.get("headers"))
    if not has_header(headers, "content-type"):
        headers.append(("Content-Type", "application/octet-stream"))
    return HttpResponse(status=status, headers=headers, body=read_body(result), reason=reason)


def _read_reason(description: object) -> str | None:
    """Return the reason phrase of a description such as `200 OK`; None if there is none."""
    if description is None:
        return None
    if not isinstance(description, str):
        raise WrongResultError("`statusDescription` is not text")
    if not _DESCRIPTION.fullmatch(description):
        raise WrongResultError("`statusDescription` has characters that a status line cannot have")
    return _STATUS.sub("", description).strip()


def error_page(status: int) -> HttpResponse:
    """Return a page of the load balancer itself, for an error or a redirect."""
    title = f"{status} {_PHRASES.get(status) or HTTPStatus(status).phrase}"
    page = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
    return HttpResponse(status=status, headers=[("Content-Type", "text/html")], body=page.encode())
