"""Function URLs that stream: a real function in a process, a real server, and bytes on a real connection."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from samlocal.execution.fleet.fleet import Fleet
from samlocal.http_api.app import http_app
from samlocal.http_api.function_urls.gateway import FunctionUrlGateway
from samlocal.http_api.sites import Site
from samlocal.preparation.options import FunctionOptions, ProjectOptions
from samlocal.project.apis import Api, ApiKind, FunctionIntegration, FunctionTarget, Route
from samlocal.sandbox.backend import Backend
from samlocal.sandbox.plan import SandboxSettings
from samlocal.serving.options import ServingOptions
from samlocal.serving.project_snapshot import RepeatedHost
from samlocal.serving.served_project import ServedProject
from tests.functional.execution.fakes import RecordingLog
from tests.functional.http_server.serving import served
from tests.nodejs import add_to_path
from tests.unit.preparation.host import RecordingObserver, host

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from samlocal.diagnostics import Diagnostic
    from samlocal.http_api.exchange import Gateway

PROJECT: Final = Path(__file__).parents[2] / "projects" / "streaming"
REQUEST: Final = b"GET /a%20b?c=d HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


class NoProgress:
    """There are no images."""

    def __call__(self, layer: str, status: str, current: int, total: int) -> None: ...

    def note(self, text: str) -> None: ...


class Streams:
    """A copy of the project whose URLs are served, each on a port of its own, and what they say."""

    def __init__(self, directory: Path, project: ServedProject, stack: AsyncExitStack) -> None:
        self.directory = directory
        self.said: list[Diagnostic] = []
        self._project = project
        self._stack = stack

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
        gateway: Gateway = FunctionUrlGateway(api, self._project, report=self.said.append)
        site = Site([(api, gateway)])

        async def get_site() -> Site[Gateway]:
            return site

        _, port = await self._stack.enter_async_context(
            served(http_app(get_site, allowed_hosts=()))
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        self._stack.callback(writer.close)
        writer.write(REQUEST)
        return reader

    async def hang_up(self) -> None:
        """Close all connections, and stop the servers."""
        await self._stack.aclose()


@asynccontextmanager
async def serve_streams(directory: Path) -> AsyncIterator[Streams]:
    """Serve a copy of the project with processes."""
    add_to_path()
    shutil.copytree(PROJECT, directory)
    options = ServingOptions(
        project=ProjectOptions(region="eu-central-1"),
        function=FunctionOptions(reads_credentials=False),
        sandbox=SandboxSettings(kind="process"),
    )
    async with (
        Fleet(Backend(kind="process"), progress=NoProgress(), max_environments=2) as fleet,
        ServedProject(
            options,
            RepeatedHost(host(directory, PATH=os.environ["PATH"])),
            fleet,
            observer=RecordingObserver(),
            log=lambda _: RecordingLog(),
            watches=False,
        ) as project,
        AsyncExitStack() as stack,
    ):
        yield Streams(directory, project, stack)


@pytest.fixture
async def streams(tmp_path: Path) -> AsyncIterator[Streams]:
    async with serve_streams(tmp_path / "streaming") as found:
        yield found


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
    (streams.directory / "node" / "seen-first").touch()
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
    assert streams.said[0].message.startswith(f"GET /a%20b: `{function}` has failed: ")
    assert streams.said[0].message.endswith("; the response is incomplete")


async def test_error_at_once(streams: Streams) -> None:
    """Before the first part, an error is a 502."""
    reader = await streams.connect("BreaksAtOnce")
    status, headers = await read_head(reader)
    assert (status, await reader.read()) == (502, b"Internal Server Error")
    assert headers["x-amzn-requestid"]
    assert "RangeError: no stars" in streams.said[0].message


async def test_client_that_hangs_up(streams: Streams) -> None:
    """A client that is gone does no harm to the next one."""
    first = await streams.connect("Waits")
    assert (await read_head(first))[0] == 200
    await streams.hang_up()
    (streams.directory / "node" / "seen-first").touch()
    reader = await streams.connect("Waits", streams=False)
    assert (await read_head(reader))[0] == 200
    assert await reader.read() == b"first\nlast\n"
