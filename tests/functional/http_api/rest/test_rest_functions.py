"""A REST API with real functions in processes, behind a real server."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.functional.http_api.rest.served_api import serve_api
from tests.nodejs import add_to_path

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.functional.http_api.rest.served_api import Served

PROJECT: Final = Path(__file__).parents[3] / "projects" / "rest-functions"
INTERNAL_ERROR: Final = {"message": "Internal server error"}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Served]:
    add_to_path()
    directory = shutil.copytree(PROJECT, tmp_path / "rest-functions")
    async with serve_api(directory) as served:
        yield served


async def test_event(api: Served) -> None:
    """A function gets what the client has sent, with or without the stage in the path."""
    for prefix in ("", "/dev"):
        response = await api.ask(
            "POST",
            f"{prefix}/echo/a%2Bb/?q=1&q=a+b",
            headers={"tEsT-HEADeR": "aValUE", "Content-Type": "text/plain", "Cookie": "a=b"},
            data="ä".encode(),
        )
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "application/json"
        event = response.json()
        assert event["resource"] == "/echo/{proxy+}"
        assert event["path"] == "/echo/a%2Bb/"
        assert event["pathParameters"] == {"proxy": "a%2Bb"}
        assert event["headers"]["tEsT-HEADeR"] == "aValUE"
        assert event["headers"]["Cookie"] == "a=b"
        assert event["headers"]["X-Forwarded-Port"] == str(api.port)
        assert event["multiValueQueryStringParameters"] == {"q": ["1", "a b"]}
        assert event["stageVariables"] == {"table": "stars"}
        assert event["body"] == "ä"
        context = event["requestContext"]
        assert context["path"] == "/dev/echo/a%2Bb/"
        assert context["identity"]["sourceIp"] == "127.0.0.1"
        assert context["requestId"] == response.headers["x-amzn-RequestId"]
        assert context["accountId"] == "123456789012"
    assert api.said == []


async def test_binary_bodies(api: Served) -> None:
    """Bytes arrive as they were sent, both ways."""
    png = {"Content-Type": "image/png", "Accept": "image/png"}
    content = bytes(range(256))
    event = (await api.ask("PUT", "/echo/x", headers=png, data=content)).json()
    assert event["isBase64Encoded"]
    result = {"body": event["body"], "isBase64Encoded": True}
    answer = {"Content-Type": "application/json", "Accept": "image/png"}
    response = await api.ask("POST", "/answers", headers=answer, data=json.dumps(result))
    assert response.content == content


async def test_custom_integration(api: Served) -> None:
    """A function gets the body itself, and its result or its error is the body of the response."""
    headers = {"Content-Type": "application/json"}
    response = await api.ask("POST", "/custom", headers=headers, data='{"a": 4}')
    assert (response.status_code, response.json()) == (201, {"doubled": 8})
    response = await api.ask("POST", "/dev/custom", headers=headers, data='{"fails": true}')
    assert response.status_code == 404
    error = response.json()
    assert (error["errorType"], error["errorMessage"]) == ("RangeError", "no stars\nat all")
    assert error["trace"]


async def test_response(api: Served) -> None:
    """Status, headers and cookies are those of the function."""
    result = {
        "statusCode": "418",
        "headers": {"X-One": 1, "Server": "mine"},
        "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]},
    }
    response = await api.ask("POST", "/answers", data=json.dumps(result))
    assert response.status_code == 418
    assert response.cookies.get_dict() == {"a": "1", "b": "2"}
    assert response.headers["X-One"] == "1"
    assert response.headers["x-amzn-Remapped-Server"] == "mine"
    assert response.content == b""


async def test_failures(api: Served) -> None:
    """Errors and wrong results are the gateway's own answers, as the template customises them."""
    for method, path, body, words in (
        ("POST", "/answers", '"text"', 'the result is not an object: `"text"`'),
        ("GET", "/fails", None, "RangeError: no stars"),
        ("GET", "/breaks-at-once", None, "RangeError: no stars"),
    ):
        response = await api.ask(method, path, data=body)
        assert (response.status_code, response.json()) == (502, INTERNAL_ERROR)
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert words in api.said[-1].message


async def test_timeout(api: Served) -> None:
    """A client waits no longer than the integration does, and the function goes on."""
    response = await api.ask("GET", "/slow")
    assert (response.status_code, response.json()) == (
        504,
        {"message": "Endpoint request timed out"},
    )
    async with asyncio.timeout(30):
        await api.log.has_ended.wait()


async def _read_head(reader: asyncio.StreamReader) -> list[str]:
    return (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()


async def _read_chunk(reader: asyncio.StreamReader) -> bytes:
    size = int(await reader.readline(), 16)
    return (await reader.readexactly(size + 2))[:-2]


async def test_stream(api: Served) -> None:
    """The function writes its second part only when the client has seen the first."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(b"GET /streams HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    head = await _read_head(reader)
    assert head[0].startswith("HTTP/1.1 201")
    assert "Set-Cookie: a=b" in head
    assert "Content-Type: text/plain" in head
    assert await _read_chunk(reader) == b"first\n"
    (api.directory / "node" / "seen-first").touch()
    assert await _read_chunk(reader) == b"last\n"
    assert await _read_chunk(reader) == b""
    writer.close()


async def test_stream_that_breaks(api: Served) -> None:
    """The client sees that the body is incomplete, and the terminal why."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(b"GET /breaks HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert (await _read_head(reader))[0].startswith("HTTP/1.1 200")
    assert await _read_chunk(reader) == b"half\n"
    assert not (await reader.read()).endswith(b"0\r\n\r\n")
    assert "RangeError: no stars" in api.said[0].message
    writer.close()


async def test_large_request(api: Served) -> None:
    """A request over 10 MiB is refused before its body is read."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(b"POST /answers HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1073741824\r\n\r\n")
    assert (await _read_head(reader))[0].startswith("HTTP/1.1 413")
    writer.close()
