"""Routes of HTTP APIs: which of them answers, and what its path variables are."""

from __future__ import annotations

import pytest

from samlocal.http_api.http.paths import PathError, decode_path
from samlocal.http_api.http.routes import RouteTable
from samlocal.project.apis import FunctionIntegration, FunctionTarget, Route

INTEGRATION = FunctionIntegration(
    target=FunctionTarget(function="F"), payload="2.0", timeout_ms=30_000
)


def table(*keys: str) -> RouteTable:
    """Return the table of routes with these keys."""
    routes = []
    for key in keys:
        method, _, path = key.rpartition(" ")
        routes.append(Route(method=method or "ANY", path=path, integration=INTEGRATION))
    return RouteTable(routes)


# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
DOCUMENTED = (
    "$default",
    "ANY /{proxy+}",
    "GET /pets/{proxy+}",
    "GET /pets/{petID}",
    "GET /pets/dog/{id}",
    "GET /pets/dog/1",
)


@pytest.mark.parametrize(
    ("method", "path", "key", "parameters"),
    [
        ("GET", "/pets/dog/1", "GET /pets/dog/1", {}),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}", {"id": "2"}),
        ("GET", "/pets/cat/1", "GET /pets/{proxy+}", {"proxy": "cat/1"}),
        ("GET", "/pets/6", "GET /pets/{petID}", {"petID": "6"}),
        ("POST", "/test/5", "ANY /{proxy+}", {"proxy": "test/5"}),
        ("DELETE", "/pets/dog/1", "ANY /{proxy+}", {"proxy": "pets/dog/1"}),
        ("GET", "/", "$default", {}),
    ],
)
def test_documented_routes(method: str, path: str, key: str, parameters: dict[str, str]) -> None:
    """The routes of the developer guide are chosen as it says, in whatever order they are declared."""
    for order in (DOCUMENTED, DOCUMENTED[::-1]):
        matched = table(*order).find(method, path)
        assert matched is not None
        assert (matched.key, matched.parameters) == (key, parameters)


@pytest.mark.parametrize(
    ("keys", "request_line", "expected"),
    [
        pytest.param(["ANY /a", "GET /a"], "GET /a", "GET /a", id="method before ANY"),
        pytest.param(["ANY /a", "GET /a"], "PUT /a", "ANY /a", id="ANY is the rest"),
        pytest.param(["GET /a"], "HEAD /a", None, id="HEAD is not GET"),
        pytest.param(["GET /a"], "GET /a/", None, id="trailing slash"),
        pytest.param(["GET /a"], "GET /A", None, id="case"),
        pytest.param(["GET /{a}"], "GET /", None, id="empty variable"),
        pytest.param(["GET /a/{b}"], "GET /a/", None, id="empty last variable"),
        pytest.param(["GET /a/{p+}"], "GET /a", None, id="greedy needs a segment"),
        pytest.param(["GET /a/{p+}"], "GET /a/", None, id="greedy needs more than a slash"),
        pytest.param(["GET /a/{p+}"], "GET /a/b/", "GET /a/{p+}", id="greedy takes a slash"),
        pytest.param(
            ["GET /{x}/b", "GET /a/{y}"], "GET /a/b", "GET /a/{y}", id="fixed segment first"
        ),
        pytest.param(
            ["GET /{p+}", "GET /a/{p+}", "GET /a/b/{p+}"],
            "GET /a/b/c",
            "GET /a/b/{p+}",
            id="longest greedy",
        ),
        pytest.param(
            ["POST /a/{id}", "ANY /a/{p+}"], "GET /a/1", "ANY /a/{p+}", id="falls through to greedy"
        ),
        pytest.param(["POST /a", "$default"], "GET /a", "$default", id="falls through to default"),
        pytest.param(
            ["GET /a/{p+}", "GET /{x}/{y}"], "GET /a/b", "GET /{x}/{y}", id="greedy comes last"
        ),
    ],
)
def test_priority(keys: list[str], request_line: str, expected: str | None) -> None:
    """The most specific route with the method answers."""
    method, _, path = request_line.partition(" ")
    matched = table(*keys).find(method, path)
    assert (matched.key if matched else None) == expected


# Recorded at AWS: https://github.com/hotsock/voker/blob/main/vokerhttp/testdata/ingress-paths.json
@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("/capture/plain", "/capture/plain"),
        ("/capture/space%20value", "/capture/space value"),
        ("/capture/question%3Fvalue", "/capture/question"),
        ("/capture/hash%23value", "/capture/hash#value"),
        ("/capture/slash%2Fvalue", "/capture/slash/value"),
        ("/capture/unicode-%CE%BB-%E4%B8%96%E7%95%8C", "/capture/unicode-λ-世界"),
        ("/capture/literal%252Fvalue", "/capture/literal/value"),
        ("/capture/literal%253Fvalue", "/capture/literal?value"),
        ("/capture/literal%2525value", "/capture/literal%value"),
    ],
)
def test_decoded_paths(sent: str, expected: str) -> None:
    """Paths are decoded as API Gateway does it."""
    assert decode_path(sent) == expected


@pytest.mark.parametrize("path", ["/percent%25done", "/%", "/%zz", "/%ff", "/%25ff%"])
def test_refused_paths(path: str) -> None:
    """A path whose escapes cannot be decoded is refused."""
    with pytest.raises(PathError, match="`/"):
        decode_path(path)
