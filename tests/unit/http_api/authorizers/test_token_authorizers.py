from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import jwt
import pytest

from samlocal.http_api.authorization import Allowed, Refused
from samlocal.http_api.authorizers.issuer_discovery import KeysUnavailableError
from samlocal.http_api.authorizers.issuer_keys import IssuerKeys
from samlocal.http_api.authorizers.jwks_file import LocalKeys
from samlocal.http_api.authorizers.token_authorizers import TokenAuthorizers
from samlocal.project.apis import CognitoAuthorizer, JwtAuthorizer
from tests.unit.http_api.authorizers.guarded_requests import (
    http_event,
    make_request,
    make_route,
    rest_event,
)
from tests.unit.http_api.authorizers.token_issuer import NOW, private_key, public_jwk, sign

_ISSUER = "https://issuer.example"
_POOL = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab9"
_STAND_IN = "https://cognito-idp.eu-west-1.amazonaws.com/UserPool"
_JWT = JwtAuthorizer(name="Token", issuer=_ISSUER, audience=("web",))
_COGNITO = CognitoAuthorizer(
    name="Pool", user_pools=("arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Ab9",)
)
_CLAIMS: dict[str, Any] = {"iss": _ISSUER, "aud": "web", "exp": NOW + 60, "sub": "ann"}
_ID: dict[str, Any] = {"iss": _POOL, "aud": "app", "exp": NOW + 60, "token_use": "id"}
_ACCESS: dict[str, Any] = {
    "iss": _POOL,
    "client_id": "app",
    "exp": NOW + 60,
    "token_use": "access",
    "scope": "read write",
}


def _authorizers(*, by_issuer: bool = False) -> TokenAuthorizers:
    keys = (public_jwk("first"), {"kty": "EC", "kid": "ec"})
    local = (
        LocalKeys(path=Path("jwks.json"), by_issuer={_ISSUER: keys, "http://local/pool": keys})
        if by_issuer
        else LocalKeys(path=Path("jwks.json"), of_any_issuer=keys)
    )
    return TokenAuthorizers(IssuerKeys(local), now=lambda: NOW)


async def _check_jwt(
    token: str | None,
    authorizer: JwtAuthorizer = _JWT,
    scopes: tuple[str, ...] = (),
    authorizers: TokenAuthorizers | None = None,
) -> Allowed | Refused:
    headers = [] if token is None else [("authorization", token)]
    return await (authorizers or _authorizers()).check_jwt(
        make_route(authorizer, scopes), authorizer, make_request(*headers), http_event()
    )


async def _check_cognito(
    token: str | None,
    authorizer: CognitoAuthorizer = _COGNITO,
    scopes: tuple[str, ...] = (),
    authorizers: TokenAuthorizers | None = None,
) -> Allowed | Refused:
    headers = [] if token is None else [("Authorization", token)]
    return await (authorizers or _authorizers()).check_cognito(
        make_route(authorizer, scopes), authorizer, make_request(*headers), rest_event()
    )


@pytest.mark.parametrize("prefix", ["", "Bearer ", "bearer  "])
@pytest.mark.parametrize("algorithm", ["RS256", "RS512", "PS384"])
async def test_a_valid_token_lets_a_request_in(prefix: str, algorithm: str) -> None:
    """Claims are passed on as text; `scopes` is null for a route without."""
    assert await _check_jwt(prefix + sign(_CLAIMS, algorithm=algorithm)) == Allowed(
        context={
            "jwt": {
                "claims": {"iss": _ISSUER, "aud": "web", "exp": f"{NOW + 60}", "sub": "ann"},
                "scopes": None,
            }
        }
    )


async def test_a_request_without_a_token_is_told_the_scheme() -> None:
    """The client learns that a bearer token is needed."""
    refused = await _check_jwt(None)
    assert refused == Refused(
        kind="UNAUTHORIZED",
        headers={"www-authenticate": "Bearer"},
        reason="the request lacks `$request.header.Authorization`, the identity source of the authorizer"
        " `Token`",
    )


def _without_signature(claims: dict[str, Any]) -> str:
    parts = ({"alg": "none", "kid": "first"}, claims)
    encoded = (base64.urlsafe_b64encode(json.dumps(each).encode()).decode() for each in parts)
    return ".".join(each.rstrip("=") for each in encoded) + "."


def _tampered(token: str) -> str:
    header, claims, signature = token.split(".")
    decoded = json.loads(base64.urlsafe_b64decode(claims + "=="))
    changed = json.dumps(decoded | {"sub": "eve"}).encode()
    return f"{header}.{base64.urlsafe_b64encode(changed).decode().rstrip('=')}.{signature}"


_PUBLIC_BYTES = public_jwk("first")["n"]

_REFUSED = [
    pytest.param("token", "the token is malformed", "Not enough segments", id="no token"),
    pytest.param("a.b.c", "the token is malformed", "malformed", id="three parts"),
    pytest.param(
        sign(_CLAIMS | {"iss": "https://other.example"}),
        "the token does not have a valid issuer",
        "issuer is `https://other.example`, and the authorizer expects `https://issuer.example`",
        id="issuer",
    ),
    pytest.param(
        sign({name: value for name, value in _CLAIMS.items() if name != "iss"}),
        "the token does not have a valid issuer",
        "issuer is `None`",
        id="no issuer",
    ),
    pytest.param(
        sign(_CLAIMS | {"aud": "app"}),
        "the token does not have a valid audience",
        '`aud` is "app", and the authorizer expects `web`',
        id="audience",
    ),
    pytest.param(
        sign(_CLAIMS | {"exp": NOW}), "the token has expired", "expired 0 seconds ago", id="expired"
    ),
    pytest.param(
        sign(_CLAIMS, key="second"),
        "the token has an unknown key",
        "has no RSA key with the ID `second`",
        id="unknown key",
    ),
    pytest.param(
        jwt.encode(_CLAIMS, private_key("first"), algorithm="RS256"),
        "the token has an unknown key",
        "has no `kid`",
        id="no key ID",
    ),
    pytest.param(
        jwt.encode(_CLAIMS, private_key("second"), algorithm="RS256", headers={"kid": "first"}),
        "the token has an invalid signature",
        "Signature verification failed",
        id="another key",
    ),
    pytest.param(
        _tampered(sign(_CLAIMS)),
        "the token has an invalid signature",
        "Signature verification failed",
        id="changed claims",
    ),
    pytest.param(
        _without_signature(_CLAIMS),
        "the token has an unsupported signing method",
        "signed with `none`",
        id="no signature",
    ),
    pytest.param(
        jwt.encode(_CLAIMS, _PUBLIC_BYTES, algorithm="HS256", headers={"kid": "first"}),
        "the token has an unsupported signing method",
        "signed with `HS256`, and API Gateway takes RSA only",
        id="the public key as a secret",
    ),
]


@pytest.mark.parametrize(("token", "description", "reason"), _REFUSED)
async def test_a_wrong_token_is_refused(token: str, description: str, reason: str) -> None:
    """The client gets a short description as in the developer guide, the terminal all details."""
    refused = await _check_jwt(token)
    assert isinstance(refused, Refused)
    assert refused.kind == "UNAUTHORIZED"
    assert refused.headers == {
        "www-authenticate": f'Bearer scope="" error="invalid_token" error_description="{description}"'
    }
    assert "the authorizer `Token` refuses the token: " in (refused.reason or "")
    assert reason in (refused.reason or "")


async def test_a_known_token_still_expires_and_loses_its_key() -> None:
    """A signature is checked once for a key; times are checked each time, and a new key of that name anew."""
    now = float(NOW)
    published = [public_jwk("first")]
    ticks = 0.0

    async def fetch(_issuer: str) -> Any:  # noqa: ANN401  # keys
        return tuple(published)

    keys = IssuerKeys(clock=lambda: ticks, fetch=fetch)
    authorizers = TokenAuthorizers(keys, now=lambda: now)
    token = sign(_CLAIMS)
    for _ in range(2):
        assert isinstance(await _check_jwt(token, authorizers=authorizers), Allowed)
    published[:] = [public_jwk("second", kid="first")]
    ticks += 7200
    refused = await _check_jwt(token, authorizers=authorizers)
    assert isinstance(refused, Refused)
    assert "signature" in (refused.reason or "")
    published[:] = [public_jwk("first")]
    ticks += 7200
    now += 60
    refused = await _check_jwt(token, authorizers=authorizers)
    assert isinstance(refused, Refused)
    assert "expired" in (refused.reason or "")


async def test_one_scope_of_a_route_is_enough() -> None:
    """The event has the scopes of the route."""
    allowed = await _check_jwt(sign(_CLAIMS | {"scope": "write"}), scopes=("read", "write"))
    assert isinstance(allowed, Allowed)
    context: Any = allowed.context
    assert context["jwt"]["scopes"] == ["read", "write"]


async def test_a_token_without_scope_is_forbidden() -> None:
    """A valid token that may do something else is a 403."""
    refused = await _check_jwt(sign(_CLAIMS | {"scp": ["other"]}), scopes=("read", "write"))
    assert refused == Refused(
        kind="ACCESS_DENIED",
        headers={
            "www-authenticate": 'Bearer scope="read write" error="insufficient_scope"'
            ' error_description="the token does not have a valid scope"'
        },
        reason="the token has none of the scopes `read`, `write`; its own: `other`",
    )


async def test_a_token_may_be_in_the_query() -> None:
    """The identity source is the authorizer's."""
    authorizer = JwtAuthorizer(
        name="Token", issuer=_ISSUER, audience=("web",), identity_source="$request.querystring.t"
    )
    allowed = await _authorizers().check_jwt(
        make_route(authorizer),
        authorizer,
        make_request(),
        http_event(queryStringParameters={"t": sign(_CLAIMS)}),
    )
    assert isinstance(allowed, Allowed)


async def test_without_keys_requests_are_refused_with_a_remedy() -> None:
    """The client gets a 401, and the line in the terminal names both options."""

    async def fail(issuer: str) -> Any:  # noqa: ANN401  # never returns
        raise KeysUnavailableError(f"`{issuer}` is away")

    authorizers = TokenAuthorizers(IssuerKeys(fetch=fail), now=lambda: NOW)
    remedy = (
        "; `--jwks FILE` takes keys from a file, and `--disable-authorizer` lets every request in"
    )
    refused = await _check_jwt(sign(_CLAIMS), authorizers=authorizers)
    assert isinstance(refused, Refused)
    assert refused.kind == "UNAUTHORIZED"
    assert "OIDC discovery endpoint communication error" in refused.headers["www-authenticate"]
    assert refused.reason == f"the authorizer `Token` has no keys: `{_ISSUER}` is away{remedy}"
    refused = await _check_cognito(sign(_ID), authorizers=authorizers)
    assert refused == Refused(
        kind="AUTHORIZER_FAILURE",
        reason=f"the authorizer `Pool` has no keys: `{_POOL}` is away{remedy}",
    )


@pytest.mark.parametrize("prefix", ["", "Bearer "])
async def test_an_id_token_of_a_pool_lets_a_request_in(prefix: str) -> None:
    """The event has `claims` as REST APIs write them."""
    assert await _check_cognito(prefix + sign(_ID)) == Allowed(
        context={
            "claims": {
                "iss": _POOL,
                "aud": "app",
                "exp": "Tue Nov 14 22:14:20 UTC 2023",
                "token_use": "id",
            }
        }
    )


async def test_a_method_with_scopes_takes_access_tokens() -> None:
    """One of the scopes is enough."""
    allowed = await _check_cognito(sign(_ACCESS), scopes=("write", "delete"))
    assert isinstance(allowed, Allowed)


@pytest.mark.parametrize(
    ("claims", "scopes", "message", "reason"),
    [
        pytest.param(
            _ACCESS,
            (),
            None,
            "`token_use` is `access`, and a method that has no scopes needs an ID token",
            id="access token",
        ),
        pytest.param(
            _ID,
            ("read",),
            None,
            "`token_use` is `id`, and a method that has scopes needs an access token",
            id="ID token",
        ),
        pytest.param(
            _ACCESS,
            ("delete",),
            None,
            "the token has none of the scopes `delete`; its own: `read`, `write`",
            id="scope",
        ),
        pytest.param(
            _ID | {"exp": NOW - 1},
            (),
            "The incoming token has expired",
            "the token expired 1 seconds ago",
            id="expired",
        ),
        pytest.param(
            _ID | {"iss": _POOL + "x"}, (), None, "the token's issuer is", id="another pool"
        ),
    ],
)
async def test_other_tokens_of_pools_are_unauthorized(
    claims: dict[str, Any], scopes: tuple[str, ...], message: str | None, reason: str
) -> None:
    """An expired token has a message of its own."""
    refused = await _check_cognito(sign(claims), scopes=scopes)
    assert isinstance(refused, Refused)
    assert (refused.kind, refused.message, refused.headers) == ("UNAUTHORIZED", message, {})
    assert reason in (refused.reason or "")


async def test_a_request_without_a_token_for_a_pool_is_unauthorized() -> None:
    """The reason names the header."""
    refused = await _check_cognito(None)
    assert isinstance(refused, Refused)
    assert refused.kind == "UNAUTHORIZED"
    assert "`method.request.header.Authorization`" in (refused.reason or "")


@pytest.mark.parametrize(
    ("validation", "kind"),
    [("app", None), ("a", "UNAUTHORIZED"), ("(", "AUTHORIZER_CONFIGURATION_ERROR")],
)
async def test_the_validation_expression_is_for_the_audience(
    validation: str, kind: str | None
) -> None:
    """The whole audience matches; a broken expression is an error of the configuration."""
    authorizer = CognitoAuthorizer(
        name="Pool", user_pools=_COGNITO.user_pools, validation=validation
    )
    result = await _check_cognito(sign(_ID), authorizer)
    assert (result.kind if isinstance(result, Refused) else None) == kind


async def test_a_broken_pool_is_a_configuration_error() -> None:
    """The reason has the text that is not an ARN."""
    authorizer = CognitoAuthorizer(name="Pool", user_pools=("eu-west-1_Ab9",))
    assert await _check_cognito(sign(_ID), authorizer) == Refused(
        kind="AUTHORIZER_CONFIGURATION_ERROR",
        reason="the authorizer `Pool` is not usable: `eu-west-1_Ab9` is not the ARN of a user pool",
    )


async def test_keys_of_a_file_stand_for_a_pool_of_the_template() -> None:
    """Any issuer with keys in the file is trusted where nobody knows the pool's ID; its signature counts."""
    authorizer = JwtAuthorizer(name="Token", issuer=_STAND_IN, audience=("web",))
    local = _CLAIMS | {"iss": "http://local/pool"}
    for authorizers in (_authorizers(), _authorizers(by_issuer=True)):
        allowed = await _check_jwt(sign(local), authorizer, authorizers=authorizers)
        assert isinstance(allowed, Allowed)
        refused = await _check_jwt(_tampered(sign(local)), authorizer, authorizers=authorizers)
        assert isinstance(refused, Refused)
    unknown = sign(local | {"iss": "http://unknown/pool"})
    refused = await _check_jwt(unknown, authorizer, authorizers=_authorizers(by_issuer=True))
    assert isinstance(refused, Refused)
    assert "only AWS knows the ID of the user pool" in (refused.reason or "")
