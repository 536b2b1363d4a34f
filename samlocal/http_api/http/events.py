"""The events of functions behind an HTTP API, in the payload format that their integration asks for.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from samlocal.http_api import payload_1, payload_2
from samlocal.http_api.event_values import domain_prefix
from samlocal.http_api.forwarded_headers import forwarded_headers
from samlocal.http_api.request_headers import collect_headers
from samlocal.project.apis import DEFAULT_STAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.http_api.authorization import Event
    from samlocal.http_api.exchange import HttpRequest
    from samlocal.http_api.http.routes import MatchedRoute
    from samlocal.project.apis import Api

# What a request without an authorizer has, as in the developer guide's example.
_NO_AUTHORIZER: Final[Mapping[str, Any]] = {"claims": None, "scopes": None}
# Members of `identity` by those of the context that an AWS signature gives.
_IDENTITY: Final = {
    "accessKey": "accessKey",
    "accountId": "accountId",
    "caller": "callerId",
    "principalOrgId": "principalOrgId",
    "user": "userId",
    "userArn": "userArn",
}


class Events:
    """Builds the events of one API; paths are decoded ones."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._stage_prefix = "" if api.stage == DEFAULT_STAGE else f"/{api.stage}"

    def build_2(
        self, request: HttpRequest, matched: MatchedRoute, path: str, account_id: str
    ) -> Event:
        """Return the event of format 2.0, which authorizers get, too; the raw path has a named stage, but no base path."""
        is_mapped = request.prefix.strip("/") in self._api.base_paths
        raw_path = path if is_mapped else self._stage_prefix + path
        route = payload_2.EventRoute(
            account_id=account_id,
            api_id=self._api.identifier,
            domain_prefix=domain_prefix(request.host) or self._api.identifier,
            stage=self._api.stage,
            key=matched.key,
            raw_path=raw_path,
            path=raw_path,
            parameters=matched.parameters,
            variables=self._api.variables,
        )
        headers = collect_headers(request, keeps_forwarded=True, needs_length=True)
        return payload_2.build_event(request, route, headers)

    def build_1(
        self, request: HttpRequest, matched: MatchedRoute, path: str, event: Event
    ) -> Event:
        """Return the event of format 1.0 for a request whose event of format 2.0 is `event`, with its context.

        Text and Base64 are those of format 2.0. What an authorizer has found is not under its kind here.
        """
        length = ("Content-Length", str(len(request.body)))
        built = payload_1.build_event(
            self._api,
            replace(request, path=path),
            payload_1.EventTarget(
                resource=matched.route.path,
                resource_id=None,
                path_parameters=matched.parameters,
                operation_name=matched.route.operation_name,
                version="1.0",
            ),
            headers=(length, *forwarded_headers(request)),
            account_id=event["requestContext"]["accountId"],
            has_binary_body=event["isBase64Encoded"],
        )
        context = built["requestContext"]
        context["extendedRequestId"] = request.request_id  # HTTP APIs have one id
        found = event["requestContext"].get("authorizer", {})
        if "iam" in found:
            caller = found["iam"]
            context["identity"] |= {own: caller.get(its) for own, its in _IDENTITY.items()}
        context["authorizer"] = found.get("lambda") or found.get("jwt") or dict(_NO_AUTHORIZER)
        return built
