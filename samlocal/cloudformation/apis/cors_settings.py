"""CORS configurations of HTTP APIs and function URLs, in their spellings.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-apigatewayv2-api-cors.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-url-cors.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-cors-configuration.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.header_texts import header_items
from samlocal.cloudformation.apis.settings import flag
from samlocal.frozen_dataclass import frozen
from samlocal.project.apis import Cors

if TYPE_CHECKING:
    from samlocal.cloudformation.functions.properties import Properties

_MOST_AGE_SECONDS: Final = 86_400


@frozen
class CorsNames:
    """The names of the settings in one kind of configuration."""

    origins: str = "AllowOrigins"
    methods: str = "AllowMethods"
    headers: str = "AllowHeaders"
    exposed_headers: str = "ExposeHeaders"
    credentials: str = "AllowCredentials"
    max_age: str = "MaxAge"


CLOUDFORMATION: Final = CorsNames()
OPENAPI: Final = CorsNames(
    origins="allowOrigins",
    methods="allowMethods",
    headers="allowHeaders",
    exposed_headers="exposeHeaders",
    credentials="allowCredentials",
    max_age="maxAge",
)


def read_cors(settings: Properties, names: CorsNames = CLOUDFORMATION) -> Cors:
    """Return a CORS configuration.

    Raises:
        TemplateError: a setting has a wrong type.
    """
    return Cors(
        origins=header_items(settings, names.origins),
        methods=header_items(settings, names.methods),
        headers=header_items(settings, names.headers),
        exposed_headers=header_items(settings, names.exposed_headers),
        allows_credentials=flag(settings, names.credentials) or False,
        max_age_seconds=settings.optional_integer(names.max_age, least=-1, most=_MOST_AGE_SECONDS),
    )
