"""The headers of a request as REST and WebSocket APIs pass them on to a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.trace_header import read_trace_header

if TYPE_CHECKING:
    from samlocal.http_api.exchange import Headers, HttpRequest

# What never reaches an integration, as recorded on AWS with each header of
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html:
# https://github.com/localstack/localstack/blob/main/tests/aws/services/apigateway/test_apigateway_integrations.snapshot.json
DROPPED_HEADERS: Final = frozenset(
    {
        "connection",
        "content-length",
        "content-md5",
        "expect",
        "max-forwards",
        "proxy-authenticate",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "www-authenticate",
    }
)
# Written anew by API Gateway.
_OWN: Final = frozenset(
    {"host", "x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"}
)
# Names that arrive so, however the client writes them; others keep the client's case.
_CAPITALIZED: Final = {"authorization": "Authorization", "user-agent": "User-Agent"}
_SIGNATURE: Final = "AWS4-HMAC-SHA256"


def forwarded_headers(request: HttpRequest) -> Headers:
    """Return the headers that a function gets, in the client's order, and then those that API Gateway adds.

    `Authorization` with a signature of AWS is not among them.
    """
    kept: list[tuple[str, str]] = [("Host", request.host)]
    for name, value in request.headers:
        lower = name.lower()
        if lower in DROPPED_HEADERS or lower in _OWN:
            continue
        if lower == "authorization" and value.startswith(_SIGNATURE):
            continue
        kept.append((_CAPITALIZED.get(lower, name), value))
    addresses = [*request.all_values("x-forwarded-for"), request.source_ip]
    kept += (
        ("X-Amzn-Trace-Id", _trace_header(request)),
        ("X-Forwarded-For", ", ".join(addresses)),
        ("X-Forwarded-Port", str(request.port)),
        ("X-Forwarded-Proto", request.scheme),
    )
    return tuple(kept)


def _trace_header(request: HttpRequest) -> str:
    """Return the client's own header, completed, or the root of a new trace."""
    if request.header("x-amzn-trace-id"):
        return request.trace_header
    return f"Root={read_trace_header(request.trace_header)['Root']}"
