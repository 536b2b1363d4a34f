"""The APIs of a project, served with functions in processes, and a client of theirs."""

from __future__ import annotations

import asyncio
import http.client
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.project import open_project
from samlocal.frozen_dataclass import frozen
from samlocal.http_api.app import http_app
from samlocal.http_api.function_urls.gateway import FunctionUrlGateway
from samlocal.http_api.http.gateway import HttpGateway
from samlocal.http_api.load_balancers.gateway import LoadBalancerGateway
from samlocal.http_api.sites import Site
from samlocal.preparation.options import FunctionOptions, ProjectOptions
from samlocal.project.apis import ApiKind
from tests.functional.http_api.process_functions import FUNCTION, PROCESS, serve_functions
from tests.functional.http_server.serving import served
from tests.unit.http_api.gateway_fakes import FakeAuthorizers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from samlocal.diagnostics import Diagnostic
    from samlocal.http_api.exchange import Gateway
    from samlocal.project.apis import Api
    from samlocal.sandbox.plan import SandboxSettings
    from samlocal.serving.served_project import ServedProject

_MOST_CLIENTS: Final = 16
PROJECTS: Final = Path(__file__).parents[2] / "projects"


@frozen
class Reply:
    """A response; names of headers are in lower case."""

    status: int
    headers: dict[str, list[str]]
    body: bytes


class ServedApis:
    """A copy of a project with what serves it, and what the gateways say."""

    def __init__(self, directory: Path, project: ServedProject, stack: AsyncExitStack) -> None:
        self.directory = directory
        self.said: list[Diagnostic] = []
        self._project = project
        self._stack = stack
        self._ports: dict[ApiKind, int] = {}
        # Not the threads of the loop, which what is served needs itself.
        self._clients = stack.enter_context(ThreadPoolExecutor(_MOST_CLIENTS))

    async def serve(self, api: Api) -> int:
        """Serve an API, and return its port."""
        site = Site([(api, self._gateway(api))])

        async def get_site() -> Site[Gateway]:
            return site

        app = http_app(get_site, allowed_hosts=())
        _, port = await self._stack.enter_async_context(served(app))
        return port

    async def serve_template(self) -> None:
        """Serve the APIs of the template, one of each kind."""
        found = open_project(self.directory / "template.yaml").read_apis()
        assert not found.diagnostics
        for api in found.apis:
            self._ports[api.kind] = await self.serve(api)

    async def fetch(
        self,
        kind: ApiKind,
        method: str,
        target: str,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply:
        """Send a request to the API of a kind, with the client of Python's library."""
        return await asyncio.get_running_loop().run_in_executor(
            self._clients, _fetch, self._ports[kind], method, target, headers or {}, body
        )

    def _gateway(self, api: Api) -> Gateway:
        report = self.said.append
        match api.kind:
            case ApiKind.HTTP:
                return HttpGateway(api, self._project, FakeAuthorizers(), report=report)
            case ApiKind.FUNCTION_URL:
                return FunctionUrlGateway(api, self._project, report=report)
            case _:
                return LoadBalancerGateway(api, self._project, FakeAuthorizers(), report=report)


@asynccontextmanager
async def serve_project(
    name: str,
    directory: Path,
    *,
    function: FunctionOptions = FUNCTION,
    sandbox: SandboxSettings = PROCESS,
) -> AsyncIterator[ServedApis]:
    """Serve a copy of a project, whose path is `directory`."""
    shutil.copytree(PROJECTS / name, directory)
    async with (
        serve_functions(
            ProjectOptions(region="eu-central-1"),
            directory,
            function=function,
            sandbox=sandbox,
        ) as project,
        AsyncExitStack() as stack,
    ):
        yield ServedApis(directory, project, stack)


def _fetch(
    port: int, method: str, target: str, headers: dict[str, str], body: bytes | None
) -> Reply:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, target, body, headers)
        response = connection.getresponse()
        found: dict[str, list[str]] = {}
        for key, value in response.getheaders():
            found.setdefault(key.lower(), []).append(value)
        return Reply(status=response.status, headers=found, body=response.read())
    finally:
        connection.close()
