"""A Runtime API on a real socket."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from samlocal.runtime_api.http_server import Server
from samlocal.runtime_api.routes import Router
from samlocal.runtime_api.runtime import RuntimeApi
from tests.functional.runtime_api.client import Api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


async def _admit_all(_host: str, _port: int) -> bool:
    return True


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    listener = socket.create_server(("127.0.0.1", 0))
    runtime = RuntimeApi()
    async with Server(listener, Router(runtime), accepts_peer=_admit_all):
        yield Api(runtime=runtime, port=listener.getsockname()[1])
