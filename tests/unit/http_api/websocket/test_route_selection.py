"""Which route of a WebSocket API a message goes to."""

from __future__ import annotations

import pytest

from samlocal.http_api.websocket.route_selection import RouteTable, parse_selection
from samlocal.project.apis import (
    Api,
    ApiKind,
    FunctionIntegration,
    FunctionTarget,
    Route,
)

_NESTED = '{"x": {"y": "deep", "0": "zero"}, "list": [{"name": "first"}], "a-b": "dash", "n": 7, "t": true}'


@pytest.mark.parametrize(
    ("expression", "body", "key"),
    [
        pytest.param("$request.body.action", '{"action": "join"}', "join", id="documented"),
        pytest.param("${request.body.action}", '{"action": "join"}', "join", id="braces"),
        pytest.param("$request.body.x.y", _NESTED, "deep", id="nested"),
        pytest.param("${request.body.x.y}", _NESTED, "deep", id="nested-braces"),
        pytest.param("${request.body.x.y}-beta", _NESTED, "deep-beta", id="text-behind-braces"),
        pytest.param("$request.body.n-beta", _NESTED, "7-beta", id="text-behind-a-variable"),
        pytest.param("${request.body.a-b}", _NESTED, "dash", id="dash-in-braces"),
        pytest.param("${request.body['a-b']}", _NESTED, "dash", id="quoted-member"),
        pytest.param("$request.body.list[0].name", _NESTED, "first", id="item-of-a-list"),
        pytest.param(
            "$request.body.x.y/$request.body.n", _NESTED, "deep/7", id="several-variables"
        ),
        pytest.param("$request.body.t", _NESTED, "true", id="boolean-as-in-json"),
        pytest.param("$request.body.n", _NESTED, "7", id="number"),
        pytest.param("$request.body.x", _NESTED, "", id="object-has-no-key"),
        pytest.param("$request.body.missing.y", _NESTED, "", id="missing"),
        pytest.param("$request.body.action", '{"action": null}', "", id="null"),
        pytest.param("$request.body.action", '["action"]', "", id="not-an-object"),
        pytest.param("$request.body.list[3]", _NESTED, "", id="index-out-of-range"),
        pytest.param("constant", "{}", "constant", id="constant"),
        pytest.param("\\$default", "{}", "$default", id="escaped-dollar-sign"),
        pytest.param("$request.body.action", "hello", None, id="not-json"),
        pytest.param("$request.body.action", "", None, id="empty"),
        pytest.param("$request.body.action", "NaN", None, id="python-only-constant"),
        pytest.param("$request.body.action", "[" * 100_000, None, id="too-deep"),
    ],
)
def test_route_keys(expression: str, body: str, key: str | None) -> None:
    """An expression has the values of a JSON message at its variables; other messages have no key."""
    selection = parse_selection(expression)
    assert selection.evaluate(body) == key
    assert selection.unknown == ()


@pytest.mark.parametrize(
    "variable",
    ["$request.header.x", "$context.routeKey", "${request.method}", "${request.body..x}"],
)
def test_unknown_variables(variable: str) -> None:
    """A variable that a message cannot have is reported, and is empty."""
    selection = parse_selection(f"a{variable}")
    assert selection.unknown == (variable,)
    assert selection.evaluate("{}") == "a"


@pytest.mark.parametrize(
    ("keys", "body", "chosen"),
    [
        pytest.param(("join", "$default"), '{"action": "join"}', "join", id="by-key"),
        pytest.param(("join", "$default"), '{"action": "leave"}', "$default", id="no-such-key"),
        pytest.param(("join", "$default"), '{"act": "join"}', "$default", id="no-value"),
        pytest.param(("join", "$default"), "join", "$default", id="not-json"),
        pytest.param(("join",), '{"action": "leave"}', None, id="nothing-matches"),
        pytest.param(("join",), "join", None, id="not-json-and-no-default"),
        pytest.param(
            ("$connect", "$default"), '{"action": "$connect"}', "$default", id="not-for-clients"
        ),
        pytest.param(("$disconnect",), '{"action": "$disconnect"}', None, id="nor-this"),
        pytest.param(("$default",), '{"action": "$default"}', "$default", id="default-by-name"),
    ],
)
def test_routes(keys: tuple[str, ...], body: str, chosen: str | None) -> None:
    """A message goes to the route with its key, else to `$default`, else nowhere."""
    route = RouteTable(_api(keys)).find(body)
    assert (route and route.path) == chosen


def _api(keys: tuple[str, ...]) -> Api:
    integration = FunctionIntegration(
        target=FunctionTarget(function="F"), payload="1.0", timeout_ms=29_000
    )
    return Api(
        kind=ApiKind.WEBSOCKET,
        full_path="Chat",
        identifier="abcdefghij",
        stage="dev",
        routes=tuple(Route(method="ANY", path=key, integration=integration) for key in keys),
    )
