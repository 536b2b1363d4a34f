"""Authorizers of `http` events as resources.

https://www.serverless.com/framework/docs/providers/aws/events/apigateway#http-endpoints-with-custom-authorizers
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from samlocal.errors import TemplateError
from samlocal.serverless.template.event_resources import list_of, setting, text_of, uri_of
from samlocal.serverless.template.logical_ids import function_part

if TYPE_CHECKING:
    from samlocal.documents.node import Node
    from samlocal.serverless.template.event_resources import EventResources

_SOURCE: Final = "method.request.header.Authorization"
_COGNITO: Final = "COGNITO_USER_POOLS"
_USER_POOL: Final = re.compile(r"arn:[^:]*:cognito-idp:.*")
_IAM: Final = "AWS_IAM"


class RestAuthorizers:
    """Adds the authorizers of one REST API; one name is one authorizer."""

    def __init__(self, made: EventResources, api: dict[str, str]) -> None:
        self._made = made
        self._api = api

    def of(self, event: Node) -> dict[str, object]:
        """Return the properties of a method about its authorizer.

        Raises:
            TemplateError: The authorizer is incomplete, or its function does not exist.
        """
        node = setting(event, "authorizer")
        if node is None:
            return {"AuthorizationType": "NONE"}
        kind = (text_of(node, "type") or "").upper()
        text = node.optional_text()
        if _IAM in {kind, (text or "").upper()}:
            return {"AuthorizationType": _IAM}
        scopes = list_of(node, "scopes")
        chosen = {"AuthorizationScopes": scopes} if scopes else {}
        if identifier := setting(node, "authorizerId"):
            authorization = _COGNITO if kind == _COGNITO else "CUSTOM"
            return {"AuthorizationType": authorization, "AuthorizerId": identifier, **chosen}
        arn = setting(node, "arn")
        if text is not None and ":" in text:
            arn = node
        written = arn.optional_text() if arn else None
        name = (text if arn is None else None) or text_of(node, "name")
        name = name or re.split(r"[:-]", written or "")[-1]
        if not name:
            raise TemplateError("the authorizer needs a `name` or an `arn`", place=node.place)
        is_cognito = kind == _COGNITO or bool(_USER_POOL.fullmatch(written or ""))
        logical_id = f"{function_part(name)}ApiGatewayAuthorizer"
        authorization = _COGNITO if is_cognito else "CUSTOM"
        properties = self._settings(node, name, kind or "TOKEN")
        if is_cognito:
            properties |= {"Type": _COGNITO, "ProviderARNs": [arn]}
        else:
            target = arn or self._made.target_of_name(name, node)
            properties |= {"AuthorizerUri": uri_of(target)}
        self._made.add(logical_id, "AWS::ApiGateway::Authorizer", node, properties)
        return {"AuthorizationType": authorization, "AuthorizerId": {"Ref": logical_id}, **chosen}

    def _settings(self, node: Node, name: str, kind: str) -> dict[str, object]:
        seconds = node.get("resultTtlInSeconds")
        source: object = setting(node, "identitySource")
        # An authorizer that caches nothing needs no identity source.
        is_uncached = seconds is not None and seconds.optional_text() == "0"
        if source is None and not (kind == "REQUEST" and is_uncached):
            source = _SOURCE
        return {
            "RestApiId": self._api,
            "Name": name,
            "Type": kind,
            "IdentitySource": source,
            "AuthorizerResultTtlInSeconds": seconds,
            "IdentityValidationExpression": setting(node, "identityValidationExpression"),
        }
