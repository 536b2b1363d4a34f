"""Every API that a sandbox may call, by the path it begins with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from samlocal.runtime_api.responses import NO_LAMBDA_ENDPOINT, NOT_FOUND

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from samlocal.runtime_api.apis import SandboxApis
    from samlocal.runtime_api.http_messages import Request, Response


async def call_runtime_api(apis: SandboxApis, request: Request) -> Response:
    return await apis.runtime.handle(request)


async def call_extensions_api(apis: SandboxApis, request: Request) -> Response:
    return await apis.extensions.handle(request)


async def call_telemetry_api(apis: SandboxApis, request: Request) -> Response:
    return await apis.telemetry.handle(request)


async def call_restore_api(apis: SandboxApis, request: Request) -> Response:
    return await apis.restore.handle(request)


async def call_metadata_api(apis: SandboxApis, request: Request) -> Response:
    return await apis.metadata.handle(request)


async def call_credentials_api(apis: SandboxApis, request: Request) -> Response:
    return await apis.credentials.handle(request)


# The first prefix that fits decides.
_APIS: Final[tuple[tuple[str, Callable[[SandboxApis, Request], Awaitable[Response]]], ...]] = (
    ("/2018-06-01/runtime/restore/", call_restore_api),
    ("/2018-06-01/", call_runtime_api),
    ("/2020-01-01/extension/", call_extensions_api),
    ("/2022-07-01/telemetry", call_telemetry_api),
    ("/2020-08-15/logs", call_telemetry_api),
    ("/2026-01-15/", call_metadata_api),
    ("/2021-04-23/", call_credentials_api),
)
_PREFIXES: Final = tuple(prefix for prefix, _ in _APIS)
# Operations begin with the date of their version, such as `/2015-03-31/functions/Ratings/invocations`.
_DATE: Final = re.compile(r"/20\d\d-\d\d-\d\d/")
# With the stage or without; some clients encode the `@`, and a URL of the API may end with `/`.
_CONNECTIONS: Final = re.compile(r"/+(?:[^/?]+/+)?(?:@|%40)connections/")


def is_lambda_api(path: str) -> bool:
    """Return whether a path is one of Lambda's API, and of none that a sandbox has.

    https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html
    """
    return not path.startswith(_PREFIXES) and bool(_DATE.match(path))


def is_endpoint_path(path: str) -> bool:
    """Return whether a path is one of Lambda's API, or of the API with which functions reach clients of WebSocket APIs.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
    """
    if path.startswith(_PREFIXES):  # nearly all requests are
        return False
    return bool(_DATE.match(path) or _CONNECTIONS.match(path))


class Router:
    """Dispatches the calls of a sandbox to its APIs.

    `current` returns the APIs of the processes that are running: they change when the processes are started
    again, while the server and the router stay.
    """

    def __init__(self, current: Callable[[], SandboxApis]) -> None:
        self._current = current

    async def __call__(self, request: Request) -> Response:
        for prefix, call in _APIS:
            if request.path.startswith(prefix):
                return await call(self._current(), request)
        return NO_LAMBDA_ENDPOINT if is_lambda_api(request.path) else NOT_FOUND
