"""A thousand connections at once."""

from __future__ import annotations

import asyncio
import resource
from typing import TYPE_CHECKING, Final

import pytest

from tests.functional.http_server.serving import echo, served

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECTIONS: Final = 1000
REQUEST: Final = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n%04d"


@pytest.fixture(autouse=True)
def _open_files() -> Iterator[None]:
    """Both ends of the connections are in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 3 * CONNECTIONS if hard == resource.RLIM_INFINITY else min(3 * CONNECTIONS, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> list[asyncio.Handle]:
    """What event loops run."""
    handles: list[asyncio.Handle] = []
    run_handle = asyncio.Handle._run  # what a loop calls

    def note(handle: asyncio.Handle) -> None:
        handles.append(handle)
        run_handle(handle)

    monkeypatch.setattr(asyncio.Handle, "_run", note)
    return handles


async def test_kept_connections(run: list[asyncio.Handle]) -> None:
    """A thousand kept connections serve requests; without any nothing runs, and a stop does not wait for them."""
    async with served(echo) as (server, port):
        opened = await asyncio.gather(
            *(asyncio.open_connection("127.0.0.1", port) for _ in range(CONNECTIONS))
        )
        for _ in range(2):
            for number, (_, writer) in enumerate(opened):
                writer.write(REQUEST % number)
            for number, (reader, _) in enumerate(opened):
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
                assert await reader.readexactly(4) == b"%04d" % number
        assert server.running == 0
        assert len(server._state.connections) == CONNECTIONS
        assert len(asyncio.all_tasks()) == 1
        run.clear()
        await asyncio.sleep(0.3)
        assert 0 < len(run) < 20  # the end of this sleep, and nothing of each connection
        await server.stop(3600)  # longer than a test may take
        for reader, writer in opened:
            assert await reader.read() == b""
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for _, writer in opened))
