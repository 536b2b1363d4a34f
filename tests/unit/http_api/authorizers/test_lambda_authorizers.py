from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from samlocal.errors import FunctionNotFoundError, ThrottledError
from samlocal.http_api.authorization import Allowed, Refused
from samlocal.http_api.authorizers.lambda_authorizers import LambdaAuthorizers
from samlocal.invocation import FunctionError
from samlocal.project.apis import ApiKind, FunctionTarget
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

if TYPE_CHECKING:
    from samlocal.diagnostics import Diagnostic
    from samlocal.http_api.exchange import HttpRequest
    from samlocal.project.apis import LambdaAuthorizer

_SIGNED = make_request(("Authorization", "secret"))


class _World:
    """Lambda authorizers with fake functions and a clock."""

    def __init__(self, outcome: object, limit_seconds: float | None = None) -> None:
        self.functions = FakeFunctions(outcome)
        self.reported: list[Diagnostic] = []
        self.now = 0.0
        self.authorizers = LambdaAuthorizers(
            self.functions,
            report=self.reported.append,
            clock=lambda: self.now,
            limit_seconds=limit_seconds,
        )

    async def check(
        self,
        authorizer: LambdaAuthorizer,
        request: HttpRequest = _SIGNED,
        *,
        kind: ApiKind = ApiKind.REST,
        event: dict[str, Any] | None = None,
        method_arn: str = METHOD_ARN,
    ) -> Allowed | Refused:
        default = http_event() if kind is ApiKind.HTTP else rest_event()
        return await self.authorizers.check(
            make_api(kind),
            make_route(authorizer),
            authorizer,
            request,
            event or default,
            method_arn,
        )


def _token(**changed: object) -> LambdaAuthorizer:
    return make_authorizer(kind="TOKEN", **changed)


def _http(**changed: object) -> LambdaAuthorizer:
    defaults = {"payload": "2.0", "identity_sources": ("$request.header.Authorization",)}
    return make_authorizer(**(defaults | changed))


async def test_a_rest_request_that_is_allowed() -> None:
    """The context has the principal, the latency, and the authorizer's values as text."""
    world = _World(policy(context={"level": 7}, usageIdentifierKey="key-1"))
    allowed = await world.check(_token())
    assert isinstance(allowed, Allowed)
    latency = dict(allowed.context or {}).pop("integrationLatency")
    assert isinstance(latency, int)
    assert allowed == Allowed(
        context={"level": "7", "principalId": "ann", "integrationLatency": latency},
        api_key="key-1",
    )


async def test_the_function_gets_the_trace_and_its_qualifier() -> None:
    """The invocation belongs to the trace of the request; its request ID is its own."""
    world = _World(policy())
    await world.check(_token(target=FunctionTarget(function="Shop/Guard", qualifier="live")))
    (call,) = world.functions.calls
    assert (call.function, call.qualifier) == ("Shop/Guard", "live")
    assert call.trace_id == _SIGNED.trace_header
    assert call.request_id != _SIGNED.request_id


@pytest.mark.parametrize(
    ("kind", "authorizer", "members"),
    [
        (ApiKind.REST, _token(), {"type", "methodArn", "authorizationToken"}),
        (
            ApiKind.REST,
            make_authorizer(),
            {"type", "methodArn"} | rest_event().keys() - {"body", "isBase64Encoded"},
        ),
        (
            ApiKind.WEBSOCKET,
            make_authorizer(identity_sources=("route.request.header.authorization",)),
            {"type", "methodArn"} | rest_event().keys() - {"body", "isBase64Encoded"},
        ),
        (
            ApiKind.HTTP,
            _http(),
            {"type", "routeArn", "identitySource"}
            | http_event().keys() - {"body", "isBase64Encoded"},
        ),
        (
            ApiKind.HTTP,
            _http(payload="1.0"),
            {
                "version",
                "type",
                "methodArn",
                "identitySource",
                "authorizationToken",
                "resource",
                "path",
            }
            | {"httpMethod", "headers", "queryStringParameters", "pathParameters", "stageVariables"}
            | {"requestContext"},
        ),
    ],
    ids=["token", "request", "websocket", "http 2.0", "http 1.0"],
)
async def test_each_kind_has_its_event(
    kind: ApiKind, authorizer: LambdaAuthorizer, members: set[str]
) -> None:
    """The API's kind, the authorizer's kind and its payload version choose the event."""
    world = _World(policy())
    assert isinstance(await world.check(authorizer, kind=kind), Allowed)
    assert world.functions.events[0].keys() == members


@pytest.mark.parametrize(
    ("result", "context"),
    [
        (policy(context={"n": 1, "list": [True]}), {"lambda": {"n": 1, "list": [True]}}),
        (policy(), {"lambda": None}),
    ],
)
async def test_http_apis_keep_types(result: object, context: object) -> None:
    """The context of an HTTP API is below `lambda`, as the function returned it."""
    assert await _World(result).check(_http(), kind=ApiKind.HTTP) == Allowed(
        context=context  # type: ignore[arg-type]  # an object
    )


async def test_simple_responses_allow_and_deny() -> None:
    """A simple response needs no policy."""
    world = _World({"isAuthorized": True, "context": {"n": 1}})
    allowed = await world.check(_http(is_simple=True), kind=ApiKind.HTTP)
    assert allowed == Allowed(context={"lambda": {"n": 1}})
    world.functions.outcome = {"isAuthorized": False}
    refused = await world.check(_http(is_simple=True), kind=ApiKind.HTTP)
    assert isinstance(refused, Refused)
    assert refused.kind == "ACCESS_DENIED"
    assert refused.reason == "the authorizer `Guard` returned `isAuthorized: false`"


@pytest.mark.parametrize(
    ("authorizer", "request_"),
    [
        pytest.param(_token(), make_request(), id="no token"),
        pytest.param(_token(), make_request(("Authorization", "")), id="empty token"),
        pytest.param(
            make_authorizer(
                identity_sources=("method.request.header.Authorization", "stageVariables.none")
            ),
            _SIGNED,
            id="one of two sources",
        ),
        pytest.param(_token(validation="Bearer .+"), _SIGNED, id="another form"),
        pytest.param(_token(validation="sec"), _SIGNED, id="a part of the token"),
    ],
)
async def test_without_an_identity_no_function_runs(
    authorizer: LambdaAuthorizer, request_: HttpRequest
) -> None:
    """A missing source, and a token that is not all of the expected form, is a 401."""
    world = _World(policy())
    refused = await world.check(authorizer, request_)
    assert isinstance(refused, Refused)
    assert refused.kind == "UNAUTHORIZED"
    assert world.functions.calls == []


async def test_without_sources_the_function_always_runs() -> None:
    """A REQUEST authorizer without identity sources is neither refused nor cached."""
    world = _World(policy())
    authorizer = make_authorizer(identity_sources=(), cache_seconds=300)
    for _ in range(2):
        assert isinstance(await world.check(authorizer, make_request()), Allowed)
    assert len(world.functions.calls) == 2


async def test_a_token_of_the_expected_form_is_checked() -> None:
    """The whole token matches the expression, which is one of Java's."""
    for expression in ("s.cret", "(?<first>s)(?<!x)[a-z]++"):
        allowed = await _World(policy()).check(_token(validation=expression))
        assert isinstance(allowed, Allowed)


@pytest.mark.parametrize(
    ("effect", "resource", "is_explicit", "reason"),
    [
        (
            "Deny",
            "*",
            True,
            f"a statement in the policy of the authorizer `Guard` denies `{METHOD_ARN}`",
        ),
        (
            "Allow",
            "*/POST/*",
            False,
            f"no statement in the policy of the authorizer `Guard` allows `{METHOD_ARN}`",
        ),
    ],
)
async def test_denials_tell_a_deny_from_nothing(
    effect: str, resource: str, reason: str, *, is_explicit: bool
) -> None:
    """The response of API Gateway differs, and so does the line in the terminal."""
    refused = await _World(policy(resource, effect)).check(_token())
    assert isinstance(refused, Refused)
    assert refused.context is not None
    assert refused.context["principalId"] == "ann"
    assert replace(refused, context=None) == Refused(
        kind="ACCESS_DENIED", is_explicit_deny=is_explicit, reason=reason
    )


@pytest.mark.parametrize(
    ("outcome", "kind", "reason"),
    [
        pytest.param(
            FunctionError(type="Exception", message="Unauthorized"),
            "UNAUTHORIZED",
            "the authorizer `Guard` raised `Unauthorized`",
            id="unauthorized",
        ),
        pytest.param(
            FunctionError(type="KeyError", message="'sub'"),
            "AUTHORIZER_CONFIGURATION_ERROR",
            "the authorizer `Guard` is not usable: its function failed: KeyError: 'sub'",
            id="another error",
        ),
        pytest.param(
            FunctionError(type="Sandbox.Timedout", message="timed out after 3.00 seconds"),
            "AUTHORIZER_CONFIGURATION_ERROR",
            "the authorizer `Guard` is not usable: its function failed: Sandbox.Timedout: timed out"
            " after 3.00 seconds",
            id="timeout",
        ),
        pytest.param(
            {"principalId": "ann"},
            "AUTHORIZER_CONFIGURATION_ERROR",
            "the authorizer `Guard` is not usable: its result has no `policyDocument`",
            id="no policy",
        ),
        pytest.param(
            FunctionNotFoundError("no function `GuardFunction`", hint="did you mean `Guard`?"),
            "AUTHORIZER_CONFIGURATION_ERROR",
            "the authorizer `Guard` is not usable: its function cannot run: no function `GuardFunction`"
            " (did you mean `Guard`?)",
            id="no function",
        ),
        pytest.param(
            ThrottledError("all environments are busy", reason="x"),
            "AUTHORIZER_CONFIGURATION_ERROR",
            "the authorizer `Guard` is not usable: its function cannot run: all environments are busy",
            id="throttled",
        ),
    ],
)
async def test_failures_are_not_cached(outcome: object, kind: str, reason: str) -> None:
    """`Unauthorized` is a 401, all else an error of the configuration; the next request tries again."""
    world = _World(outcome)
    for _ in range(2):
        refused = await world.check(_token(cache_seconds=300))
        assert isinstance(refused, Refused)
        assert (refused.kind, refused.reason) == (kind, reason)
    assert len(world.functions.calls) == 2


@pytest.mark.parametrize(
    ("authorizer", "problem"),
    [
        (
            make_authorizer(identity_sources=("Authorization",)),
            "`Authorization` is not an identity source",
        ),
        (
            _token(identity_sources=()),
            "a TOKEN authorizer needs one identity source, a header",
        ),
        (
            _token(validation="("),
            "the validation expression `(` cannot be read: missing ), unterminated subpattern at position 0",
        ),
    ],
)
async def test_a_broken_configuration_is_named(authorizer: LambdaAuthorizer, problem: str) -> None:
    """The reason names what is wrong in the template."""
    refused = await _World(policy()).check(authorizer)
    assert refused == Refused(
        kind="AUTHORIZER_CONFIGURATION_ERROR",
        reason=f"the authorizer `Guard` is not usable: {problem}",
    )


async def test_a_result_is_used_again_for_its_time() -> None:
    """The function runs once in the time of its results, for a token; again for another, and after."""
    world = _World(policy())
    other = make_request(("Authorization", "another"))
    authorizer = _token(cache_seconds=300)
    assert isinstance(await world.check(authorizer), Allowed)
    world.now = 299.9
    allowed = await world.check(authorizer)
    assert isinstance(allowed, Allowed)
    assert (allowed.context or {})["integrationLatency"] == 0
    assert len(world.functions.calls) == 1
    await world.check(authorizer, other)
    assert len(world.functions.calls) == 2
    world.now = 300.0
    await world.check(authorizer)
    assert len(world.functions.calls) == 3


async def test_a_cached_policy_decides_about_other_methods() -> None:
    """A policy for one method denies the next, without another invocation."""
    world = _World(policy("*/GET/*"))
    authorizer = _token(cache_seconds=300)
    assert isinstance(await world.check(authorizer), Allowed)
    refused = await world.check(authorizer, method_arn=METHOD_ARN.replace("GET", "POST"))
    assert isinstance(refused, Refused)
    assert refused.kind == "ACCESS_DENIED"
    assert "its result is used again for 300 s" in (refused.reason or "")
    assert len(world.functions.calls) == 1


async def test_a_denial_is_cached() -> None:
    """The function does not run again for a token that it denied."""
    world = _World(policy(effect="Deny"))
    for _ in range(2):
        assert isinstance(await world.check(_token(cache_seconds=300)), Refused)
    assert len(world.functions.calls) == 1


@pytest.mark.parametrize("changed", ["q", "tenant", "both"])
async def test_all_identity_sources_are_the_key(changed: str) -> None:
    """A result is for a combination of values."""
    world = _World(policy())
    sources = ("method.request.querystring.q", "stageVariables.tenant")
    authorizer = make_authorizer(identity_sources=sources, cache_seconds=300)
    await world.check(authorizer)
    event = rest_event(
        queryStringParameters={"q": "tea" if changed == "tenant" else "milk"},
        stageVariables={"tenant": "blue" if changed == "q" else "green"},
    )
    await world.check(authorizer, event=event)
    await world.check(authorizer, make_request(("X-Other", "1")))
    assert len(world.functions.calls) == 2


async def test_without_a_time_each_request_runs_the_function() -> None:
    """`AuthorizerResultTtlInSeconds: 0` switches caching off."""
    world = _World(policy())
    for _ in range(3):
        await world.check(_token())
    assert len(world.functions.calls) == 3


async def test_requests_at_the_same_time_run_the_function_once() -> None:
    """Requests with one token wait for the one invocation."""
    world = _World(policy())
    world.functions.gate.clear()
    checks = [asyncio.create_task(world.check(_token(cache_seconds=300))) for _ in range(20)]
    await world.functions.started.wait()
    world.functions.gate.set()
    assert all(isinstance(each, Allowed) for each in await asyncio.gather(*checks))
    assert len(world.functions.calls) == 1


async def test_a_slow_function_is_an_error_and_its_result_is_kept() -> None:
    """The client gets an error at the limit; the next request has the result."""
    world = _World(policy(), limit_seconds=0.01)
    world.functions.gate.clear()
    authorizer = _token(cache_seconds=300)
    assert await world.check(authorizer) == Refused(
        kind="AUTHORIZER_CONFIGURATION_ERROR",
        reason="the authorizer `Guard` is not usable: its function takes longer than 0.01 seconds",
    )
    world.functions.gate.set()
    await asyncio.gather(*world.authorizers._cache._tasks)
    assert isinstance(await world.check(authorizer), Allowed)
    assert len(world.functions.calls) == 1


async def test_forgotten_results_are_made_again() -> None:
    """A change of the code takes effect in spite of the cache."""
    world = _World(policy())
    await world.check(_token(cache_seconds=300))
    world.authorizers.forget()
    await world.check(_token(cache_seconds=300))
    assert len(world.functions.calls) == 2


async def test_conditions_are_reported_once() -> None:
    """A policy with conditions is said to be evaluated without them."""
    result = policy()
    document: Any = result["policyDocument"]
    document["Statement"][0]["Condition"] = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    world = _World(result)
    for _ in range(2):
        assert isinstance(await world.check(_token()), Allowed)
    assert [each.message for each in world.reported] == [
        "the policy of the authorizer `Guard` has conditions (`IpAddress`), which count as met here"
    ]
