"""The sites of a project that changes while it is served."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from samlocal.cli.http_endpoint import _Sites
from samlocal.cli.http_settings import HttpSettings
from samlocal.errors import PortInUseError
from samlocal.http_api.gateways import Gateways
from samlocal.project.apis import Api, ApiKind, Apis
from samlocal.project.web_functions import WebFunctions
from tests.unit.http_api.gateway_fakes import FakeAuthorizers, FakeFunctions

if TYPE_CHECKING:
    from samlocal.diagnostics import Diagnostic


def function_url(name: str) -> Api:
    return Api(
        kind=ApiKind.FUNCTION_URL, full_path=name, identifier=name, stage="$default", routes=()
    )


class Project:
    """A project with function URLs."""

    path = Path("template.yaml")

    def __init__(self, *names: str) -> None:
        self._web = WebFunctions()
        self.change(*names)

    def change(self, *names: str) -> None:
        self._apis = Apis(apis=tuple(map(function_url, names)))

    async def apis(self) -> Apis:
        return self._apis

    async def web_functions(self) -> WebFunctions:
        return self._web


async def test_new_sites_without_ports() -> None:
    """Each of them is tried once, the first problem is told, and the other changes take effect."""
    project = Project("A")
    said: list[Diagnostic] = []
    tried: list[int] = []
    changes: list[int] = []

    async def open_port(number: int) -> None:
        tried.append(number)
        if number:
            raise PortInUseError(f"no port for {number}")

    gateways = Gateways(FakeFunctions(), FakeAuthorizers(), api_keys={}, report=said.append)
    http = HttpSettings(kinds=frozenset(ApiKind), host="127.0.0.1", port=65_535)
    sites = _Sites(project, gateways, http, said.append, open_port=open_port)  # type: ignore[arg-type]  # what it needs of a project
    await sites.read()
    sites.when_changed = lambda: changes.append(len(sites.current))
    project.change("A", "B", "C")
    for _ in range(2):
        site = await sites.source(0)()
        assert [api.full_path for api in site.apis] == ["A"]
    assert tried == [0, 1, 2]
    assert changes == [3]
    assert [each.message for each in said] == ["no port for 1"]


async def test_api_that_is_gone() -> None:
    """An API that a change of the template removes is not served any more, also before the next request."""
    project = Project("A", "B")

    async def open_port(_number: int) -> None: ...

    gateways = Gateways(FakeFunctions(), FakeAuthorizers(), api_keys={}, report=print)
    http = HttpSettings(kinds=frozenset(ApiKind), host="127.0.0.1", port=0)
    sites = _Sites(project, gateways, http, print, open_port=open_port)  # type: ignore[arg-type]  # what it needs of a project
    await sites.read()
    assert await sites.has_api("A")
    assert await sites.has_api("B")
    project.change("A", "C")
    assert await sites.has_api("A")
    assert not await sites.has_api("B")
    assert await sites.has_api("C")
