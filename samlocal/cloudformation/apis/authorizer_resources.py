"""Authorizers that are resources of their own.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-authorizer.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-authorizer.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, cast

from samlocal.cloudformation.apis.api_names import full_path
from samlocal.cloudformation.apis.api_resources import settings_of
from samlocal.cloudformation.apis.authorizer_settings import (
    read_cache_seconds,
    read_identity_sources,
    read_payload,
)
from samlocal.cloudformation.apis.definition import AWS_IAM, NO_AUTHORIZER
from samlocal.cloudformation.apis.settings import flag, guarding, required_text
from samlocal.cloudformation.apis.user_pool_references import name_user_pools
from samlocal.diagnostics import Diagnostic, error_diagnostic
from samlocal.errors import ProjectError, TemplateError
from samlocal.project.apis import (
    ApiKind,
    CognitoAuthorizer,
    JwtAuthorizer,
    LambdaAuthorizer,
    UnsupportedAuthorizer,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.cloudformation.apis.api_resources import ApiResources
    from samlocal.cloudformation.apis.function_targets import FunctionTargets
    from samlocal.cloudformation.apis.marked_text import Resource
    from samlocal.cloudformation.functions.properties import Properties
    from samlocal.cloudformation.intrinsics.missing_values import MissingValues
    from samlocal.project.apis import Authorizer

_SOURCE: Final = "IdentitySource"
# Settings without which an authorizer would let more requests in.
_GUARDS: Final = (
    "EnableSimpleResponses",
    _SOURCE,
    "IdentityValidationExpression",
    "JwtConfiguration",
    "ProviderARNs",
)
_REST_TYPES: Final = ("TOKEN", "REQUEST", "COGNITO_USER_POOLS")
_V2_TYPES: Final = ("REQUEST", "JWT")
_REST_SOURCE: Final = "method.request.header.Authorization"
_HTTP_SOURCE: Final = "$request.header.Authorization"


def read_authorizer(
    resource: Resource,
    kind: ApiKind,
    targets: FunctionTargets,
    missing: MissingValues,
    variables: Mapping[str, str],
) -> Authorizer:
    """Return an authorizer of an API of some kind; one that has an error refuses all requests."""
    try:
        settings = name_user_pools(settings_of(resource, missing), resource.stack)
        guarding(settings, *_GUARDS)
        name = settings.text("Name") or resource.logical_id
        if kind is ApiKind.REST:
            authorizer_type = _type_of(settings, "Type", _REST_TYPES)
        else:
            authorizer_type = _type_of(settings, "AuthorizerType", _V2_TYPES)
        if authorizer_type == "JWT":
            return _read_jwt(name, settings)
        if authorizer_type == "COGNITO_USER_POOLS":
            return _read_cognito(name, settings)
        uri = settings.entries.get("AuthorizerUri")
        if uri is None:
            raise TemplateError(
                f"the authorizer `{name}` needs `AuthorizerUri`", place=settings.node.place
            )
        target = targets.of_uri(resource.stack, uri, variables)
        if isinstance(target, Diagnostic):
            return UnsupportedAuthorizer(name=name, diagnostic=target)
        return LambdaAuthorizer(
            name=name,
            target=target,
            kind=cast('Literal["TOKEN", "REQUEST"]', authorizer_type),
            payload=(
                read_payload(settings, "AuthorizerPayloadFormatVersion", "EnableSimpleResponses")
                if kind is ApiKind.HTTP
                else "1.0"
            ),
            identity_sources=read_identity_sources(settings, _SOURCE),
            cache_seconds=read_cache_seconds(
                settings, "AuthorizerResultTtlInSeconds", is_rest=kind is ApiKind.REST
            ),
            is_simple=flag(settings, "EnableSimpleResponses") or False,
            validation=(
                settings.text("IdentityValidationExpression")
                if authorizer_type == "TOKEN"
                else None
            ),
        )
    except ProjectError as error:
        return UnsupportedAuthorizer(name=resource.logical_id, diagnostic=error_diagnostic(error))


def authorizer_key(
    resources: ApiResources,
    route: Resource,
    settings: Properties,
    *,
    resource_type: str,
    types: tuple[str, ...],
) -> str:
    """Return the name of a route's authorizer: `AWS_IAM`, `NONE`, or what `key_of` returns for its resource.

    `resource_type` is that of the authorizers of the kind of API, and `types` are the values of `AuthorizationType`.

    Raises:
        TemplateError: The route needs an authorizer that is not a resource of the project.
    """
    kind = settings.choice("AuthorizationType", (NO_AUTHORIZER, AWS_IAM, *types)) or NO_AUTHORIZER
    if kind in {NO_AUTHORIZER, AWS_IAM}:
        return kind
    node = settings.entries.get("AuthorizerId")
    authorizer = resources.referred(route.stack, node, resource_type)
    if authorizer is None:
        raise TemplateError(
            "`AuthorizerId` is not an authorizer of this project",
            place=node.place if node else settings.node.place,
        )
    return key_of(authorizer)


def key_of(authorizer: Resource) -> str:
    """Return a name for an authorizer that no other one has."""
    return full_path(authorizer.stack, authorizer.logical_id)


def _type_of(settings: Properties, name: str, allowed: tuple[str, ...]) -> str:
    authorizer_type = required_text(settings, name, "an authorizer").upper()
    if authorizer_type not in allowed:
        raise TemplateError(
            f"`{name}` must be one of {', '.join(allowed)}, not `{authorizer_type}`",
            place=settings.node.place_of(name),
        )
    return authorizer_type


def _read_jwt(name: str, settings: Properties) -> JwtAuthorizer:
    configuration = settings.mapping("JwtConfiguration")
    if configuration is None:
        raise TemplateError(
            f"the authorizer `{name}` needs `JwtConfiguration`", place=settings.node.place
        )
    return JwtAuthorizer(
        name=name,
        issuer=required_text(configuration, "Issuer", f"the authorizer `{name}`"),
        audience=configuration.texts("Audience"),
        identity_source=next(iter(read_identity_sources(settings, _SOURCE)), _HTTP_SOURCE),
    )


def _read_cognito(name: str, settings: Properties) -> CognitoAuthorizer:
    return CognitoAuthorizer(
        name=name,
        user_pools=settings.texts("ProviderARNs"),
        identity_source=next(iter(read_identity_sources(settings, _SOURCE)), _REST_SOURCE),
        validation=settings.text("IdentityValidationExpression"),
    )
