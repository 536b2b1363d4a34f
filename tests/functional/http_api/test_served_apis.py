"""A function behind an HTTP API, a function URL and a load balancer, from the template to the client."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Final

import pytest

from samlocal.project.apis import ApiKind
from tests.functional.http_api.served_apis import serve_project

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.functional.http_api.served_apis import ServedApis

HTTP: Final = ApiKind.HTTP
URL: Final = ApiKind.FUNCTION_URL
BALANCER: Final = ApiKind.LOAD_BALANCER
ALL: Final = pytest.mark.parametrize("kind", [HTTP, URL, BALANCER], ids=str)


@pytest.fixture
async def apis(tmp_path: Path) -> AsyncIterator[ServedApis]:
    async with serve_project("http-apis", tmp_path / "http-apis") as found:
        await found.serve_template()
        yield found


async def test_events(apis: ServedApis) -> None:
    """Each service sends its own event for the same request."""
    seen = {}
    for kind in (HTTP, URL, BALANCER):
        reply = await apis.fetch(
            kind, "PUT", "/answers/a%20b?q=1&q=%C3%BC", {"Cookie": "a=1; b=2", "X-A": "x"}, b"\xff"
        )
        assert reply.status == 200
        seen[kind] = json.loads(reply.body)["event"]
        assert seen[kind]["headers"]["x-a"] == "x"
        assert (seen[kind]["body"], seen[kind]["isBase64Encoded"]) == ("/w==", True)
    assert seen[HTTP]["rawPath"] == "/dev/answers/a b"
    assert seen[HTTP]["routeKey"] == "ANY /answers/{kind}"
    assert seen[HTTP]["pathParameters"] == {"kind": "a b"}
    assert seen[HTTP]["stageVariables"] == {"table": "stars"}
    assert seen[URL]["rawPath"] == "/answers/a%20b"
    assert seen[URL]["queryStringParameters"] == {"q": "1,ü"}
    assert seen[URL]["cookies"] == ["a=1", "b=2"]
    assert seen[BALANCER]["path"] == "/answers/a%20b"
    assert seen[BALANCER]["queryStringParameters"] == {"q": "%C3%BC"}
    assert not apis.said


async def test_format_1(apis: ServedApis) -> None:
    """A route of an HTTP API may ask for the event of format 1.0."""
    reply = await apis.fetch(HTTP, "GET", "/old?q=1&q=2", {"x-A": "x"})
    event = json.loads(reply.body)["event"]
    assert event["version"] == "1.0"
    assert event["multiValueQueryStringParameters"] == {"q": ["1", "2"]}
    assert event["headers"]["x-A"] == "x"


@ALL
async def test_ids(apis: ServedApis, kind: ApiKind) -> None:
    """The id that the client gets is the request's, which is the invocation's only behind a URL."""
    reply = await apis.fetch(kind, "GET", "/answers/x")
    seen = json.loads(reply.body)
    if kind is BALANCER:
        assert "requestId" not in seen["event"]["requestContext"]
        return
    name = "x-amzn-requestid" if kind is URL else "apigw-requestid"
    assert reply.headers[name] == [seen["event"]["requestContext"]["requestId"]]
    assert (reply.headers[name] == [seen["id"]]) is (kind is URL)


@ALL
async def test_binary_response(apis: ServedApis, kind: ApiKind) -> None:
    """Base64 is decoded for every client."""
    reply = await apis.fetch(kind, "GET", "/answers/binary")
    assert (reply.body, reply.headers["content-type"]) == (bytes(range(256)), ["image/png"])


@pytest.mark.parametrize("kind", [HTTP, URL], ids=str)
async def test_cookies(apis: ServedApis, kind: ApiKind) -> None:
    """Each cookie is a header, and CORS headers are the API's own if it has a configuration."""
    reply = await apis.fetch(kind, "GET", "/answers/cookies", {"Origin": "https://a.example"})
    assert (reply.status, reply.body.decode()) == (201, "ü")
    assert reply.headers["set-cookie"] == ["a=1; Secure", "b=2"]
    assert reply.headers["x-n"] == ["7"]
    expected = "https://a.example" if kind is HTTP else "https://own.example"
    assert reply.headers["access-control-allow-origin"] == [expected]


@pytest.mark.parametrize(
    ("kind", "path", "status", "body"),
    [
        (HTTP, "list", 200, b'[1, "two", null]'),
        (URL, "list", 200, b'[1,"two",null]'),
        (BALANCER, "list", 502, b"502 Bad Gateway"),
        (HTTP, "raises", 500, b'{"message":"Internal Server Error"}'),
        (URL, "raises", 502, b"Internal Server Error"),
        (BALANCER, "raises", 502, b"502 Bad Gateway"),
        (HTTP, "wrong", 500, b'{"message":"Internal Server Error"}'),
        (URL, "wrong", 502, b"Internal Server Error"),
        (BALANCER, "wrong", 502, b"502 Bad Gateway"),
    ],
    ids=str,
)
async def test_results(
    apis: ServedApis, kind: ApiKind, path: str, status: int, body: bytes
) -> None:
    """Each service has its own answer to what is no response, and the terminal the reason."""
    reply = await apis.fetch(kind, "GET", f"/answers/{path}")
    assert reply.status == status
    assert body in reply.body
    reasons = {
        "raises": "GET /answers/raises: `Answers` has failed: KeyError: 'no stars'",
        "wrong": "`body` is not text: an object; return JSON as a text",
        "list": "the result is not an object",
    }
    assert bool(apis.said) is (status >= 500)
    if apis.said:
        assert reasons[path] in apis.said[0].message


async def test_slow_function(apis: ServedApis) -> None:
    """An HTTP API waits as long as its integration says."""
    reply = await apis.fetch(HTTP, "GET", "/slow")
    assert (reply.status, reply.body) == (503, b'{"message":"Service Unavailable"}')
    assert "within 500 ms" in apis.said[0].message


async def test_preflight(apis: ServedApis) -> None:
    """An HTTP API answers it, and the stage may lead the path."""
    headers = {"Origin": "https://a.example", "Access-Control-Request-Method": "PUT"}
    for path in ("/answers/raises", "/dev/answers/raises", "/nothing"):
        reply = await apis.fetch(HTTP, "OPTIONS", path, headers)
        assert (reply.status, reply.body) == (204, b"")
        assert reply.headers["access-control-allow-methods"] == ["GET,PUT"]
        assert reply.headers["access-control-max-age"] == ["60"]


async def test_requests_at_once(apis: ServedApis) -> None:
    """Requests run in several environments, and each client gets its own answer."""
    targets = [f"/answers/{number}" for number in range(12)]
    replies = await asyncio.gather(*(apis.fetch(URL, "GET", each) for each in targets))
    assert [json.loads(each.body)["event"]["rawPath"] for each in replies] == targets


@pytest.mark.parametrize(
    ("kind", "target", "status"),
    [(HTTP, "/nothing", 404), (HTTP, "/dev/nothing", 404), (BALANCER, "/nothing", 404)],
)
async def test_no_route(apis: ServedApis, kind: ApiKind, target: str, status: int) -> None:
    """What no route or rule takes is told."""
    assert (await apis.fetch(kind, "GET", target)).status == status


@pytest.mark.parametrize(
    ("kind", "megabytes"), [(HTTP, 10), (URL, 6), (BALANCER, 1)], ids=["HTTP", "URL", "ALB"]
)
async def test_large_body(apis: ServedApis, kind: ApiKind, megabytes: int) -> None:
    """Each service refuses what is larger than its limit, without an invocation."""
    body = bytes(megabytes * 1024 * 1024 + 1)
    reply = await apis.fetch(kind, "POST", "/answers/x", body=body)
    assert reply.status == 413
    assert not apis.said
