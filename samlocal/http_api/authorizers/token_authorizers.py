"""Authorizers that check JSON Web Tokens: those of HTTP APIs, and Cognito user pools in REST APIs.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html
"""

from __future__ import annotations

import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from samlocal.http_api.authorization import Allowed, Refused
from samlocal.http_api.authorizers.identity_sources import compile_source
from samlocal.http_api.authorizers.issuer_discovery import KeysUnavailableError
from samlocal.http_api.authorizers.issuer_keys import IssuerKeys, is_stand_in
from samlocal.http_api.authorizers.token_claims import (
    TokenError,
    check_audience,
    check_times,
    http_claims,
    rest_claims,
    scopes_of,
)
from samlocal.http_api.authorizers.token_signatures import (
    SignatureChecks,
    UnreadableTokenError,
    read_token,
)
from samlocal.http_api.authorizers.user_pools import issuers_of
from samlocal.project.apis import CognitoAuthorizer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from samlocal.http_api.authorization import Event
    from samlocal.http_api.authorizers.token_signatures import UnverifiedToken
    from samlocal.http_api.exchange import HttpRequest
    from samlocal.project.apis import JwtAuthorizer, Route

_BEARER: Final = "bearer "
_EXPIRED: Final = "The incoming token has expired"
KEYS_HINT: Final = (
    "`--jwks FILE` takes keys from a file, and `--disable-authorizer` lets every request in"
)


class TokenAuthorizers:
    """Checks tokens with the keys of their issuers; `now` returns Unix time in seconds."""

    def __init__(self, keys: IssuerKeys, *, now: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._now = now
        self._signatures = SignatureChecks()

    async def check_jwt(
        self, route: Route, authorizer: JwtAuthorizer, request: HttpRequest, event: Event
    ) -> Allowed | Refused:
        """Return whether a token allows a request to an HTTP API."""
        try:
            text = _find_token(authorizer.identity_source, request, event)
            if text is None:
                return _unauthorized(
                    f"the request lacks `{authorizer.identity_source}`, the identity source of the"
                    f" authorizer `{authorizer.name}`",
                    challenge="Bearer",
                )
            claims = await self._verify(text, (authorizer.issuer,))
            check_audience(claims, authorizer.audience)
        except TokenError as error:
            challenge = _challenge(route, "invalid_token", error.description)
            return _unauthorized(_refusal(authorizer, error), challenge=challenge)
        except KeysUnavailableError as error:
            challenge = _challenge(
                route, "invalid_token", "OIDC discovery endpoint communication error"
            )
            return _unauthorized(_no_keys(authorizer, error), challenge=challenge)
        except ValueError as error:
            return _misconfigured(authorizer, error)
        if route.scopes and not set(route.scopes).intersection(scopes_of(claims)):
            return Refused(
                kind="ACCESS_DENIED",
                headers={
                    "www-authenticate": _challenge(
                        route,
                        "insufficient_scope",
                        "the token does not have a valid scope",
                    )
                },
                reason=_scope_refusal(route, claims),
            )
        scopes = list(route.scopes) or None
        return Allowed(context={"jwt": {"claims": http_claims(claims), "scopes": scopes}})

    async def check_cognito(
        self, route: Route, authorizer: CognitoAuthorizer, request: HttpRequest, event: Event
    ) -> Allowed | Refused:
        """Return whether a token of a user pool allows a request to a REST API.

        A method with scopes needs an access token that has one of them, a method without an ID token.
        """
        try:
            text = _find_token(authorizer.identity_source, request, event)
            if text is None:
                return _unauthorized(
                    f"the request lacks `{authorizer.identity_source}`, the identity source of the"
                    f" authorizer `{authorizer.name}`"
                )
            claims = await self._verify(text, issuers_of(authorizer))
            _check_use(route, claims)
            _check_validation(authorizer, claims)
        except TokenError as error:
            message = _EXPIRED if error.is_expired else None
            return _unauthorized(_refusal(authorizer, error), message=message)
        except KeysUnavailableError as error:
            return Refused(kind="AUTHORIZER_FAILURE", reason=_no_keys(authorizer, error))
        except ValueError as error:
            return _misconfigured(authorizer, error)
        if route.scopes and not set(route.scopes).intersection(scopes_of(claims)):
            return _unauthorized(_scope_refusal(route, claims))
        return Allowed(context={"claims": rest_claims(claims)})

    async def find_problem(
        self, authorizer: JwtAuthorizer | CognitoAuthorizer
    ) -> tuple[str | None, str | None]:
        """Return why an authorizer will refuse all requests, and a hint; None if it will not."""
        try:
            _compile(authorizer.identity_source)
            if isinstance(authorizer, CognitoAuthorizer):
                issuers = issuers_of(authorizer)
            else:
                issuers = (authorizer.issuer,)
        except ValueError as error:
            return str(error), None
        for issuer in issuers:
            if is_stand_in(issuer) and self._keys.local_issuers:
                continue
            try:
                if not await self._keys.load(issuer):
                    return f"there is no RSA key for the signatures of `{issuer}`", KEYS_HINT
            except KeysUnavailableError as error:
                return str(error), KEYS_HINT
        return None, None

    async def close(self) -> None:
        """Cancel requests to issuers."""
        await self._keys.close()

    async def _verify(self, text: str, issuers: Collection[str]) -> Mapping[str, Any]:
        """Return the claims of a token with a valid signature and issuer, at a time when it is valid."""
        try:
            token = read_token(text)
        except UnreadableTokenError as error:
            raise TokenError(
                "the token is malformed", f"the token is malformed: {error}"
            ) from error
        issuer = self._find_issuer(token, issuers)
        if not token.is_rsa:
            raise TokenError(
                "the token has an unsupported signing method",
                f"the token is signed with `{token.algorithm}`, and API Gateway takes RSA only",
            )
        key = await self._keys.find(issuer, token.key_id)
        if key is None:
            raise TokenError(
                "the token has an unknown key",
                f"the issuer `{issuer}` has no RSA key with the ID `{token.key_id}`"
                if token.key_id
                else "the token has no `kid` in its header",
            )
        try:
            self._signatures.check(token, key)
        except UnreadableTokenError as error:
            raise TokenError(
                "the token has an invalid signature", f"the token's signature is wrong: {error}"
            ) from error
        check_times(token.claims, self._now())
        return token.claims

    def _find_issuer(self, token: UnverifiedToken, issuers: Collection[str]) -> str:
        """Return the issuer of a token, if it is one of those that an authorizer trusts.

        Nobody knows the real issuer of a user pool in the template: the keys of a file are trusted then.
        """
        issuer = token.claims.get("iss")
        if isinstance(issuer, str):
            if issuer in issuers:
                return issuer
            stand_ins = [each for each in issuers if is_stand_in(each)]
            if stand_ins and self._keys.has_local(issuer):
                return issuer
            if stand_ins:
                raise KeysUnavailableError(
                    f"only AWS knows the ID of the user pool in `{stand_ins[0]}`"
                )
        expected = ", ".join(f"`{each}`" for each in issuers)
        raise TokenError(
            "the token does not have a valid issuer",
            f"the token's issuer is `{issuer}`, and the authorizer expects {expected}",
        )


def _find_token(source: str, request: HttpRequest, event: Event) -> str | None:
    text = _compile(source)(request, event)
    if text is None:
        return None
    text = text.strip()
    return text[len(_BEARER) :].strip() if text.lower().startswith(_BEARER) else text


@lru_cache(maxsize=256)
def _compile(source: str) -> Callable[[HttpRequest, Event], str | None]:
    return compile_source(source)


def _check_use(route: Route, claims: Mapping[str, Any]) -> None:
    expected = "access" if route.scopes else "id"
    use = claims.get("token_use")
    if use != expected:
        why = "has scopes" if route.scopes else "has no scopes"
        article = "an access token" if route.scopes else "an ID token"
        raise TokenError(
            "the token has another use",
            f"`token_use` is `{use}`, and a method that {why} needs {article}",
        )


def _check_validation(authorizer: CognitoAuthorizer, claims: Mapping[str, Any]) -> None:
    """Check the audience against the validation expression.

    "For COGNITO_USER_POOLS authorizers, API Gateway will match the aud field of the incoming token":
    https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html
    """
    if authorizer.validation is None:
        return
    audience = str(claims.get("aud", claims.get("client_id", "")))
    try:
        is_valid = re.fullmatch(authorizer.validation, audience) is not None
    except re.error as error:
        raise ValueError(
            f"the validation expression `{authorizer.validation}` cannot be read: {error}"
        ) from error
    if not is_valid:
        raise TokenError(
            "the token does not have a valid audience",
            f"the token's audience `{audience}` does not match `{authorizer.validation}`",
        )


def _challenge(route: Route, error: str, description: str) -> str:
    scopes = " ".join(route.scopes)
    return f'Bearer scope="{scopes}" error="{error}" error_description="{description}"'


def _unauthorized(
    reason: str, *, message: str | None = None, challenge: str | None = None
) -> Refused:
    headers = {} if challenge is None else {"www-authenticate": challenge}
    return Refused(kind="UNAUTHORIZED", message=message, headers=headers, reason=reason)


def _refusal(authorizer: JwtAuthorizer | CognitoAuthorizer, error: TokenError) -> str:
    return f"the authorizer `{authorizer.name}` refuses the token: {error}"


def _scope_refusal(route: Route, claims: Mapping[str, Any]) -> str:
    needed = ", ".join(f"`{each}`" for each in route.scopes)
    found = ", ".join(f"`{each}`" for each in scopes_of(claims)) or "none"
    return f"the token has none of the scopes {needed}; its own: {found}"


def _no_keys(authorizer: JwtAuthorizer | CognitoAuthorizer, error: KeysUnavailableError) -> str:
    return f"the authorizer `{authorizer.name}` has no keys: {error}; {KEYS_HINT}"


def _misconfigured(authorizer: JwtAuthorizer | CognitoAuthorizer, error: ValueError) -> Refused:
    return Refused(
        kind="AUTHORIZER_CONFIGURATION_ERROR",
        reason=f"the authorizer `{authorizer.name}` is not usable: {error}",
    )
