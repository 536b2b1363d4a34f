"""`Auth` of SAM's APIs: their authorizers and what is the default.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-api-apiauth.html
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-httpapi-httpapiauth.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.authorizer_settings import (
    default_cache_seconds,
    read_cache_seconds,
    read_payload,
)
from samlocal.cloudformation.apis.settings import flag, guarding, mappings_of, required_text
from samlocal.cloudformation.apis.user_pool_references import name_user_pools
from samlocal.diagnostics import Diagnostic, error_diagnostic
from samlocal.errors import ProjectError, TemplateError
from samlocal.project.apis import (
    CognitoAuthorizer,
    JwtAuthorizer,
    LambdaAuthorizer,
    UnsupportedAuthorizer,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.cloudformation.apis.function_targets import FunctionTargets
    from samlocal.cloudformation.functions.properties import Properties
    from samlocal.cloudformation.stack.stack import Stack
    from samlocal.project.apis import Authorizer, FunctionTarget

_TYPES: Final = ("TOKEN", "REQUEST")
# Settings without which an authorizer would let more requests in, or none.
_GUARDS: Final = (
    "AuthorizationScopes",
    "EnableSimpleResponses",
    "FunctionPayloadType",
    "Identity",
    "IdentitySource",
    "JwtConfiguration",
    "UserPoolArn",
)
_REST_HEADER: Final = "method.request.header."
_REST_SOURCES: Final = {
    "Headers": _REST_HEADER,
    "QueryStrings": "method.request.querystring.",
    "StageVariables": "stageVariables.",
    "Context": "context.",
}
_HTTP_SOURCES: Final = {
    "Headers": "$request.header.",
    "QueryStrings": "$request.querystring.",
    "StageVariables": "$stageVariables.",
    "Context": "$context.",
}


class SamAuthorizers:
    """The authorizers of one API by name, and the scopes that each asks for by default."""

    def __init__(
        self, auth: Properties | None, stack: Stack, targets: FunctionTargets, *, is_rest: bool
    ) -> None:
        self.authorizers: dict[str, Authorizer] = {}
        self.scopes: dict[str, tuple[str, ...]] = {}
        self._stack = stack
        self._targets = targets
        declared = auth.mapping("Authorizers") if auth else None
        read = self._read_rest if is_rest else self._read_http
        for name, settings in mappings_of(declared) if declared else ():
            try:
                known = guarding(name_user_pools(settings, stack), *_GUARDS)
                self.authorizers[name] = read(name, known)
                self.scopes[name] = known.texts("AuthorizationScopes")
            except ProjectError as error:
                self.authorizers[name] = UnsupportedAuthorizer(
                    name=name, diagnostic=error_diagnostic(error)
                )

    def _read_rest(self, name: str, settings: Properties) -> Authorizer:
        identity = settings.mapping("Identity")
        header = _REST_HEADER + ((identity and identity.text("Header")) or "Authorization")
        validation = identity.text("ValidationExpression") if identity else None
        if "UserPoolArn" in settings.entries:
            return CognitoAuthorizer(
                name=name,
                user_pools=settings.texts("UserPoolArn"),
                identity_source=header,
                validation=validation,
            )
        target = self._function(name, settings)
        if isinstance(target, Diagnostic):
            return UnsupportedAuthorizer(name=name, diagnostic=target)
        is_request = settings.choice("FunctionPayloadType", _TYPES) == "REQUEST"
        return LambdaAuthorizer(
            name=name,
            target=target,
            kind="REQUEST" if is_request else "TOKEN",
            payload="1.0",
            identity_sources=_sources(identity, _REST_SOURCES) if is_request else (header,),
            cache_seconds=_cache_seconds(identity, is_rest=True),
            validation=None if is_request else validation,
        )

    def _read_http(self, name: str, settings: Properties) -> Authorizer:
        configuration = settings.mapping("JwtConfiguration")
        if configuration is not None:
            return _read_jwt(name, settings, configuration)
        target = self._function(name, settings)
        if isinstance(target, Diagnostic):
            return UnsupportedAuthorizer(name=name, diagnostic=target)
        identity = settings.mapping("Identity")
        return LambdaAuthorizer(
            name=name,
            target=target,
            kind="REQUEST",
            payload=read_payload(
                settings, "AuthorizerPayloadFormatVersion", "EnableSimpleResponses"
            ),
            identity_sources=_sources(identity, _HTTP_SOURCES),
            cache_seconds=_cache_seconds(identity, is_rest=False),
            is_simple=flag(settings, "EnableSimpleResponses") or False,
        )

    def _function(self, name: str, settings: Properties) -> FunctionTarget | Diagnostic:
        node = settings.entries.get("FunctionArn")
        if node is None:
            raise TemplateError(
                f"the authorizer `{name}` needs `FunctionArn`", place=settings.node.place
            )
        return self._targets.of_reference(self._stack, node)


def _read_jwt(name: str, settings: Properties, configuration: Properties) -> Authorizer:
    """Return a JWT authorizer; SAM takes the names in its configuration in any case."""
    names = {each.lower(): each for each in configuration.entries}
    issuer = required_text(configuration, names.get("issuer", "issuer"), f"the authorizer `{name}`")
    source = required_text(settings, "IdentitySource", f"the authorizer `{name}`")
    return JwtAuthorizer(
        name=name,
        issuer=issuer,
        audience=configuration.texts(names.get("audience", "audience")),
        identity_source=source,
    )


def _sources(identity: Properties | None, prefixes: Mapping[str, str]) -> tuple[str, ...]:
    if identity is None:
        return ()
    return tuple(
        prefix + text for name, prefix in prefixes.items() for text in identity.texts(name)
    )


def _cache_seconds(identity: Properties | None, *, is_rest: bool) -> int:
    if identity is None:
        return default_cache_seconds(is_rest=is_rest)
    return read_cache_seconds(identity, "ReauthorizeEvery", is_rest=is_rest)
