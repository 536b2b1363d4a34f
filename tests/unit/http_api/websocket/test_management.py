"""The endpoint `@connections` of a WebSocket API."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any
from urllib.parse import quote

import pytest

from samlocal.http_api.websocket.limits import Limits
from tests.unit.http_api.websocket.fakes import Client, World, function_route

_UNKNOWN = "PJqB0fHsqRcCHlw="


async def _world(limits: Limits | None = None) -> World:
    async def ok(_event: dict[str, Any]) -> object:
        return {"statusCode": 200}

    routes = [function_route(key) for key in ("$connect", "$disconnect")]
    return World(*routes, limits=limits, connect=ok, disconnect=ok)


def _id(world: World) -> str:
    connection_id: str = world.functions.events[0]["requestContext"]["connectionId"]
    return connection_id


@pytest.mark.parametrize(
    "path",
    ["/@connections/{}", "/dev/@connections/{}", "/%40connections/{}", "/dev/%40connections/{}"],
)
async def test_post(path: str) -> None:
    """A message reaches the client, with and without the stage in the path, encoded or not."""
    world = await _world()
    async with Client(world) as client:
        await client.accepted()
        for connection_id in (_id(world), quote(_id(world))):
            answer = await world.manage("POST", path.format(connection_id), "grüße".encode())
            assert (answer.status, answer.body) == (200, b"")
            assert await client.get_text() == "grüße"


async def test_get() -> None:
    """A connection is described as in the service's model, with times in ISO 8601."""
    world = await _world()
    async with Client(world, ("User-Agent", "test")) as client:
        await client.accepted()
        answer = await world.manage("GET", f"/@connections/{_id(world)}")
    content = json.loads(answer.body)
    assert answer.status == 200
    assert content["connectedAt"] == "2023-11-14T22:13:20.500Z"
    assert content["identity"] == {"sourceIp": "127.0.0.1", "userAgent": "test"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", content["lastActiveAt"])


async def test_delete() -> None:
    """A connection is closed with code 1000, and is gone at once."""
    world = await _world()
    async with Client(world) as client:
        await client.accepted()
        path = f"/@connections/{_id(world)}"
        assert (await world.manage("DELETE", path)).status == 204
        assert (await world.manage("POST", path, b"x")).status == 410
        assert (await client.get())["code"] == 1000
    await world.gateway.close()
    context = world.functions.events[-1]["requestContext"]
    assert context["disconnectStatusCode"] == 1000
    assert context["disconnectReason"] == "Connection Closed Normally"


@pytest.mark.parametrize(
    ("method", "path", "size", "status", "error_type", "body"),
    [
        ("POST", f"/@connections/{_UNKNOWN}", 1, 410, "GoneException", None),
        ("GET", f"/@connections/{_UNKNOWN}", 0, 410, "GoneException", None),
        ("DELETE", f"/@connections/{_UNKNOWN}", 0, 410, "GoneException", None),
        (
            "POST",
            "/@connections/undefined",
            1,
            400,
            "BadRequestException",
            "Invalid connectionId: undefined",
        ),
        (
            "POST",
            f"/@connections/{_UNKNOWN}",
            131_073,
            413,
            "PayloadTooLargeException",
            "Payload Too Large",
        ),
        *(
            (
                method,
                path,
                0,
                403,
                "MissingAuthenticationTokenException",
                "Missing Authentication Token",
            )
            for method, path in (
                ("PUT", f"/@connections/{_UNKNOWN}"),
                ("GET", "/@connections"),
                ("GET", "/"),
                ("GET", f"/other/@connections/{_UNKNOWN}"),
                ("GET", f"/@connections/{_UNKNOWN}/more"),
            )
        ),
    ],
)
async def test_errors(
    method: str, path: str, size: int, status: int, error_type: str, body: str | None
) -> None:
    """Errors have the service's status, type and body; a connection that is gone has none."""
    world = await _world()
    answer = await world.manage(method, path, b"x" * size)
    headers = {name.lower(): value for name, value in answer.headers}
    assert (answer.status, headers["x-amzn-errortype"]) == (status, error_type)
    assert headers["x-amzn-requestid"] == "request-id"
    assert answer.body == (
        b"" if body is None else json.dumps({"message": body}, separators=(",", ":")).encode()
    )


async def test_before_connect_returns() -> None:
    """A connection exists once `$connect` has returned; its function cannot reach the client yet."""
    statuses = []

    async def connect(event: dict[str, Any]) -> object:
        path = f"/@connections/{event['requestContext']['connectionId']}"
        statuses.append((await world.manage("POST", path, b"x")).status)
        return {"statusCode": 200}

    world = World(function_route("$connect"), connect=connect)
    async with Client(world) as client:
        await client.accepted()
    assert statuses == [410]


async def test_client_that_does_not_read() -> None:
    """A message to a client that does not read fails after a time, with status 429."""
    world = await _world(Limits(send_seconds=0.05))
    async with Client(world) as client:
        await client.accepted()
        client.reads.clear()
        answer = await world.manage("POST", f"/@connections/{_id(world)}", b"x")
        assert answer.status == 429
        client.reads.set()


async def test_client_that_has_left() -> None:
    """A message to a client that has just left is a 410."""
    world = await _world()
    async with Client(world) as client:
        await client.accepted()
        client.leave()
        answer = await world.manage("POST", f"/@connections/{_id(world)}", b"x")
        assert answer.status == 410
        await asyncio.sleep(0)
