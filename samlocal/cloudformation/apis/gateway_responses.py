"""How REST APIs answer errors: gateway responses in OpenAPI documents and in SAM.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-gateway-responses.html
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-api.html#sam-api-gatewayresponses
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.header_texts import body_templates, header_texts
from samlocal.cloudformation.apis.settings import mappings_of, required_text
from samlocal.project.apis import GatewayResponse

if TYPE_CHECKING:
    from samlocal.cloudformation.functions.properties import Properties

_OPENAPI: Final = "x-amazon-apigateway-gateway-responses"
_HEADER: Final = "gatewayresponse.header."


def read_openapi_responses(root: Properties) -> dict[str, GatewayResponse]:
    """Return the gateway responses of an OpenAPI document by type."""
    settings = root.mapping(_OPENAPI)
    return {
        name: _read(
            response,
            status="statusCode",
            headers=header_texts(response.mapping("responseParameters"), _HEADER),
            templates="responseTemplates",
        )
        for name, response in (mappings_of(settings) if settings else ())
    }


def read_sam_responses(settings: Properties | None) -> dict[str, GatewayResponse]:
    """Return the `GatewayResponses` of an `AWS::Serverless::Api` by type."""
    found = {}
    for name, response in mappings_of(settings) if settings else ():
        parameters = response.mapping("ResponseParameters")
        headers = header_texts(parameters.mapping("Headers") if parameters else None)
        found[name] = _read(
            response, status="StatusCode", headers=headers, templates="ResponseTemplates"
        )
    return found


def read_resource_response(settings: Properties, logical_id: str) -> tuple[str, GatewayResponse]:
    """Return the type and the content of an `AWS::ApiGateway::GatewayResponse`.

    Raises:
        TemplateError: it has no type, or is malformed.
    """
    kind = required_text(settings, "ResponseType", f"`{logical_id}`")
    response = _read(
        settings,
        status="StatusCode",
        headers=header_texts(settings.mapping("ResponseParameters"), _HEADER),
        templates="ResponseTemplates",
    )
    return kind, response


def _read(
    response: Properties, *, status: str, headers: dict[str, str], templates: str
) -> GatewayResponse:
    return GatewayResponse(
        status=response.optional_integer(status, least=100, most=599),
        headers=headers,
        templates=body_templates(response.mapping(templates)),
    )
