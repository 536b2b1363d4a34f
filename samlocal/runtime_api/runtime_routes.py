"""The routes of the Runtime API, of either kind.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from samlocal.runtime_api.dispatch import Routes
from samlocal.runtime_api.responses import PONG

if TYPE_CHECKING:
    import asyncio

    from samlocal.invocation import Invocation
    from samlocal.runtime_api.delivery import Delivery
    from samlocal.runtime_api.exchange import Exchange, Initialised
    from samlocal.runtime_api.http_messages import Request, Response
    from samlocal.runtime_api.state import RuntimeState


class Runtime(Protocol):
    """The calls of a runtime, which has one invocation at a time or several."""

    initialised: asyncio.Future[Initialised]

    @property
    def is_waiting(self) -> bool: ...

    def move(self, wanted: RuntimeState) -> None: ...

    def deliver(
        self, invocation: Invocation, *, deadline_ms: int, response: Delivery | None = None
    ) -> Exchange: ...

    async def handle(self, request: Request) -> Response: ...

    async def next_invocation(self, request: Request, /) -> Response: ...

    async def invocation_response(self, request: Request, request_id: str, /) -> Response: ...

    async def invocation_error(self, request: Request, request_id: str, /) -> Response: ...

    async def init_error(self, request: Request, /) -> Response: ...


def runtime_routes(api: type[Runtime]) -> Routes[Runtime]:
    return Routes(
        ("GET", "/2018-06-01/ping", _ping),
        ("GET", "/2018-06-01/runtime/invocation/next", api.next_invocation),
        ("POST", "/2018-06-01/runtime/invocation/{id}/response", api.invocation_response),
        ("POST", "/2018-06-01/runtime/invocation/{id}/error", api.invocation_error),
        ("POST", "/2018-06-01/runtime/init/error", api.init_error),
    )


async def _ping(_runtime: Runtime, _request: Request) -> Response:
    return PONG
