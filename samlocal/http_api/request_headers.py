"""Headers of a request as a function in AWS gets them: in lower case, with those that the service adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.trace_header import read_trace_header

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.http_api.exchange import HttpRequest

# For REST and HTTP APIs: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
MAX_HEADER_BYTES: Final = 10_240
# Of one connection only: https://www.rfc-editor.org/rfc/rfc9110.html#section-7.6.1
CONNECTION_HEADERS: Final = frozenset(
    {
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


def has_too_large_headers(request: HttpRequest) -> bool:
    """Return whether the names and values of a request's headers have more bytes than API Gateway takes."""
    return sum(len(name) + len(value) for name, value in request.headers) > MAX_HEADER_BYTES


def collect_headers(
    request: HttpRequest, *, keeps_forwarded: bool, needs_length: bool = False
) -> dict[str, list[str]]:
    """Return all values of each header by its name in lower case.

    With `keeps_forwarded` the client's address is added to an `X-Forwarded-For` of the client's own, else it replaces
    that. `Content-Length` is that of the body, which may have come in chunks; with `needs_length` also where there is
    no body.
    """
    found: dict[str, list[str]] = {}
    for name, value in request.headers:
        lower = name.lower()
        if lower in found:
            found[lower].append(value)
        elif lower not in CONNECTION_HEADERS:
            found[lower] = [value]
    clients = found.get("x-forwarded-for", []) if keeps_forwarded else []
    found["x-forwarded-for"] = [", ".join([*clients, request.source_ip])]
    found["x-forwarded-port"] = [str(request.port)]
    found["x-forwarded-proto"] = [request.scheme]
    if "x-amzn-trace-id" not in found:
        root = read_trace_header(request.trace_header).get("Root", "")
        found["x-amzn-trace-id"] = [f"Root={root}"]
    if request.body or needs_length:
        found["content-length"] = [str(len(request.body))]
    return found


def join_values(headers: Mapping[str, list[str]]) -> dict[str, str]:
    """Return the headers with several values of one joined by commas."""
    return {name: ",".join(values) for name, values in headers.items()}
