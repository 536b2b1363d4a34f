"""The methods that answer CORS preflights of `http` events.

https://www.serverless.com/framework/docs/providers/aws/events/apigateway#enabling-cors
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic
from samlocal.serverless.template.event_resources import CORS_HEADERS, list_of, setting, text_of
from samlocal.serverless.template.logical_ids import path_part

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from samlocal.documents.node import Node
    from samlocal.serverless.template.event_resources import EventResources

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

    def add(
        self,
        origins: Iterable[str],
        headers: Iterable[str],
        methods: Iterable[str],
        more: Mapping[str, str],
    ) -> None:
        """Add what one method says, each value once."""
        self.origins = list(dict.fromkeys((*self.origins, *origins)))
        self.headers = list(dict.fromkeys((*self.headers, *headers)))
        self.methods = list(dict.fromkeys((*self.methods, *methods)))
        self.more.update(more)


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
        origins = list_of(cors, "origins") or list_of(cors, "origin") or []
        texts = [part.strip() for each in origins for part in each.text("an origin").split(",")]
        headers = [each.text("a header") for each in list_of(cors, "headers") or ()]
        methods = [each.text("a method") for each in list_of(cors, "methods") or ()]
        more = (
            {"Access-Control-Allow-Credentials": "true"}
            if setting(cors, "allowCredentials")
            else {}
        )
        for name, header in (
            ("maxAge", "Access-Control-Max-Age"),
            ("cacheControl", "Cache-Control"),
        ):
            if text := text_of(cors, name):
                more[header] = text
        found = self._paths.setdefault(path, _Preflight(resource=resource, at=cors))
        found.add(texts or ["*"], headers or CORS_HEADERS, (*methods, "OPTIONS", method), more)

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
