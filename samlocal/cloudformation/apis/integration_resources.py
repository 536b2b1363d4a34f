"""Integrations that are properties of methods, or resources of their own.

Their settings are those of OpenAPI documents, spelt in another way.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-apigateway-method-integration.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-integration.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.integrations import unsupported
from samlocal.cloudformation.apis.settings import required_text
from samlocal.cloudformation.functions.properties import Properties
from samlocal.documents.node import Node
from samlocal.project.apis import MockIntegration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from samlocal.cloudformation.apis.integrations import IntegrationReader
    from samlocal.project.apis import Integration, UnsupportedIntegration

_METHOD_NAMES: Final[Mapping[str, str]] = {
    "Type": "type",
    "Uri": "uri",
    "IntegrationHttpMethod": "httpMethod",
    "TimeoutInMillis": "timeoutInMillis",
    "ResponseTransferMode": "responseTransferMode",
    "PassthroughBehavior": "passthroughBehavior",
    "RequestTemplates": "requestTemplates",
    "RequestParameters": "requestParameters",
}
_RESOURCE_NAMES: Final[Mapping[str, str]] = {
    "IntegrationType": "type",
    "IntegrationUri": "uri",
    "IntegrationMethod": "httpMethod",
    "IntegrationSubtype": "integrationSubtype",
    "TimeoutInMillis": "timeoutInMillis",
    "PayloadFormatVersion": "payloadFormatVersion",
    "RequestTemplates": "requestTemplates",
    "RequestParameters": "requestParameters",
    "ResponseParameters": "responseParameters",
}
_RESPONSE_NAMES: Final[Mapping[str, str]] = {
    "StatusCode": "statusCode",
    "ResponseParameters": "responseParameters",
    "ResponseTemplates": "responseTemplates",
}
_RESPONSES: Final = "IntegrationResponses"
_DEFAULT: Final = "default"
_STATUS: Final = "$integration.response.statuscode"
# A dollar sign that no backslash precedes: `\\$default` is a text.
_VARIABLE: Final = re.compile(r"(?<!\\)\$")
_VPC_LINK: Final = "VPC_LINK"


def read_method_integration(
    settings: Properties, reader: IntegrationReader, name: str, method: str
) -> Integration:
    """Return the `Integration` of a REST API's method; one that does not work locally says why.

    Raises:
        TemplateError: It is malformed.
    """
    own = settings.mapping("Integration")
    if own is None:
        place = settings.node.place
        return unsupported(f"`{name}` has no `Integration`", place)
    responses = {
        pattern: _renamed(response.node, _RESPONSE_NAMES)
        for response in own.mappings(_RESPONSES, "an integration response")
        for pattern in (response.text("SelectionPattern") or _DEFAULT,)
    }
    return _read(own, _METHOD_NAMES, responses, reader, (name, method))


def read_integration_resource(
    settings: Properties,
    reader: IntegrationReader,
    name: str,
    method: str,
    *,
    responses: Sequence[Properties] = (),
) -> Integration:
    """Return an `AWS::ApiGatewayV2::Integration`; one that does not work locally says why.

    `responses` are its `AWS::ApiGatewayV2::IntegrationResponse` resources, which integrations other than proxies have:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-integration-responses.html

    Raises:
        TemplateError: It is malformed.
    """
    by_key: dict[str, Node] = {}
    for response in responses:
        key = required_text(response, "IntegrationResponseKey", f"a response of `{name}`")
        by_key[key] = _renamed(response.node, _RESPONSE_NAMES)
    integration = _read(settings, _RESOURCE_NAMES, by_key, reader, (name, method))
    if isinstance(integration, MockIntegration):
        return _refuse_selection(settings, name, responses) or integration
    return integration


def _refuse_selection(
    settings: Properties, name: str, responses: Sequence[Properties]
) -> UnsupportedIntegration | None:
    """Return the refusal of an integration whose response or template is chosen by more than the status."""
    selection = settings.text("IntegrationResponseSelectionExpression")
    if selection is not None and re.sub("[{}]", "", selection) != _STATUS:
        return unsupported(
            f"`{name}` chooses its response by `{selection}`, which is not emulated",
            settings.node.place_of("IntegrationResponseSelectionExpression"),
            hint="use `${integration.response.statuscode}`",
        )
    for each in (settings, *responses):
        template = each.text("TemplateSelectionExpression")
        if template is not None and _VARIABLE.search(template):
            return unsupported(
                f"`{name}` chooses a template by `{template}`, which is not emulated",
                each.node.place_of("TemplateSelectionExpression"),
            )
    return None


def _read(
    settings: Properties,
    names: Mapping[str, str],
    responses: Mapping[str, Node],
    reader: IntegrationReader,
    route: tuple[str, str],
) -> Integration:
    name, method = route
    if settings.text("ConnectionType") == _VPC_LINK:
        place = settings.node.place_of("ConnectionType")
        return unsupported(f"`{name}` is sent through a VPC link, which is not emulated", place)
    node = _renamed(settings.node, names)
    entries = dict(node.entries("an integration"))
    if responses:
        entries["responses"] = settings.node.with_value(dict(responses))
    renamed = Properties(settings.node.with_value(entries), settings.resolver, settings.missing)
    return reader.read(renamed, name, method)


def _renamed(node: Node, names: Mapping[str, str]) -> Node:
    """Return a mapping with the entries that have another name, and their places."""
    entries = {new: value for old, new in names.items() if (value := node.get(old))}
    keys = {new: key for old, new in names.items() if (key := (node.keys or {}).get(old))}
    return Node(entries, node.path, node.line, node.column, keys)
