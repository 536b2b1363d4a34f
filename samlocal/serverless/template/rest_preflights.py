"""The methods that answer CORS preflights of `http` events.

https://www.serverless.com/framework/docs/providers/aws/events/apigateway#enabling-cors
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic
from samlocal.serverless.template.event_resources import list_of, setting, text_of
from samlocal.serverless.template.logical_ids import path_part

if TYPE_CHECKING:
    from samlocal.documents.node import Node
    from samlocal.serverless.template.event_resources import EventResources

_HEADERS: Final = (
    "Content-Type",
    "X-Amz-Date",
    "Authorization",
    "X-Api-Key",
    "X-Amz-Security-Token",
    "X-Amz-User-Agent",
    "X-Amzn-Trace-Id",
)
_EVERY_METHOD: Final = "DELETE,GET,HEAD,PATCH,POST,PUT"
_HEADER: Final = "method.response.header."


@dataclass
class _Preflight:
    """What is said about one path, by all of its methods."""

    resource: object
    at: Node
    origins: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    more: dict[str, str] = field(default_factory=dict)


class RestPreflights:
    """Collects the CORS settings of methods, and adds a method `OPTIONS` for each path."""

    def __init__(self, made: EventResources, api: dict[str, str]) -> None:
        self._made = made
        self._api = api
        self._paths: dict[str, _Preflight] = {}

    def note(self, path: str, method: str, cors: Node, resource: object) -> None:
        """Add the settings of a method.

        Raises:
            TemplateError: One of them is malformed.
        """
        found = self._paths.setdefault(path, _Preflight(resource=resource, at=cors))
        origins = list_of(cors, "origins") or list_of(cors, "origin") or []
        texts = [part.strip() for each in origins for part in each.text("an origin").split(",")]
        found.origins += [each for each in texts or ["*"] if each not in found.origins]
        headers = [each.text("a header") for each in list_of(cors, "headers") or ()]
        found.headers += [each for each in headers or _HEADERS if each not in found.headers]
        methods = [each.text("a method") for each in list_of(cors, "methods") or ()]
        found.methods += [
            each for each in (*methods, "OPTIONS", method) if each not in found.methods
        ]
        if setting(cors, "allowCredentials"):
            found.more["Access-Control-Allow-Credentials"] = "true"
        for name, header in (
            ("maxAge", "Access-Control-Max-Age"),
            ("cacheControl", "Cache-Control"),
        ):
            if text := text_of(cors, name):
                found.more[header] = text

    def add_all(self) -> None:
        """Add the methods.

        For several origins, Serverless writes a template in Velocity that repeats the one of the request.
        """
        for path, found in self._paths.items():
            if len(found.origins) > 1:
                self._made.failures.append(
                    Diagnostic(
                        message=f"preflights of `/{path}` are answered for the origin"
                        f" `{found.origins[0]}` only: Serverless chooses one with a mapping"
                        " template (VTL), which is not emulated",
                        place=found.at.place,
                    )
                )
            methods = ",".join(found.methods).replace("ANY", _EVERY_METHOD)
            headers = {
                "Access-Control-Allow-Origin": found.origins[0],
                "Access-Control-Allow-Headers": ",".join(found.headers),
                "Access-Control-Allow-Methods": methods,
                **found.more,
            }
            parameters = {f"{_HEADER}{name}": f"'{value}'" for name, value in headers.items()}
            self._made.add(
                f"ApiGatewayMethod{path_part(path)}Options",
                "AWS::ApiGateway::Method",
                found.at,
                {
                    "RestApiId": self._api,
                    "ResourceId": found.resource,
                    "HttpMethod": "OPTIONS",
                    "AuthorizationType": "NONE",
                    "Integration": {
                        "Type": "MOCK",
                        "RequestTemplates": {"application/json": '{"statusCode": 200}'},
                        "IntegrationResponses": [
                            {"StatusCode": "200", "ResponseParameters": parameters}
                        ],
                    },
                },
            )
