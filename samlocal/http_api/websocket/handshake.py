"""Lets clients in: the authorizer and the function of `$connect`.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.aws_account import resource_arn
from samlocal.diagnostics import Diagnostic
from samlocal.errors import SamlocalError
from samlocal.frozen_dataclass import frozen
from samlocal.http_api.authorization import Refused
from samlocal.http_api.exchange import HttpResponse
from samlocal.http_api.forwarded_headers import host_of
from samlocal.http_api.websocket.events import ConnectionFacts, EventRequest, connect_event
from samlocal.http_api.websocket.identifiers import new_identifier
from samlocal.http_api.websocket.integration_results import RouteFailure
from samlocal.http_api.websocket.refusals import error_response, refusal_of
from samlocal.http_api.websocket.route_selection import CONNECT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from samlocal.http_api.authorization import Authorizers
    from samlocal.http_api.exchange import HttpRequest
    from samlocal.http_api.functions import Functions
    from samlocal.http_api.websocket.integrations import Integrations
    from samlocal.project.apis import Api, Route

_SUBPROTOCOL: Final = "sec-websocket-protocol"
_ERROR_TYPES: Final[Mapping[int, str]] = {
    500: "InternalServerErrorException",
    502: "InternalServerErrorException",
    504: "InternalServerErrorException",
}
_MESSAGES: Final[Mapping[int, str]] = {504: "Endpoint request timed out"}


@frozen
class Admitted:
    """A client that may connect, with the subprotocol that the function of `$connect` chose."""

    facts: ConnectionFacts
    subprotocol: str | None = None


class Doorkeeper:
    """Decides about handshakes of one API."""

    def __init__(
        self,
        api: Api,
        functions: Functions,
        authorizers: Authorizers,
        integrations: Integrations,
        report: Callable[[Diagnostic], None],
    ) -> None:
        self._api = api
        self._functions = functions
        self._authorizers = authorizers
        self._integrations = integrations
        self._report = report

    async def check(
        self, request: HttpRequest, route: Route | None, now: Callable[[], float]
    ) -> Admitted | HttpResponse:
        """Return the client's connection, or the response that refuses it. Without a `$connect` route all may in."""
        facts = _facts(self._api, request)
        if route is None:
            return Admitted(facts=facts)
        event_request = EventRequest(
            route_key=CONNECT, request_id=new_identifier(), time_ms=int(now() * 1000)
        )
        if route.authorizer is not None:
            event = connect_event(facts, event_request, request)
            allowed = await self._authorize(route, request, event)
            if isinstance(allowed, HttpResponse):
                return allowed
            facts = replace(facts, authorizer=allowed)
        event = connect_event(facts, event_request, request)
        result = await self._integrations.run(route, event, request)
        if isinstance(result, RouteFailure):
            content = {"message": _MESSAGES.get(result.status, "Internal server error")}
            error_type = _ERROR_TYPES[result.status]
            return error_response(result.status, error_type, content, request.request_id)
        if not result.is_success:
            headers = [("x-amzn-RequestId", request.request_id)]
            body = result.body.encode() if route.answers else b""
            return HttpResponse(status=result.status, headers=headers, body=body)
        return Admitted(facts=facts, subprotocol=result.headers.get(_SUBPROTOCOL))

    async def _authorize(
        self, route: Route, request: HttpRequest, event: dict[str, object]
    ) -> Mapping[str, object] | HttpResponse | None:
        """Return the context that the authorizer gives, or the response that refuses the client."""
        try:
            region, account = await self._functions.region_and_account()
        except SamlocalError as error:
            self._report(Diagnostic(message=error.message, place=error.place, hint=error.hint))
            failed = Refused(kind="AUTHORIZER_FAILURE")
            return refusal_of(failed, request.request_id)
        resource = f"{self._api.identifier}/{self._api.stage}/{CONNECT}"
        arn = resource_arn("execute-api", resource, region=region, account_id=account)
        checked = await self._authorizers.check(self._api, route, request, event, arn)
        if isinstance(checked, Refused):
            if checked.reason is not None:
                self._report(Diagnostic(message=checked.reason, place=route.place))
            return refusal_of(checked, request.request_id)
        return checked.context


def _facts(api: Api, request: HttpRequest) -> ConnectionFacts:
    return ConnectionFacts(
        connection_id=new_identifier(),
        connected_ms=int(request.received * 1000),
        # With its port, so that functions reach `@connections` at it.
        domain_name=host_of(request),
        api_id=api.identifier,
        stage=api.stage,
        source_ip=request.source_ip,
        user_agent=request.header("user-agent"),
        variables=api.variables,
    )
