"""Events `httpApi` as resources: routes of an HTTP API.

https://www.serverless.com/framework/docs/providers/aws/events/http-api
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from samlocal.errors import ProjectError, TemplateError
from samlocal.serverless.template.event_resources import (
    CORS_HEADERS,
    list_of,
    setting,
    text_of,
    uri_of,
)
from samlocal.serverless.template.logical_ids import HTTP_API, function_part, path_part

if TYPE_CHECKING:
    from samlocal.documents.node import Node
    from samlocal.serverless.template.event_resources import EventResources, FunctionEvent

_KIND: Final = "httpApi"
_V2: Final = "AWS::ApiGatewayV2::"
_METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_ROUTE: Final = re.compile(r"(?P<method>[A-Za-z]+|\*) (?P<path>/\S*)")
_TIMEOUT_MS: Final = 30_000


def compile_http_api_events(made: EventResources) -> None:
    """Add the HTTP API of a service with its routes, if a function has such an event."""
    events = list(made.events(_KIND))
    if not events:
        return
    compiler = _Compiler(made)
    for event in events:
        try:
            compiler.add_route(event)
        except ProjectError as error:
            compiler.close_route(made.fail(event, _KIND, error), event)
    for unknown in made.lost():
        compiler.close_route(unknown)
    compiler.add_api(events[0].settings)


class _Compiler:
    def __init__(self, made: EventResources) -> None:
        self._made = made
        self._settings = made.service.value("provider", "httpApi")
        self._api = made.own_api(HTTP_API, "httpApi", "id")
        self._methods = {"OPTIONS"}  # of the routes

    def add_api(self, at: Node) -> None:
        """Add the API, whose CORS configuration has the methods of its routes."""
        made, settings = self._made, self._settings
        if self._api != {"Ref": HTTP_API}:
            return
        service = made.service
        name = text_of(settings, "name") or f"{service.stage}-{service.name}"
        cors = setting(settings, "cors")
        properties = {
            "Name": name,
            "ProtocolType": "HTTP",
            "CorsConfiguration": self._cors(cors) if cors else None,
        }
        made.add(HTTP_API, f"{_V2}Api", at, properties)
        made.add("HttpApiStage", f"{_V2}Stage", at, {"ApiId": self._api, "StageName": "$default"})

    def _cors(self, cors: Node) -> dict[str, object]:
        chosen: dict[str, object | None] = {
            "AllowOrigins": list_of(cors, "allowedOrigins") or ["*"],
            "AllowHeaders": list_of(cors, "allowedHeaders") or CORS_HEADERS,
            "AllowMethods": list_of(cors, "allowedMethods") or sorted(self._methods),
            "ExposeHeaders": list_of(cors, "exposedResponseHeaders"),
            "AllowCredentials": setting(cors, "allowCredentials"),
            "MaxAge": cors.get("maxAge"),
        }
        return {name: value for name, value in chosen.items() if value is not None}

    def add_route(self, event: FunctionEvent) -> None:
        """Add the route of an event, its integration and its authorizer.

        Raises:
            ProjectError: A setting has an error.
        """
        key = _route_key(event.settings)
        method = key.partition(" ")[0] if " " in key else "ANY"
        self._methods |= set(_METHODS) if method == "ANY" else {method}
        integration = f"HttpApiIntegration{function_part(event.key)}"
        self._made.add(
            f"HttpApiRoute{path_part(key) if ' ' in key else 'Default'}",
            f"{_V2}Route",
            event.settings,
            {
                "ApiId": self._api,
                "RouteKey": key,
                "Target": {"Fn::Join": ["/", ["integrations", {"Ref": integration}]]},
                **self._authorization(event),
            },
        )
        if integration not in self._made.resources:
            own = self._made.service.functions.value(event.key, "httpApi")
            payload = setting(own, "payload") or setting(self._settings, "payload") or "2.0"
            self._made.add(
                integration,
                f"{_V2}Integration",
                event.settings,
                {
                    "ApiId": self._api,
                    "IntegrationType": "AWS_PROXY",
                    "IntegrationUri": self._made.target(event.key),
                    "PayloadFormatVersion": payload,
                    "TimeoutInMillis": _TIMEOUT_MS,
                },
            )

    def close_route(self, unknown: Node, event: FunctionEvent | None = None) -> None:
        """Add a route that refuses the requests of an event with an error."""
        key: object = unknown
        if event is not None:
            try:
                key = _route_key(event.settings)
            except ProjectError:
                key = unknown
        logical_id = self._made.closed_id(event.key if event else "")
        properties = {"ApiId": self._api, "RouteKey": key, "AuthorizationType": unknown}
        self._made.add(logical_id, f"{_V2}Route", unknown, properties)

    def _authorization(self, event: FunctionEvent) -> dict[str, object]:
        authorizer = setting(event.settings, "authorizer")
        if authorizer is None:
            return {}
        kind = text_of(authorizer, "type") or "jwt"
        if kind == "aws_iam":
            return {"AuthorizationType": "AWS_IAM"}
        scopes = list_of(authorizer, "scopes")
        chosen = {"AuthorizationScopes": scopes} if scopes else {}
        if identifier := setting(authorizer, "id"):
            external = "CUSTOM" if kind == "request" else "JWT"
            return {"AuthorizationType": external, "AuthorizerId": identifier, **chosen}
        name = authorizer.optional_text() or text_of(authorizer, "name")
        if name is None:
            raise TemplateError("`authorizer` needs a `name`", place=authorizer.place)
        logical_id, authorization = self._add_authorizer(name, authorizer)
        return {"AuthorizationType": authorization, "AuthorizerId": {"Ref": logical_id}, **chosen}

    def _add_authorizer(self, name: str, at: Node) -> tuple[str, str]:
        """Add one of the provider's authorizers, and return its logical id and the type of authorization."""
        settings = setting(self._settings, "authorizers", name)
        if settings is None:
            raise TemplateError(f"`provider.httpApi.authorizers` has no `{name}`", place=at.place)
        own_name = text_of(settings, "name") or name
        logical_id = f"HttpApiAuthorizer{function_part(own_name)}"
        properties: dict[str, object] = {
            "ApiId": self._api,
            "Name": own_name,
            "IdentitySource": list_of(settings, "identitySource"),
        }
        is_function = text_of(settings, "type") == "request"
        if is_function:
            function = text_of(settings, "functionName")
            arn = setting(settings, "functionArn")
            target = self._made.target_of_name(function, settings) if function else arn
            properties |= {
                "AuthorizerType": "REQUEST",
                "AuthorizerUri": uri_of(target) if target else None,
                "AuthorizerPayloadFormatVersion": setting(settings, "payloadVersion") or "2.0",
                "EnableSimpleResponses": setting(settings, "enableSimpleResponses"),
                "AuthorizerResultTtlInSeconds": settings.get("resultTtlInSeconds"),
            }
        else:
            properties |= {
                "AuthorizerType": "JWT",
                "JwtConfiguration": {
                    "Issuer": setting(settings, "issuerUrl"),
                    "Audience": list_of(settings, "audience") or [],
                },
            }
        self._made.add(logical_id, f"{_V2}Authorizer", settings, properties)
        return logical_id, "CUSTOM" if is_function else "JWT"


def _route_key(settings: Node) -> str:
    """Return the key of a route: `GET /items`, or `$default` for `*`.

    Raises:
        TemplateError: The event has none.
    """
    text = settings.optional_text()
    if text is None:
        path = text_of(settings, "path") or ""
        text = path if path == "*" else f"{text_of(settings, 'method') or ''} {path}"
    if text == "*":
        return "$default"
    match = _ROUTE.fullmatch(text)
    method = match["method"].upper().replace("*", "ANY") if match else ""
    if match is None or method not in {*_METHODS, "ANY"}:
        raise TemplateError(
            f"`{text.strip()}` is not a route",
            place=settings.place,
            hint="write `httpApi: GET /items`, or `httpApi: '*'` for all requests",
        )
    return f"{method} {match['path']}"
