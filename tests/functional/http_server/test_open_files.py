"""More clients than the process may have open files."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import pytest

from samlocal.http_server.client_files import most_client_files
from tests.functional.http_server.serving import echo, served

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUEST: Final = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok"
FREE: Final = 100


@pytest.fixture(autouse=True)
def _limits() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def lowest_free_file() -> int:
    number = os.dup(0)
    os.close(number)
    return number


def leave_files(free: int) -> None:
    """Allow so many more open files."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free_file() + free, hard))


async def ask(opened: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> bytes:
    opened[1].write(REQUEST)
    return (await opened[0].readuntil(b"\r\n\r\nok"))[:12]


async def test_connections_wait_for_files(caplog: pytest.LogCaptureFixture) -> None:
    """Near the limit, connections wait until others are closed; files are left for functions, and the log says it once."""
    async with served(echo) as (server, port):
        leave_files(FREE)
        sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(FREE // 2)]
        clients = [await asyncio.open_connection(sock=each) for each in sockets]
        await asyncio.sleep(0.5)
        assert 0 < len(server._state.connections) < len(clients)
        assert lowest_free_file() <= most_client_files() + 1
        waiting = asyncio.create_task(ask(clients[-1]))
        assert await ask(clients[0]) == b"HTTP/1.1 200"
        assert not waiting.done()
        for _, writer in clients[: FREE // 2 - 10]:
            writer.close()
        assert await waiting == b"HTTP/1.1 200"
        for _, writer in clients:
            writer.close()
    assert caplog.text.count("too many files are open") == 1


async def test_no_files_at_all(caplog: pytest.LogCaptureFixture) -> None:
    """Without a single free file the server goes on with the connections it has, and takes others later."""
    async with served(echo) as (server, port):
        leave_files(FREE)
        first = await asyncio.open_connection("127.0.0.1", port)
        assert await ask(first) == b"HTTP/1.1 200"
        files = [os.dup(0)]
        with suppress(OSError):
            while True:
                files.append(os.dup(0))
        os.close(files.pop())
        second = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(0.5)
        assert len(server._state.connections) == 1
        assert await ask(first) == b"HTTP/1.1 200"
        for each in files:
            os.close(each)
        assert await ask(second) == b"HTTP/1.1 200"
        for _, writer in (first, second):
            writer.close()
    assert caplog.text.count("too many files are open") == 1
