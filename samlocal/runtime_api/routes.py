"""Every route that a sandbox may call, and the dispatch to its handler."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from samlocal.runtime_api.responses import METHOD_NOT_ALLOWED, NOT_FOUND, PONG
from samlocal.runtime_api.runtime import RuntimeApi

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from samlocal.runtime_api.http_server import Request, Response


async def ping(_runtime: RuntimeApi, _request: Request) -> Response:
    return PONG


ROUTES: Final[tuple[tuple[str, str, Callable[..., Awaitable[Response]]], ...]] = (
    ("GET", "/2018-06-01/ping", ping),
    ("GET", "/2018-06-01/runtime/invocation/next", RuntimeApi.next_invocation),
    ("POST", "/2018-06-01/runtime/invocation/{id}/response", RuntimeApi.invocation_response),
    ("POST", "/2018-06-01/runtime/invocation/{id}/error", RuntimeApi.invocation_error),
    ("POST", "/2018-06-01/runtime/init/error", RuntimeApi.init_error),
)

_COMPILED: Final = tuple(
    (method, re.compile(path.replace("{id}", "([^/]+)")), handler)
    for method, path, handler in ROUTES
)


class Router:
    """Dispatches the calls of one sandbox."""

    def __init__(self, runtime: RuntimeApi) -> None:
        self._runtime = runtime

    async def __call__(self, request: Request) -> Response:
        path = request.path.partition("?")[0].rstrip("/")
        refusal = NOT_FOUND
        for method, pattern, handler in _COMPILED:
            if found := pattern.fullmatch(path):
                if request.method == method:
                    return await handler(self._runtime, request, *found.groups())
                refusal = METHOD_NOT_ALLOWED
        return refusal
