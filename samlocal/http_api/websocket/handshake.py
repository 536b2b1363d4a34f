"""Lets clients in: the authorizer and the function of `$connect`.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic
from samlocal.errors import SamlocalError
from samlocal.frozen_dataclass import frozen
from samlocal.http_api.api_keys import ApiKeys
from samlocal.http_api.authorization import Allowed, Refused, method_arn
from samlocal.http_api.exchange import HttpResponse
from samlocal.http_api.websocket.events import ConnectionFacts, EventRequest, connect_event
from samlocal.http_api.websocket.identifiers import new_identifier
from samlocal.http_api.websocket.integration_results import RouteFailure
from samlocal.http_api.websocket.refusals import error_response, refusal_of
from samlocal.http_api.websocket.route_selection import CONNECT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from samlocal.http_api.authorization import Authorizers, Event
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


class HandshakeCheck:
    """Decides which clients of one API may connect.

    `api_keys` are the values of API keys by their ids or names.
    """

    def __init__(
        self,
        api: Api,
        functions: Functions,
        authorizers: Authorizers,
        integrations: Integrations,
        api_keys: Mapping[str, str],
        report: Callable[[Diagnostic], None],
    ) -> None:
        self._api = api
        self._keys = ApiKeys(api, api_keys, report=report)
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
        from_authorizer = None
        if route.authorizer is not None:
            event = connect_event(facts, event_request, request)
            checked = await self._authorize(route, request, event)
            if isinstance(checked, Refused):
                return self.refuse(checked, route, request)
            facts = replace(facts, authorizer=checked.context)
            from_authorizer = checked.api_key
        if route.needs_api_key:
            key = self._keys.choose(request, from_authorizer)
            if (refused := self._keys.check(key, route, now())) is not None:
                return self.refuse(refused, route, request)
            facts = replace(facts, api_key=(key, self._keys.id_of(key)) if key else None)
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
        self, route: Route, request: HttpRequest, event: Event
    ) -> Allowed | Refused:
        try:
            owner = await self._functions.region_and_account()
        except SamlocalError as error:
            return Refused(kind="AUTHORIZER_FAILURE", reason=error.message)
        arn = method_arn(self._api, CONNECT, owner)
        return await self._authorizers.check(self._api, route, request, event, arn)

    def refuse(self, refused: Refused, route: Route, request: HttpRequest) -> HttpResponse:
        """Return the response for a client that is not let in, and say why on the terminal."""
        if refused.reason is not None:
            message = f"route `{route.path}`: {refused.reason}"
            self._report(Diagnostic(message=message, place=refused.place or route.place))
        return refusal_of(refused, request.request_id)


def _facts(api: Api, request: HttpRequest) -> ConnectionFacts:
    return ConnectionFacts(
        connection_id=new_identifier(),
        connected_ms=int(request.received * 1000),
        # With its port: others on this machine reach `@connections` at it, functions at the host that they get instead.
        domain_name=request.host,
        api_id=api.identifier,
        stage=api.stage,
        source_ip=request.source_ip,
        user_agent=request.header("user-agent"),
        variables=api.variables,
    )
