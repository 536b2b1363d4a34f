"""A WebSocket API between a client and its functions."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import pytest

from samlocal.diagnostics import Diagnostic
from samlocal.http_api.authorization import Allowed, Refused
from samlocal.http_api.websocket.limits import Limits
from samlocal.project.apis import (
    HttpIntegration,
    IamAuthorizer,
    IntegrationResponse,
    MockIntegration,
    RateLimit,
    Route,
    UnsupportedIntegration,
)
from tests.unit.http_api.websocket.fakes import (
    API,
    Client,
    FakeAuthorizers,
    FunctionFailedError,
    World,
    function_route,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.project.apis import Integration
    from tests.unit.http_api.websocket.fakes import Handler

_OPEN = '{"message": "%s", "connectionId":"'
Event = dict[str, Any]


async def _ok(_event: Event) -> object:
    return {"statusCode": 200}


async def _echo(event: Event) -> object:
    return {"statusCode": 200, "body": f"echo {event['body']}"}


async def _fail(_event: Event) -> object:
    raise FunctionFailedError("no")


async def _null(_event: Event) -> object:
    return None


async def test_connect_message_disconnect() -> None:
    """A client connects, sends a message to a function, and leaves; the events have one connection id."""
    routes = [function_route(key) for key in ("$connect", "join", "$disconnect")]
    world = World(*routes, connect=_ok, join=_ok, disconnect=_ok)
    async with Client(world, ("User-Agent", "test"), query="a=1") as client:
        assert await client.accepted() is None
        client.send('{"action": "join"}')
        await _until(lambda: len(world.functions.events) == 2)
        client.close(1001, "bye")
    await world.gateway.close()
    connect, message, disconnect = world.functions.events
    assert world.kinds() == ["CONNECT", "MESSAGE", "DISCONNECT"]
    contexts = [each["requestContext"] for each in (connect, message, disconnect)]
    assert len({each["connectionId"] for each in contexts}) == 1
    assert {each["connectedAt"] for each in contexts} == {1_700_000_000_500}
    assert {each["domainName"] for each in contexts} == {"127.0.0.1:3001"}
    assert contexts[0]["identity"] == {"userAgent": "test", "sourceIp": "127.0.0.1"}
    assert len({each["requestId"] for each in contexts}) == 3
    assert connect["queryStringParameters"] == {"a": "1"}
    assert (message["body"], contexts[1]["routeKey"]) == ('{"action": "join"}', "join")
    assert contexts[2]["disconnectStatusCode"] == 1001
    assert contexts[2]["disconnectReason"] == "bye"
    assert world.functions.calls[0].trace_id == "Root=1-67891233-abcdef012345678912345678"
    assert world.reported == []


@pytest.mark.parametrize(
    ("answers", "handler", "frame", "report"),
    [
        pytest.param(True, _echo, "echo x", None, id="two-way"),
        pytest.param(False, _fail, _OPEN % "Internal server error", "has failed", id="error"),
        pytest.param(False, _null, _OPEN % "Internal server error", "is not a response", id="null"),
    ],
)
async def test_answers(*, answers: bool, handler: Handler, frame: str, report: str | None) -> None:
    """A client gets the body of a route with a route response, and a text for a function that fails."""
    world = World(function_route("$default", answers=answers), handlers={"default": handler})
    async with Client(world) as client:
        await client.accepted()
        client.send("x")
        assert (await client.get_text()).startswith(frame)
    assert [report in each.message for each in world.reported if report] == [True] * bool(report)


async def test_one_way() -> None:
    """Without a route response the client gets nothing, whatever the function returns."""
    world = World(
        function_route("$default"),
        function_route("other", answers=True),
        default=_echo,
        other=_echo,
    )
    async with Client(world) as client:
        await client.accepted()
        client.send("x")
        await _until(lambda: len(world.functions.events) == 1)
        client.send('{"action": "other"}')
        assert await client.get_text() == 'echo {"action": "other"}'


async def test_no_route() -> None:
    """A message that no route takes is answered as the service does."""
    world = World(function_route("join"), join=_ok)
    async with Client(world) as client:
        await client.accepted()
        client.send("x")
        text = await client.get_text()
    frame = json.loads(text)
    assert text == (
        f'{{"message": "Forbidden", "connectionId":"{frame["connectionId"]}",'
        f' "requestId":"{frame["requestId"]}"}}'
    )


async def test_own_route_selection() -> None:
    """An API's own expression selects its routes; variables without a value are reported at the start."""
    world = World(
        function_route("a-1", answers=True),
        api=replace(API, route_selection="${request.body.kind}-1$context.stage"),
        handlers={"a-1": _echo},
    )
    async with Client(world) as client:
        await client.accepted()
        client.send('{"kind": "a"}')
        assert await client.get_text() == 'echo {"kind": "a"}'
    (reported,) = world.reported
    assert reported.message == (
        "the route selection expression of `Chat` has `$context.stage`,"
        " which no message has a value for"
    )


async def _status(event: Event) -> object:
    return {"statusCode": int(event["queryStringParameters"]["status"]), "body": "no"}


@pytest.mark.parametrize(
    ("handler", "status", "body"),
    [
        pytest.param(_status, 401, b"", id="own-status"),
        pytest.param(_fail, 502, b'{"message":"Internal server error"}', id="error"),
        pytest.param(_null, 502, b'{"message":"Internal server error"}', id="malformed"),
    ],
)
async def test_refused_handshakes(handler: Handler, status: int, body: bytes) -> None:
    """A handshake gets the status of a `$connect` that is not 2xx; there is no `$disconnect`."""
    world = World(
        function_route("$connect"), function_route("$disconnect"), connect=handler, disconnect=_ok
    )
    async with Client(world, query="status=401") as client:
        assert (await client.refused())[::2] == (status, body)
    await world.gateway.close()
    assert world.kinds() == ["CONNECT"]


async def test_body_of_refused_handshake() -> None:
    """With a route response, the client gets the body of a `$connect` that refuses it."""
    world = World(function_route("$connect", answers=True), connect=_status)
    async with Client(world, query="status=429") as client:
        assert (await client.refused())[::2] == (429, b"no")


async def test_slow_connect() -> None:
    """A `$connect` that exceeds the timeout of its integration is a 504; its function goes on to its end."""
    done = asyncio.Event()
    ended = []

    async def slow(_event: Event) -> object:
        await done.wait()
        ended.append(True)
        return {"statusCode": 200}

    world = World(function_route("$connect", timeout_ms=50), connect=slow)
    async with Client(world) as client:
        status, headers, body = await client.refused()
    assert (status, body) == (504, b'{"message":"Endpoint request timed out"}')
    assert headers["x-amzn-requestid"] == "request-id"
    assert "within 50 ms" in world.reported[0].message
    done.set()
    await _until(lambda: ended == [True])


@pytest.mark.parametrize(
    ("refused", "status", "body"),
    [
        (Refused(kind="UNAUTHORIZED"), 401, {"message": "Unauthorized"}),
        (
            Refused(kind="ACCESS_DENIED", is_explicit_deny=True),
            403,
            {"Message": "User is not authorized to access this resource with an explicit deny"},
        ),
        (Refused(kind="ACCESS_DENIED", message="No."), 403, {"Message": "No."}),
        (
            Refused(kind="AUTHORIZER_CONFIGURATION_ERROR", reason="no policy"),
            500,
            {"message": None},
        ),
    ],
)
async def test_refused_by_authorizer(refused: Refused, status: int, body: dict[str, str]) -> None:
    """An authorizer refuses a handshake before the function of `$connect` runs; its reason is reported."""
    authorizers = FakeAuthorizers(refused)
    route = function_route("$connect", authorizer=IamAuthorizer())
    world = World(route, authorizers=authorizers, connect=_ok)
    async with Client(world) as client:
        got = await client.refused()
    assert (got[0], json.loads(got[2])) == (status, body)
    assert authorizers.checked == [
        "arn:aws:execute-api:eu-west-1:123456789012:abcdefghij/dev/$connect"
    ]
    assert world.functions.events == []
    assert [each.message for each in world.reported] == (
        [f"route `$connect`: {refused.reason}"] if refused.reason else []
    )


async def test_authorizer_context() -> None:
    """What an authorizer tells of a client is in every event of the connection, but not in its own."""
    authorizers = FakeAuthorizers(Allowed(context={"principalId": "me"}))
    routes = [function_route(key) for key in ("$default", "$disconnect")]
    connect = function_route("$connect", authorizer=IamAuthorizer())
    world = World(
        connect, *routes, authorizers=authorizers, connect=_ok, default=_ok, disconnect=_ok
    )
    async with Client(world) as client:
        await client.accepted()
        client.send("x")
        await _until(lambda: len(world.functions.events) == 2)
    await world.gateway.close()
    contexts = [event["requestContext"] for event in world.functions.events]
    assert [each["authorizer"] for each in contexts] == [{"principalId": "me"}] * 3
    assert "authorizer" not in authorizers.events[0]["requestContext"]


@pytest.mark.parametrize(
    ("source", "headers", "from_authorizer", "identity", "reason"),
    [
        ("HEADER", [("X-Api-Key", "secret")], None, ("secret", "Mine"), None),
        ("AUTHORIZER", [], "secret", ("secret", "Mine"), None),
        ("HEADER", [("X-Api-Key", "other")], "secret", None, "is not a known one"),
        ("AUTHORIZER", [("X-Api-Key", "secret")], None, None, "has no API key"),
    ],
)
async def test_api_keys(
    source: Literal["HEADER", "AUTHORIZER"],
    headers: list[tuple[str, str]],
    from_authorizer: str | None,
    identity: tuple[str, str] | None,
    reason: str | None,
) -> None:
    """A `$connect` that needs an API key lets in clients whose header or authorizer has one that is given."""
    world = World(
        function_route("$connect", authorizer=IamAuthorizer(), needs_api_key=True),
        authorizers=FakeAuthorizers(Allowed(api_key=from_authorizer)),
        api=replace(API, api_key_source=source),
        api_keys={"Mine": "secret"},
        connect=_ok,
    )
    async with Client(world, *headers) as client:
        if reason is None:
            await client.accepted()
        else:
            assert (await client.refused())[::2] == (403, b'{"message":"Forbidden"}')
    if identity is not None:
        known = world.functions.events[0]["requestContext"]["identity"]
        assert (known["apiKey"], known["apiKeyId"]) == identity
    assert [each.message.endswith(reason) for each in world.reported if reason] == [True] * bool(
        reason
    )


async def test_key_of_other_apis() -> None:
    """A key that only usage plans of other APIs have lets no client in, as in REST APIs."""
    world = World(
        function_route("$connect", needs_api_key=True),
        api=replace(API, foreign_keys=("Mine",)),
        api_keys={"Mine": "secret"},
        connect=_ok,
    )
    async with Client(world, ("X-Api-Key", "secret")) as client:
        assert (await client.refused())[0] == 403


async def test_no_api_keys() -> None:
    """Without any key, each client is let in, which is said at the start."""
    world = World(function_route("$connect", needs_api_key=True), connect=_ok)
    assert [each.message for each in world.reported] == [
        "API keys of `Chat` are not checked: none is given"
    ]
    async with Client(world) as client:
        await client.accepted()
    assert "apiKey" not in world.functions.events[0]["requestContext"]["identity"]


@pytest.mark.parametrize(("offers", "chosen"), [(("chat", "v2"), "chat"), ((), None)])
async def test_subprotocols(offers: tuple[str, ...], chosen: str | None) -> None:
    """The header of the result of `$connect` chooses a subprotocol; one that the client does not offer is reported."""

    async def connect(_event: Event) -> object:
        return {"statusCode": 200, "headers": {"sec-websocket-protocol": "chat"}}

    world = World(function_route("$connect"), connect=connect)
    async with Client(world, offers=offers) as client:
        assert await client.accepted() == chosen
    assert [each.hint for each in world.reported] == ([] if offers else ["it offers none"])


@pytest.mark.parametrize(
    ("message", "code", "reason"),
    [
        (b"\x00", 1003, "Binary frames are not supported"),
        ("é" * 65_537, 1009, "Message too long"),
        ("x" * 131_073, 1009, "Message too long"),
    ],
    ids=["binary", "too-many-bytes", "too-long"],
)
async def test_messages_that_close(message: str | bytes, code: int, reason: str) -> None:
    """A binary message, and one over 128 KiB, close the connection and run `$disconnect`, but no other route."""
    routes = [function_route(key) for key in ("$default", "$disconnect")]
    world = World(*routes, default=_ok, disconnect=_ok)
    async with Client(world) as client:
        await client.accepted()
        if isinstance(message, bytes):
            client.send_bytes(message)
        else:
            client.send(message)
        closing = await client.get()
    assert (closing["type"], closing["code"], closing["reason"]) == (
        "websocket.close",
        code,
        reason,
    )
    await world.gateway.close()
    assert world.kinds() == ["DISCONNECT"]
    context = world.functions.events[0]["requestContext"]
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (code, reason)


async def test_largest_message() -> None:
    """A message of 128 KiB gets through."""
    world = World(function_route("$default", answers=True), default=_ok)
    async with Client(world) as client:
        await client.accepted()
        client.send("é" * 65_536)
        await _until(lambda: len(world.functions.events) == 1)


@pytest.mark.parametrize("limits", [Limits(idle_seconds=0.05), Limits(longest_seconds=0.05)])
async def test_times(limits: Limits) -> None:
    """A connection that is idle or old is closed with code 1001."""
    world = World(function_route("$disconnect"), limits=limits, disconnect=_ok)
    async with Client(world) as client:
        await client.accepted()
        assert await client.get() == {
            "type": "websocket.close",
            "code": 1001,
            "reason": "Going away",
        }
    await world.gateway.close()
    assert world.functions.events[0]["requestContext"]["disconnectReason"] == "Going away"


async def test_activity_keeps_connections() -> None:
    """A message starts the idle time anew, as does an answer."""
    limits = Limits(idle_seconds=0.3)
    world = World(function_route("$default", answers=True), limits=limits, default=_echo)
    async with Client(world) as client:
        await client.accepted()
        for _ in range(4):
            await asyncio.sleep(0.15)
            client.send("x")
            assert await client.get_text() == "echo x"


@pytest.mark.parametrize(
    ("closing", "code", "reason"),
    [
        ({"code": 1005, "reason": None}, 1005, "Client-side close frame status not set"),
        ({"code": 4000, "reason": "mine"}, 4000, "mine"),
        (None, 1006, ""),
    ],
    ids=["no-status", "own-code", "broken"],
)
async def test_ends_by_the_client(closing: dict[str, Any] | None, code: int, reason: str) -> None:
    """`$disconnect` has the client's code and reason; a connection that breaks has 1006."""
    world = World(function_route("$disconnect"), disconnect=_null)
    async with Client(world) as client:
        await client.accepted()
        if closing is None:
            client.leave()
        else:
            client.close(**closing)
    await world.gateway.close()
    context = world.functions.events[0]["requestContext"]
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (code, reason)
    assert world.reported == []


async def test_close() -> None:
    """At the end of the endpoint all clients get 1001, `$disconnect` runs for each, and further clients are refused."""
    world = World(function_route("$disconnect"), disconnect=_ok)
    async with Client(world) as first, Client(world) as second:
        await first.accepted()
        await second.accepted()
        await world.gateway.close()
        assert [(await each.get())["code"] for each in (first, second)] == [1001, 1001]
        assert world.kinds() == ["DISCONNECT", "DISCONNECT"]
        async with Client(world) as third:
            assert (await third.refused())[0] == 503


async def test_concurrency() -> None:
    """Messages of one client run at the same time, up to a number; then it is read no further."""
    running, most = 0, 0
    goes_on = asyncio.Event()

    async def wait(_event: Event) -> object:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await goes_on.wait()
        running -= 1
        return {"statusCode": 200}

    world = World(function_route("$default"), limits=Limits(concurrent_messages=3), default=wait)
    async with Client(world) as client:
        await client.accepted()
        for _ in range(10):
            client.send("x")
        await _until(lambda: running == 3)
        await asyncio.sleep(0.05)
        assert (running, most) == (3, 3)
        goes_on.set()
        await _until(lambda: len(world.functions.events) == 10)
    assert most == 3


async def test_client_leaves_before_the_answer() -> None:
    """An answer to a client that has left is dropped."""
    goes_on = asyncio.Event()

    async def wait(_event: Event) -> object:
        await goes_on.wait()
        return {"statusCode": 200, "body": "late"}

    world = World(function_route("$default", answers=True), default=wait)
    async with Client(world) as client:
        await client.accepted()
        client.send("x")
        await _until(lambda: len(world.functions.events) == 1)
    goes_on.set()
    await world.gateway.close()


async def test_client_leaves_during_connect() -> None:
    """A client that leaves before it is let in gets its `$disconnect`, as its `$connect` has run."""
    goes_on = asyncio.Event()

    async def wait(_event: Event) -> object:
        await goes_on.wait()
        return {"statusCode": 200}

    routes = [function_route(key) for key in ("$connect", "$disconnect")]
    world = World(*routes, connect=wait, disconnect=_ok)
    async with Client(world) as client:
        await _until(lambda: len(world.functions.events) == 1)
        client.leave()
        goes_on.set()
    await world.gateway.close()
    assert world.kinds() == ["CONNECT", "DISCONNECT"]


_ONE = UnsupportedIntegration(diagnostic=Diagnostic(message="`AWS` is not supported"))
_HTTP = HttpIntegration(url="http://localhost", method="POST", timeout_ms=1000)
_MOCK = MockIntegration(
    request_templates={"application/json": '{"statusCode": 200}'},
    responses=(IntegrationResponse(status=200, templates={"$default": "pong"}),),
)


@pytest.mark.parametrize(
    ("integration", "said"),
    [
        (_ONE, "`AWS` is not supported"),
        (_HTTP, "route `$default`: HTTP integrations of WebSocket APIs are not supported"),
        (
            MockIntegration(request_templates={"$default": "#if"}, responses=()),
            "route `$default`: the mock integration does not work: the",
        ),
    ],
    ids=["unsupported", "http", "templates"],
)
async def test_unsupported_integrations(integration: Integration, said: str) -> None:
    """A message to what samlocal does not do is answered with an error, and named in the terminal."""
    world = World(Route(method="ANY", path="$default", integration=integration))
    async with Client(world) as client:
        await client.accepted()
        client.send("x")
        assert (await client.get_text()).startswith(_OPEN % "Internal server error")
    assert [each.message.startswith(said) for each in world.reported] == [True]


async def test_mock_integration() -> None:
    """A mock answers without a function; a mock of `$connect` lets clients in."""
    world = World(
        Route(method="ANY", path="$connect", integration=_MOCK),
        Route(method="ANY", path="ping", integration=_MOCK, answers=True),
    )
    async with Client(world) as client:
        await client.accepted()
        client.send('{"action": "ping"}')
        assert await client.get_text() == "pong"


@pytest.mark.parametrize(
    ("path", "is_let_in"), [("", True), ("/dev", True), ("/dev/", True), ("/x", False)]
)
async def test_paths(path: str, *, is_let_in: bool) -> None:
    """Clients connect to the stage, or to the address without it."""
    world = World()
    async with Client(world, path=path) as client:
        message = await client.get()
    assert (message["type"] == "websocket.accept") == is_let_in
    assert message.get("status", 403) == 403


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  # several things make it true
            await asyncio.sleep(0.001)


async def test_limits_of_a_stage() -> None:
    """A message that comes too early gets an error frame, and its function does not run."""
    limited = replace(function_route("join"), limits={"ANY": RateLimit(rate=0.001)})
    world = World(limited, join=_ok)
    async with Client(world) as client:
        await client.accepted()
        client.send('{"action": "join"}')
        await _until(lambda: len(world.functions.events) == 1)
        client.send('{"action": "join"}')
        frame = json.loads(await client.get_text())
    await world.gateway.close()
    assert frame.keys() == {"message", "connectionId", "requestId"}
    assert frame["message"] == "Too Many Requests"
    assert len(world.functions.events) == 1
    assert "route `join`: its route takes 0.001 requests" in world.reported[0].message


async def test_a_limit_of_connect() -> None:
    """A client that comes too early is refused before the authorizer is asked."""
    limited = replace(
        function_route("$connect"), limits={"ANY": RateLimit(rate=0)}, authorizer=IamAuthorizer()
    )
    world = World(limited, connect=_ok)
    async with Client(world) as client:
        status, _, body = await client.refused()
    assert (status, body) == (429, b'{"message":"Too Many Requests"}')
    assert world.authorizers.checked == []
    assert world.functions.events == []
