from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from samlocal.diagnostics import Diagnostic
from samlocal.http_api.authorization import Allowed, Refused
from samlocal.http_api.authorizers.authorizers import RouteAuthorizers
from samlocal.http_api.authorizers.jwks_file import LocalKeys
from samlocal.project.apis import (
    ApiKind,
    CognitoAuthorizer,
    FunctionTarget,
    IamAuthorizer,
    JwtAuthorizer,
    UnsupportedAuthorizer,
)
from tests.unit.http_api.authorizers.fake_functions import FakeFunctions, policy
from tests.unit.http_api.authorizers.guarded_requests import (
    METHOD_ARN,
    http_event,
    make_api,
    make_authorizer,
    make_request,
    make_route,
    rest_event,
)
from tests.unit.http_api.authorizers.token_issuer import public_jwk, serve_issuer, sign
from tests.unit.http_api.gateway_fakes import PLACE

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.project.apis import Api, Authorizer

_UNSUPPORTED = UnsupportedAuthorizer(
    name="Shared",
    diagnostic=Diagnostic(message="the authorizer `Shared` is in another stack", place=PLACE),
)
_COGNITO = CognitoAuthorizer(
    name="Pool", user_pools=("arn:aws:cognito-idp:us-east-1:123456789012:userpool/UserPool",)
)
_REMEDY = "`--jwks FILE` takes keys from a file, and `--disable-authorizer` lets every request in"


def _nothing(diagnostic: Diagnostic) -> None:
    raise AssertionError(diagnostic)


def _authorizers(
    outcome: object = None,
    *,
    local_keys: LocalKeys | None = None,
    is_disabled: bool = False,
    report: Callable[[Diagnostic], None] = _nothing,
) -> RouteAuthorizers:
    return RouteAuthorizers(
        FakeFunctions(outcome), report=report, local_keys=local_keys, is_disabled=is_disabled
    )


async def _check(
    authorizers: RouteAuthorizers,
    authorizer: Authorizer | None,
    kind: ApiKind = ApiKind.REST,
    token: str = "secret",  # noqa: S107  # made up
) -> Allowed | Refused:
    event = http_event() if kind is ApiKind.HTTP else rest_event()
    request = make_request(("Authorization", token))
    async with authorizers:
        return await authorizers.check(
            make_api(kind), make_route(authorizer), request, event, METHOD_ARN
        )


async def test_a_route_without_authorizer_is_open() -> None:
    """The event gets no context."""
    assert await _check(_authorizers(), None) == Allowed()


@pytest.mark.parametrize("authorizer", [make_authorizer(), _COGNITO, _UNSUPPORTED, IamAuthorizer()])
async def test_authorizers_can_be_switched_off(authorizer: Authorizer) -> None:
    """No function runs and no token is checked; nothing is said at the start."""
    authorizers = _authorizers(is_disabled=True)
    assert await _check(authorizers, authorizer) == Allowed()
    api = replace(make_api(), routes=(make_route(authorizer),))
    assert await authorizers.find_problems([api]) == ()


async def test_functions_decide() -> None:
    """A Lambda authorizer runs its function."""
    assert isinstance(await _check(_authorizers(policy()), make_authorizer()), Allowed)


async def test_results_are_made_again_after_a_change() -> None:
    """A kept result is dropped when the functions' code has changed."""
    functions, revisions = FakeFunctions(policy()), [1, 1, 1, 2, 2]
    authorizer = make_authorizer(cache_seconds=300)
    async with RouteAuthorizers(
        functions, report=_nothing, revision=lambda: revisions.pop(0)
    ) as authorizers:
        calls = []
        while revisions:
            verdict = await authorizers.check(
                make_api(),
                make_route(authorizer),
                make_request(("Authorization", "secret")),
                rest_event(),
                METHOD_ARN,
            )
            assert isinstance(verdict, Allowed)
            calls.append(len(functions.calls))
    assert calls == [1, 1, 2, 2]


async def test_a_signature_gives_an_http_api_its_caller() -> None:
    """Everybody is let in; events of REST APIs have their own place for callers."""
    signature = "AWS4-HMAC-SHA256 Credential=test/20261127/us-east-1/execute-api/aws4_request"
    allowed = await _check(_authorizers(), IamAuthorizer(), ApiKind.HTTP, signature)
    assert isinstance(allowed, Allowed)
    context: Any = allowed.context
    assert (context["iam"]["accessKey"], context["iam"]["accountId"]) == ("test", "123456789012")
    assert await _check(_authorizers(), IamAuthorizer(), token=signature) == Allowed(
        identity={
            "accessKey": "test",
            "accountId": "123456789012",
            "caller": "123456789012",
            "user": "123456789012",
            "userArn": "arn:aws:iam::123456789012:root",
        }
    )


async def test_an_unsupported_authorizer_refuses_with_its_words() -> None:
    """The reason is what the reader of the template said, with a remedy."""
    assert await _check(_authorizers(), _UNSUPPORTED) == Refused(
        kind="AUTHORIZER_CONFIGURATION_ERROR",
        reason="the authorizer `Shared` is in another stack; `--disable-authorizer` lets every request in",
        place=PLACE,
    )


async def test_an_unsupported_authorizer_is_named() -> None:
    """Its name is said where the reader of the template has said another one only."""
    authorizer = UnsupportedAuthorizer(
        name="Gone", diagnostic=Diagnostic(message="no resource `Missing`")
    )
    refused = await _check(_authorizers(), authorizer)
    assert isinstance(refused, Refused)
    assert str(refused.reason).startswith(
        "the authorizer `Gone` is not usable: no resource `Missing`"
    )
    (problem,) = await _authorizers().find_problems(_apis(authorizer))
    assert problem.message == (
        "the authorizer `Gone` of `Shop` refuses every request: no resource `Missing`"
    )


async def test_tokens_are_checked_with_the_keys_of_a_real_issuer() -> None:
    """The issuer's server is asked for its keys; nothing is to be said at the start."""
    with serve_issuer() as issuer:
        authorizer = JwtAuthorizer(name="Token", issuer=issuer.url, audience=("web",))
        api = replace(make_api(ApiKind.HTTP), routes=(make_route(authorizer),))
        authorizers = _authorizers()
        assert await authorizers.find_problems([api]) == ()
        token = sign({"iss": issuer.url, "aud": "web", "exp": 4_000_000_000})
        assert isinstance(await _check(authorizers, authorizer, ApiKind.HTTP, token), Allowed)
        assert issuer.paths == ["/.well-known/openid-configuration", "/keys"]


async def test_pools_of_a_template_need_keys_of_a_file() -> None:
    """A REST API checks the tokens of a pool that exists in the template only."""
    claims = {"iss": "http://local/pool", "exp": 4_000_000_000, "token_use": "id"}
    local = LocalKeys(path=Path("jwks.json"), of_any_issuer=(public_jwk("first"),))
    allowed = await _check(_authorizers(local_keys=local), _COGNITO, token=sign(claims))
    assert isinstance(allowed, Allowed)
    refused = await _check(_authorizers(), _COGNITO, token=sign(claims))
    assert isinstance(refused, Refused)
    assert _REMEDY in (refused.reason or "")


async def test_a_token_cannot_disturb_the_terminal() -> None:
    """Control characters of a client's token are escaped in the reason."""
    local = LocalKeys(path=Path("jwks.json"), of_any_issuer=(public_jwk("first"),))
    authorizer = JwtAuthorizer(name="Token", issuer="https://a.example", audience=())
    refused = await _check(
        _authorizers(local_keys=local),
        authorizer,
        ApiKind.HTTP,
        sign({"iss": "\x1b[2J\nfake line"}),
    )
    assert isinstance(refused, Refused)
    assert "the token's issuer is `\\x1b[2J\\nfake line`" in (refused.reason or "")


async def test_a_file_without_usable_keys_is_named() -> None:
    """Keys of other kinds sign no token that API Gateway takes."""
    local = LocalKeys(path=Path("jwks.json"), of_any_issuer=({"kty": "EC", "kid": "first"},))
    (problem,) = await _authorizers(local_keys=local).find_problems(_apis(_COGNITO))
    assert problem.message.endswith(
        "there is no RSA key for the signatures of `https://cognito-idp.us-east-1.amazonaws.com/UserPool`"
    )


def _apis(*authorizers: Authorizer) -> list[Api]:
    routes = tuple(make_route(each) for each in authorizers)
    return [replace(make_api(), routes=routes), replace(make_api(), routes=routes)]


@pytest.mark.parametrize(
    ("authorizer", "problem"),
    [
        pytest.param(make_authorizer(), None, id="usable"),
        pytest.param(
            IamAuthorizer(),
            Diagnostic(
                message="requests to routes and URLs with `AWS_IAM` are let in, whoever signed them"
            ),
            id="IAM",
        ),
        pytest.param(_UNSUPPORTED, _UNSUPPORTED.diagnostic, id="unsupported"),
        pytest.param(
            make_authorizer(identity_sources=("Auth",)),
            Diagnostic(
                message="the authorizer `Guard` of `Shop` refuses every request: `Auth` is not an identity"
                " source",
                hint="`--disable-authorizer` lets every request in",
            ),
            id="identity source",
        ),
        pytest.param(
            make_authorizer(target=FunctionTarget(function="Absent")),
            Diagnostic(
                message="the authorizer `Guard` of `Shop` refuses every request: its function cannot run: no"
                " function `Absent`",
                hint="`--disable-authorizer` lets every request in",
            ),
            id="function",
        ),
        pytest.param(
            _COGNITO,
            Diagnostic(
                message="the authorizer `Pool` of `Shop` refuses every request: only AWS knows the ID of the"
                " user pool in `https://cognito-idp.us-east-1.amazonaws.com/UserPool`",
                hint=_REMEDY,
            ),
            id="pool of the template",
        ),
        pytest.param(
            JwtAuthorizer(name="Token", issuer="http://127.0.0.1:1", audience=()),
            Diagnostic(
                message="the authorizer `Token` of `Shop` refuses every request:"
                " `http://127.0.0.1:1/.well-known/openid-configuration` cannot be read: Connection refused",
                hint=_REMEDY,
            ),
            id="issuer away",
        ),
    ],
)
async def test_problems_are_named_at_the_start(
    authorizer: Authorizer, problem: Diagnostic | None
) -> None:
    """Each is named once, however many routes have the authorizer."""
    expected = () if problem is None else (problem,)
    assert await _authorizers().find_problems(_apis(authorizer, authorizer)) == expected


async def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyJWT the start and each refused request say what to install."""
    package = "samlocal.http_api.authorizers"
    for name in ("issuer_keys", "token_signatures", "token_authorizers"):
        monkeypatch.delitem(sys.modules, f"{package}.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "jwt", None)
    (problem,) = await _authorizers().find_problems(_apis(_COGNITO))
    assert problem == Diagnostic(
        message="the authorizer `Pool` of `Shop` refuses every request: checking tokens needs PyJWT and"
        " cryptography, which are not installed",
        hint="`pip install '.[jwt]'` in a checkout of samlocal installs them, and"
        " `--disable-authorizer` lets every request in",
    )
    refused = await _check(_authorizers(), _COGNITO)
    assert isinstance(refused, Refused)
    assert refused.kind == "AUTHORIZER_CONFIGURATION_ERROR"
    assert "`pip install '.[jwt]'`" in (refused.reason or "")


async def test_urls_with_iam_are_named_at_the_start() -> None:
    """A function URL says so by its API, not by its route; it is named once with routes of the same kind."""
    url = replace(make_api(ApiKind.FUNCTION_URL), routes=(make_route(None),))
    assert await _authorizers().find_problems([url]) == ()
    guarded = replace(url, takes_any_caller=False)
    (said,) = await _authorizers().find_problems([guarded, *_apis(IamAuthorizer())])
    assert "URLs with `AWS_IAM`" in said.message


async def test_what_is_said_with_the_api_is_said_once() -> None:
    """A failure of the API that is its authorizer's, too, is not repeated at the start."""
    api = replace(make_api(), routes=(make_route(_UNSUPPORTED),))
    assert len(await _authorizers().find_problems([api])) == 1
    told = replace(api, failures=(_UNSUPPORTED.diagnostic,))
    assert await _authorizers().find_problems([told]) == ()
