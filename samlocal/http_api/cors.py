"""Cross-origin requests, as HTTP APIs and function URLs answer them by their configuration.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-cors
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.http_api.exchange import HttpRequest
    from samlocal.project.apis import Cors

_ANY: Final = "*"
CORS_HEADERS_PREFIX: Final = "access-control-"


class CorsPolicy:
    """What is allowed to pages of other origins.

    With `repeats_origin` the answer to an allowed request is its own origin also where the configuration has `*`, as
    function URLs do it. HTTP APIs then answer `*`.
    """

    def __init__(self, cors: Cors, *, repeats_origin: bool) -> None:
        self._allows_any = _ANY in cors.origins
        self._repeats_origin = repeats_origin or cors.allows_credentials
        self._origins = frozenset(each.lower() for each in cors.origins)
        # Such as `https://*`.
        self._prefixes = tuple(each[:-1].lower() for each in cors.origins if each.endswith("*"))
        credentials = "true" if cors.allows_credentials else ""
        age = "" if cors.max_age_seconds is None else str(cors.max_age_seconds)
        self._on_responses = _given(
            {
                "access-control-allow-credentials": credentials,
                "access-control-expose-headers": ",".join(cors.exposed_headers),
            }
        )
        self._on_preflights = _given(
            {
                "access-control-allow-credentials": credentials,
                "access-control-allow-methods": ",".join(cors.methods),
                "access-control-allow-headers": ",".join(cors.headers),
                "access-control-max-age": age,
            }
        )

    def response_headers(self, request: HttpRequest) -> list[tuple[str, str]]:
        """Return the headers for a response; none if the request has no origin, or one that is not allowed."""
        return self._headers(request, self._on_responses)

    def preflight_headers(self, request: HttpRequest) -> list[tuple[str, str]]:
        """Return the headers for the answer to a preflight."""
        return self._headers(request, self._on_preflights)

    def _headers(
        self, request: HttpRequest, others: tuple[tuple[str, str], ...]
    ) -> list[tuple[str, str]]:
        origin = request.header("origin")
        if not origin:
            return []
        if self._allows_any and not self._repeats_origin:
            return [("access-control-allow-origin", _ANY), *others]
        lower = origin.lower()
        if self._allows_any or lower in self._origins or lower.startswith(self._prefixes):
            return [("access-control-allow-origin", origin), *others, ("vary", "Origin")]
        return []


def _given(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in headers.items() if value)


def is_preflight(request: HttpRequest) -> bool:
    """Return whether a browser asks what a page may send."""
    return (
        request.method == "OPTIONS"
        and bool(request.header("origin"))
        and bool(request.header("access-control-request-method"))
    )
