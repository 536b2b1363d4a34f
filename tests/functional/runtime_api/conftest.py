"""A Runtime API on a real socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.runtime_api.apis import SandboxApis
from samlocal.runtime_api.routes import Router
from tests.functional.execution.fakes import configuration
from tests.functional.runtime_api.client import Api, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    apis = SandboxApis(configuration())
    async with served(Router(lambda: apis)) as port:
        yield Api(apis=apis, port=port)
