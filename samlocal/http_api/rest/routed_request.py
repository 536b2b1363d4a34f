"""A request to a REST API and the method that it has reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from samlocal.http_api.authorization import Event
    from samlocal.http_api.exchange import HttpRequest, HttpResponse, ResponseWriter
    from samlocal.project.apis import Api, Route


@frozen
class RoutedRequest:
    """A request that may go on, its method, and its whole event."""

    api: Api
    route: Route
    request: HttpRequest
    event: Event


class BackEnd(Protocol):
    """What a method's integration calls."""

    async def answer(self, routed: RoutedRequest, writer: ResponseWriter) -> HttpResponse | None:
        """Return the whole response; None if it was sent with the writer.

        Raises:
            GatewayError: The gateway answers instead.
        """
