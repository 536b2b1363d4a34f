"""A REST API of a project with real functions in processes, behind a real server."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import requests

from samlocal.cloudformation.project import open_project
from samlocal.http_api.app import http_app
from samlocal.http_api.rest.gateway import RestGateway
from samlocal.http_api.sites import Site
from samlocal.preparation.options import ProjectOptions
from tests.functional.execution.fakes import RecordingLog
from tests.functional.http_api.process_functions import serve_functions
from tests.functional.http_server.serving import served
from tests.unit.http_api.gateway_fakes import FakeAuthorizers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from samlocal.diagnostics import Diagnostic
    from samlocal.http_api.exchange import Gateway


class WatchedLog(RecordingLog):
    """A log, and whether the slow function has written its line."""

    def __init__(self) -> None:
        super().__init__()
        self.has_ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def write(self, output: bytes) -> None:
        super().write(output)
        if b"slow has ended" in output:
            self._loop.call_soon_threadsafe(self.has_ended.set)


class Served:
    """The API of a copy of the project, its port, and what it says."""

    def __init__(self, directory: Path, port: int, said: list[Diagnostic], log: WatchedLog) -> None:
        self.directory = directory
        self.port = port
        self.said = said
        self.log = log

    async def ask(self, method: str, path: str, **options: Any) -> requests.Response:  # noqa: ANN401
        """Send a request with `requests`, whose path is not changed."""
        url = f"http://127.0.0.1:{self.port}{path}"
        return await asyncio.to_thread(requests.request, method, url, timeout=30, **options)


@asynccontextmanager
async def serve_api(directory: Path, **parameters: str) -> AsyncIterator[Served]:
    """Serve the only API of the template in a directory, with values for its parameters."""
    said: list[Diagnostic] = []
    log = WatchedLog()
    template = directory / "template.yaml"
    project = open_project(template, region="eu-central-1", parameter_overrides=parameters)
    (declared,) = project.read_apis().apis
    options = ProjectOptions(region="eu-central-1", parameter_overrides=parameters)
    async with serve_functions(options, directory, log=log) as functions:
        gateway: Gateway = RestGateway(
            declared, functions, FakeAuthorizers(), api_keys={}, report=said.append
        )
        site = Site([(declared, gateway)])

        async def get_site() -> Site[Gateway]:
            return site

        async with served(http_app(get_site, allowed_hosts=())) as (_, port):
            yield Served(directory, port, said, log)
