"""A Runtime API on a real socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.runtime_api.routes import Router
from samlocal.runtime_api.runtime import RuntimeApi
from tests.functional.runtime_api.client import Api, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    runtime = RuntimeApi()
    async with served(Router(runtime)) as port:
        yield Api(runtime=runtime, port=port)
