"""Function URLs that stream: a real function in a process, a real server, and bytes on a real connection."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

import pytest

from samlocal.project.apis import Api, ApiKind, FunctionIntegration, FunctionTarget, Route
from tests.functional.http_api.served_apis import serve_project
from tests.nodejs import add_to_path

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.functional.http_api.served_apis import ServedApis

REQUEST: Final = b"GET /a%20b?c=d HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


class Streams:
    """The functions of the project, each with a URL."""

    def __init__(self, apis: ServedApis, stack: AsyncExitStack) -> None:
        self.apis = apis
        self._stack = stack

    @property
    def said(self) -> list[str]:
        return [each.message for each in self.apis.said]

    def allow_the_next_part(self) -> None:
        """Tell the function that its client has seen the first part."""
        (self.apis.directory / "node" / "seen-first").touch()

    async def connect(self, function: str, *, streams: bool = True) -> asyncio.StreamReader:
        """Send a request to the URL of a function, and return its response."""
        integration = FunctionIntegration(
            target=FunctionTarget(function=function),
            payload="2.0",
            timeout_ms=60_000,
            streams=streams,
        )
        api = Api(
            kind=ApiKind.FUNCTION_URL,
            full_path=function,
            identifier="abcdefghij",
            stage="$default",
            routes=(Route(method="ANY", path="$default", integration=integration),),
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", await self.apis.serve(api))
        self._stack.callback(writer.close)
        writer.write(REQUEST)
        return reader

    async def hang_up(self) -> None:
        """Close all connections."""
        await self._stack.aclose()


@pytest.fixture
async def streams(tmp_path: Path) -> AsyncIterator[Streams]:
    add_to_path()
    async with (
        serve_project("streaming", tmp_path / "streaming") as apis,
        AsyncExitStack() as stack,
    ):
        yield Streams(apis, stack)


async def read_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """Return the status and the headers of a response."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    return int(first.split()[1]), {
        name.lower(): value for name, _, value in (line.partition(": ") for line in lines)
    }


async def read_chunk(reader: asyncio.StreamReader) -> bytes:
    size = int(await reader.readline(), 16)
    return (await reader.readexactly(size + 2))[:-2]


async def test_parts_arrive_as_they_are_written(streams: Streams) -> None:
    """The function writes its second part only when the client has seen the first."""
    reader = await streams.connect("Waits")
    status, headers = await read_head(reader)
    assert (status, headers["content-type"]) == (200, "application/octet-stream")
    assert headers["transfer-encoding"] == "chunked"
    assert await read_chunk(reader) == b"first\n"
    streams.allow_the_next_part()
    assert await read_chunk(reader) == b"last\n"
    assert await read_chunk(reader) == b""


async def test_metadata_of_a_stream(streams: Streams) -> None:
    """Status, headers and cookies are those of `HttpResponseStream.from`, whether or not the URL streams."""
    for is_streamed in (True, False):
        reader = await streams.connect("Http", streams=is_streamed)
        status, headers = await read_head(reader)
        assert status == 201
        assert headers["content-type"] == "text/plain"
        assert headers["set-cookie"] == "a=b"
        body = await read_chunk(reader) if is_streamed else await reader.read()
        assert body == b"body"
    assert not streams.said


@pytest.mark.parametrize("function", ["Breaks", "Exits", "Hangs"])
async def test_errors_in_the_middle(streams: Streams, function: str) -> None:
    """The client sees that the body is incomplete, and the terminal why."""
    reader = await streams.connect(function)
    assert (await read_head(reader))[0] == 200
    assert await read_chunk(reader) == b"half\n"
    assert not (await reader.read()).endswith(b"0\r\n\r\n")
    assert streams.said[0].startswith(f"GET /a%20b: `{function}` has failed: ")
    assert streams.said[0].endswith("; the response is incomplete")


async def test_error_at_once(streams: Streams) -> None:
    """Before the first part, an error is a 502."""
    reader = await streams.connect("BreaksAtOnce")
    status, headers = await read_head(reader)
    assert (status, await reader.read()) == (502, b"Internal Server Error")
    assert headers["x-amzn-requestid"]
    assert "RangeError: no stars" in streams.said[0]


async def test_client_that_hangs_up(streams: Streams) -> None:
    """A client that is gone does no harm to the next one."""
    first = await streams.connect("Waits")
    assert (await read_head(first))[0] == 200
    await streams.hang_up()
    streams.allow_the_next_part()
    reader = await streams.connect("Waits", streams=False)
    assert (await read_head(reader))[0] == 200
    assert await reader.read() == b"first\nlast\n"
