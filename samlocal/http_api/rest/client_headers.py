"""The headers of a response as a client of a REST API gets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.http_api.payload_1 import extended_request_id
from samlocal.trace_header import read_trace_header

if TYPE_CHECKING:
    from collections.abc import Iterable

    from samlocal.http_api.exchange import HttpRequest
    from samlocal.http_api.result_members import HeaderList

_REMAPPED_PREFIX: Final = "x-amzn-Remapped-"
# Recorded on AWS for integrations of functions and of HTTP:
# https://github.com/localstack/localstack/blob/main/tests/aws/services/apigateway/test_apigateway_integrations.snapshot.json
_REMAPPED: Final = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "content-md5",
        "date",
        "expect",
        "host",
        "max-forwards",
        "proxy-authenticate",
        "server",
        "trailer",
        "upgrade",
        "user-agent",
        "www-authenticate",
        "x-amzn-requestid",
    }
)
_DROPPED: Final = frozenset({"transfer-encoding", "x-amz-apigw-id"})


def remap(headers: Iterable[tuple[str, str]]) -> HeaderList:
    """Return the headers of an integration under the names that a client gets, without those that are dropped."""
    return [
        (f"{_REMAPPED_PREFIX}{name}" if name.lower() in _REMAPPED else name, value)
        for name, value in headers
        if name.lower() not in _DROPPED
    ]


def own_headers(request: HttpRequest, *, with_trace: bool) -> HeaderList:
    """Return the headers that API Gateway adds; errors, mocks and HTTP proxies do not have the trace."""
    headers = [
        ("x-amzn-RequestId", request.request_id),
        ("x-amz-apigw-id", extended_request_id(request.request_id)),
    ]
    if with_trace:
        fields = read_trace_header(request.trace_header)
        header = f"Root={fields['Root']};Sampled={fields.get('Sampled', '0')}"
        headers.append(("X-Amzn-Trace-Id", header))
    return headers


def replace_headers(headers: HeaderList, replacements: Iterable[tuple[str, str]]) -> HeaderList:
    """Return headers with others, which replace those of the same name."""
    added = list(replacements)
    names = {name.lower() for name, _ in added}
    return [pair for pair in headers if pair[0].lower() not in names] + added
