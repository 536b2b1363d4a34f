"""How REST APIs answer errors: gateway responses in OpenAPI documents and in SAM.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-gateway-responses.html
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-api.html#sam-api-gatewayresponses
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.settings import mappings_of, texts_by_name, unquoted
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
            headers={
                key.removeprefix(_HEADER): value
                for key, value in texts_by_name(response.mapping("responseParameters")).items()
                if key.startswith(_HEADER)
            },
            templates="responseTemplates",
        )
        for name, response in (mappings_of(settings) if settings else ())
    }


def read_sam_responses(settings: Properties | None) -> dict[str, GatewayResponse]:
    """Return the `GatewayResponses` of an `AWS::Serverless::Api` by type."""
    found = {}
    for name, response in mappings_of(settings) if settings else ():
        parameters = response.mapping("ResponseParameters")
        headers = texts_by_name(parameters.mapping("Headers") if parameters else None)
        found[name] = _read(
            response, status="StatusCode", headers=headers, templates="ResponseTemplates"
        )
    return found


def _read(
    response: Properties, *, status: str, headers: dict[str, str], templates: str
) -> GatewayResponse:
    return GatewayResponse(
        status=response.optional_integer(status, least=100, most=599),
        headers={name: unquoted(value) for name, value in headers.items()},
        templates=texts_by_name(response.mapping(templates)),
    )
