"""Who may call a method: the security schemes of an OpenAPI document.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authorizer.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authtype.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.authorizer_settings import (
    read_cache_seconds,
    read_identity_sources,
    read_payload,
)
from samlocal.cloudformation.apis.definition import AWS_IAM
from samlocal.cloudformation.apis.settings import flag, guarding, guarding_mapping, required_text
from samlocal.cloudformation.apis.user_pool_references import name_user_pools
from samlocal.diagnostics import Diagnostic, error_diagnostic
from samlocal.errors import ProjectError, TemplateError
from samlocal.project.apis import (
    ApiKind,
    CognitoAuthorizer,
    IamAuthorizer,
    JwtAuthorizer,
    LambdaAuthorizer,
    UnsupportedAuthorizer,
)

if TYPE_CHECKING:
    from samlocal.cloudformation.apis.integrations import IntegrationReader
    from samlocal.cloudformation.apis.openapi_document import OpenApiDocument
    from samlocal.cloudformation.functions.properties import Properties
    from samlocal.project.apis import Authorizer

_AUTHORIZER: Final = "x-amazon-apigateway-authorizer"
_AUTH_TYPE: Final = "x-amazon-apigateway-authtype"
_IAM_TYPE: Final = "awssigv4"
# Settings without which an authorizer would let more requests in, or none.
_GUARDS: Final = (
    "enableSimpleResponses",
    "identitySource",
    "identityValidationExpression",
    "jwtConfiguration",
    "providerARNs",
)
_API_KEY: Final = "x-api-key"
_HEADER: Final = "method.request.header."
_HTTP_SOURCE: Final = "$request.header.Authorization"
_CONFIGURATION: Final = "jwtConfiguration"
_ISSUER_PATH: Final = "/.well-known/openid-configuration"


def read_authorizers(
    document: OpenApiDocument, kind: ApiKind, integrations: IntegrationReader
) -> dict[str, Authorizer]:
    """Return the authorizers of a document by name; one that has an error refuses all requests."""
    schemes = document.security_schemes()
    found: dict[str, Authorizer] = {}
    authorizer: Authorizer | None
    for name in schemes.entries if schemes else ():
        try:
            scheme = document.referred(schemes, name) if schemes else None
            if scheme is not None:
                scheme = name_user_pools(scheme, document.stack)
            authorizer = _read_scheme(name, scheme, kind, integrations) if scheme else None
        except ProjectError as error:
            authorizer = UnsupportedAuthorizer(name=name, diagnostic=error_diagnostic(error))
        if authorizer is not None:
            found[name] = authorizer
    return found


def read_api_keys(document: OpenApiDocument) -> frozenset[str]:
    """Return the names of the security schemes that ask for an API key."""
    schemes = document.security_schemes()
    return frozenset(
        name
        for name in (schemes.entries if schemes else ())
        if schemes
        and (scheme := document.referred(schemes, name)) is not None
        and _AUTHORIZER not in scheme.entries
        and (scheme.text("name") or "").lower() == _API_KEY
    )


def read_ignored(document: OpenApiDocument) -> dict[str, Diagnostic]:
    """Return the security schemes that API Gateway ignores, with what is said about them.

    Only its own extensions, and API keys in `x-api-key`, protect a method.
    """
    schemes = document.security_schemes()
    known_keys = read_api_keys(document)
    return {
        name: Diagnostic(
            message=f"the security scheme `{name}` protects nothing: API Gateway ignores it",
            place=schemes.node.place_of(name),
            hint=f"add `{_AUTHORIZER}` or `{_AUTH_TYPE}`",
        )
        for name in (schemes.entries if schemes else ())
        if schemes
        and name not in known_keys
        and (scheme := document.referred(schemes, name)) is not None
        and not {_AUTHORIZER, _AUTH_TYPE} & scheme.entries.keys()
        and _has_known_name(scheme)
    }


def _has_known_name(scheme: Properties) -> bool:
    """Return whether it is known if a scheme is an API key in `x-api-key`."""
    return "name" not in scheme.entries or scheme.without_diagnostics().get("name") is not None


def _read_scheme(
    name: str, scheme: Properties, kind: ApiKind, integrations: IntegrationReader
) -> Authorizer | None:
    """Return the authorizer of a security scheme; None if the scheme is not one."""
    settings = guarding_mapping(guarding(scheme, "name", _AUTH_TYPE), _AUTHORIZER, *_GUARDS)
    if settings is None:
        is_iam = (scheme.text(_AUTH_TYPE) or "").lower() == _IAM_TYPE
        return IamAuthorizer(name=name) if is_iam else None
    authorizer_type = required_text(settings, "type", f"the authorizer `{name}`").lower()
    match authorizer_type:
        case "cognito_user_pools":
            return CognitoAuthorizer(
                name=name,
                user_pools=settings.texts("providerARNs"),
                identity_source=_header_of(scheme, settings),
                validation=settings.text("identityValidationExpression"),
            )
        case "jwt":
            return _read_jwt(name, scheme, settings)
        case "token" | "request":
            return _read_lambda(
                name,
                scheme,
                settings,
                kind=kind,
                integrations=integrations,
                is_token=authorizer_type == "token",
            )
    raise TemplateError(
        f"`type` must be token, request, jwt or cognito_user_pools, not `{authorizer_type}`",
        place=settings.node.place,
    )


def _read_lambda(
    name: str,
    scheme: Properties,
    settings: Properties,
    *,
    kind: ApiKind,
    integrations: IntegrationReader,
    is_token: bool,
) -> Authorizer:
    uri = settings.entries.get("authorizerUri")
    if uri is None:
        raise TemplateError(
            f"the authorizer `{name}` needs `authorizerUri`", place=settings.node.place
        )
    target = integrations.function_of(uri)
    if isinstance(target, Diagnostic):
        return UnsupportedAuthorizer(name=name, diagnostic=target)
    is_rest = kind is ApiKind.REST
    sources = (
        (_header_of(scheme, settings),)
        if is_token
        else read_identity_sources(settings, "identitySource")
    )
    is_simple = flag(settings, "enableSimpleResponses") or False
    return LambdaAuthorizer(
        name=name,
        target=target,
        kind="TOKEN" if is_token else "REQUEST",
        payload=(
            "1.0"
            if is_rest
            else read_payload(settings, "authorizerPayloadFormatVersion", "enableSimpleResponses")
        ),
        identity_sources=sources,
        cache_seconds=read_cache_seconds(settings, "authorizerResultTtlInSeconds", is_rest=is_rest),
        is_simple=is_simple,
        validation=settings.text("identityValidationExpression") if is_token else None,
    )


def _read_jwt(name: str, scheme: Properties, settings: Properties) -> JwtAuthorizer:
    configuration = settings.mapping(_CONFIGURATION)
    discovery = scheme.text("openIdConnectUrl")
    if configuration is None:
        raise TemplateError(
            f"the authorizer `{name}` needs `{_CONFIGURATION}`", place=settings.node.place
        )
    if "issuer" not in configuration.entries and discovery:
        issuer = discovery.removesuffix(_ISSUER_PATH)
    else:
        issuer = required_text(configuration, "issuer", f"the authorizer `{name}`")
    return JwtAuthorizer(
        name=name,
        issuer=issuer,
        audience=configuration.texts("audience"),
        identity_source=next(iter(read_identity_sources(settings, "identitySource")), _HTTP_SOURCE),
    )


def _header_of(scheme: Properties, settings: Properties) -> str:
    """Return the identity source of a token: the header that the scheme names."""
    own = next(iter(read_identity_sources(settings, "identitySource")), None)
    return own or _HEADER + (scheme.text("name") or "Authorization")


def method_auth(operation: Properties) -> str | None:
    """Return `AWS_IAM` if the method's own `x-amazon-apigateway-auth` asks for it."""
    auth = guarding_mapping(operation, "x-amazon-apigateway-auth", "type")
    is_iam = auth is not None and (auth.text("type") or "").upper() == AWS_IAM
    return AWS_IAM if is_iam else None
