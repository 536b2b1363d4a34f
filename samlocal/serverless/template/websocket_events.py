"""Events `websocket` as resources: routes of a WebSocket API.

https://www.serverless.com/framework/docs/providers/aws/events/websocket
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.errors import ProjectError, TemplateError
from samlocal.serverless.template.event_resources import list_of, setting, text_of, uri_of
from samlocal.serverless.template.logical_ids import WEBSOCKET_API, function_part, route_part

if TYPE_CHECKING:
    from samlocal.documents.node import Node
    from samlocal.serverless.template.event_resources import EventResources, FunctionEvent

_KIND: Final = "websocket"
_V2: Final = "AWS::ApiGatewayV2::"
_SELECTION: Final = "$request.body.action"
_SOURCE: Final = "route.request.header.Auth"


def compile_websocket_events(made: EventResources) -> None:
    """Add the WebSocket API of a service with its routes, if a function has such an event."""
    events = list(made.events(_KIND))
    api = made.own_api(WEBSOCKET_API, "apiGateway", "websocketApiId")
    for event in events:
        try:
            _add_route(made, event, api)
        except ProjectError as error:
            _close_route(made, api, made.fail(event, _KIND, error), event)
    if events:
        for unknown in made.lost():
            _close_route(made, api, unknown)
    if not events or api != {"Ref": WEBSOCKET_API}:
        return
    service, at = made.service, events[0].settings
    provider = {
        name: service.value("provider", name)
        for name in ("websocketsApiName", "websocketsApiRouteSelectionExpression")
    }
    made.add(
        WEBSOCKET_API,
        f"{_V2}Api",
        at,
        {
            "Name": provider["websocketsApiName"] or f"{service.stage}-{service.name}-websockets",
            "ProtocolType": "WEBSOCKET",
            "RouteSelectionExpression": provider["websocketsApiRouteSelectionExpression"]
            or _SELECTION,
        },
    )
    made.add(
        "WebsocketsDeploymentStage",
        f"{_V2}Stage",
        at,
        {"ApiId": api, "StageName": service.stage},
    )


def _add_route(made: EventResources, event: FunctionEvent, api: dict[str, str]) -> None:
    at = event.settings
    route = at.optional_text() or text_of(at, "route")
    if route is None:
        raise TemplateError("the event needs a `route`", place=at.place)
    integration = f"{function_part(event.key)}WebsocketsIntegration"
    logical_id = f"{route_part(route)}WebsocketsRoute"
    properties: dict[str, object] = {
        "ApiId": api,
        "RouteKey": route,
        "Target": {"Fn::Join": ["/", ["integrations", {"Ref": integration}]]},
    }
    if authorizer := setting(at, "authorizer"):
        properties |= {
            "AuthorizationType": "CUSTOM",
            "AuthorizerId": {"Ref": _add_authorizer(made, authorizer, api)},
        }
    made.add(logical_id, f"{_V2}Route", at, properties)
    if setting(at, "routeResponseSelectionExpression"):
        made.add(
            f"{logical_id}Response",
            f"{_V2}RouteResponse",
            at,
            {"ApiId": api, "RouteId": {"Ref": logical_id}, "RouteResponseKey": "$default"},
        )
    made.add(
        integration,
        f"{_V2}Integration",
        at,
        {
            "ApiId": api,
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": uri_of(made.target(event.key)),
        },
    )


def _close_route(
    made: EventResources,
    api: dict[str, str],
    unknown: Node,
    event: FunctionEvent | None = None,
) -> None:
    """Add a route that refuses the messages, or the clients, of an event with an error."""
    settings = event.settings if event else None
    key = (settings.optional_text() or text_of(settings, "route")) if settings else None
    properties = {"ApiId": api, "RouteKey": key or unknown, "AuthorizationType": unknown}
    made.add(made.closed_id(event.key if event else ""), f"{_V2}Route", unknown, properties)


def _add_authorizer(made: EventResources, authorizer: Node, api: dict[str, str]) -> str:
    """Add an authorizer, which is a function of the service or an ARN, and return its logical id."""
    text = authorizer.optional_text()
    arn = setting(authorizer, "arn")
    if text is not None and ":" in text:
        arn = authorizer
    name = text or text_of(authorizer, "name") or (arn.optional_text() if arn else None) or ""
    name = name.rpartition(":")[2] or "Websockets"
    target = arn or made.target_of_name(name, authorizer)
    logical_id = f"{function_part(name)}WebsocketsAuthorizer"
    made.add(
        logical_id,
        f"{_V2}Authorizer",
        authorizer,
        {
            "ApiId": api,
            "Name": name,
            "AuthorizerType": "REQUEST",
            "AuthorizerUri": uri_of(target),
            "IdentitySource": list_of(authorizer, "identitySource") or [_SOURCE],
        },
    )
    return logical_id
