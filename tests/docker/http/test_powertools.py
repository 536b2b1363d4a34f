"""The event handlers of Powertools for AWS Lambda route real requests, behind each kind of API.

They take the events apart as programs in AWS do, and their results have what few handwritten functions return.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest

from tests.docker.command import PATIENCE_SECONDS
from tests.docker.http import powertools
from tests.docker.http.api_server import serving_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import docker

    from tests.docker.http.api_server import ApiServer

# The first test waits for the packages.
pytestmark = [pytest.mark.xdist_group("powertools"), pytest.mark.timeout(600)]

ORIGIN = "https://app.example"


@pytest.fixture(scope="module")
def server(
    engine: docker.APIClient,
    stand_in: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ApiServer]:
    """The project's APIs, for all tests of this module."""
    project = tmp_path_factory.mktemp("powertools") / "project"
    for image in ("python:3.11", "nodejs:22"):
        stand_in(image)
    powertools.lay_out(project)
    with serving_project(engine, project) as running:
        yield running


class Routes(NamedTuple):
    """The routes behind one API, in one language."""

    api: str
    prefix: str
    is_python: bool = True
    kind: str = "one two"
    cookies: Sequence[str] = ("one", "two")
    is_compressed: bool = True


# Load balancers do not decode queries, and Powertools for Python does it where it is told to. That for TypeScript knows
# neither several cookies of a stream nor compressed ones, and a load balancer ignores the member with two cookies.
APIS = [
    Routes("Rest", "/python"),
    Routes("ServerlessHttpApi", "/python-2"),
    Routes("PythonUrl", "/python-3"),
    Routes("Listener", "/python-4"),
    Routes("Rest", "/typescript", is_python=False),
    Routes("ServerlessHttpApi", "/typescript-2", is_python=False),
    Routes("TypeScript", "/typescript-3", is_python=False),
    Routes(
        "TypeScriptStream",
        "/typescript-3",
        is_python=False,
        cookies=("two",),
        is_compressed=False,
    ),
    Routes("Listener", "/typescript-4", is_python=False, kind="one%20two", cookies=()),
]


@pytest.fixture(params=APIS, ids=lambda routes: f"{routes.api}{routes.prefix}")
def routes(request: pytest.FixtureRequest) -> Routes:
    """Each of them."""
    each: Routes = request.param
    return each


@pytest.fixture
def api(routes: Routes, server: ApiServer) -> Iterator[httpx.Client]:
    """A client of the routes."""
    with httpx.Client(
        base_url=server.url_of(routes.api) + routes.prefix,
        headers={"Origin": ORIGIN, "Accept-Encoding": "gzip"},
        timeout=PATIENCE_SECONDS,
    ) as client:
        yield client


def test_routes(api: httpx.Client, routes: Routes) -> None:
    """A route has its parameters, the query and the path; the resolver adds the headers of CORS."""
    answer = api.get("/items/a-1?kind=one%20two")
    path = f"{api.base_url.path.rstrip('/')}/items/a-1"
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"item": "a-1", "kind": routes.kind, "path": path}
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_errors(api: httpx.Client) -> None:
    """An error of a route, and a path without one, have the handlers' own 404."""
    answer = api.get("/items/missing")
    assert (answer.status_code, answer.json()["message"]) == (404, "no such item")
    assert api.get("/elsewhere").status_code == 404


def test_compression(api: httpx.Client, routes: Routes) -> None:
    """Bodies that the handler has compressed arrive as they are, with the status of the route."""
    answer = api.post("/items", json={"name": "müsli", "many": "x" * 2000})
    assert answer.status_code == 201, answer.text
    assert answer.json() == {"added": {"name": "müsli", "many": "x" * 2000}}
    assert (answer.headers.get("Content-Encoding") == "gzip") is routes.is_compressed


def test_bytes(api: httpx.Client, routes: Routes) -> None:
    """A function gets each byte of a body; Powertools for TypeScript reads them as UTF-8."""
    content = bytes(range(256)) if routes.is_python else bytes(range(128))
    answer = api.put("/bytes", content=content, headers={"Content-Type": "image/png"})
    assert answer.json() == {"bytes": len(content), "sum": sum(content)}


def test_pictures(api: httpx.Client) -> None:
    """A client gets a picture as bytes."""
    answer = api.get("/picture", headers={"Accept": "image/png"})
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG\r\n\x1a\n")
    assert answer.content.endswith(b"IEND\xaeB`\x82")


def test_cookies(api: httpx.Client, routes: Routes) -> None:
    """Each cookie of a response has a header of its own."""
    answer = api.get("/cookies")
    assert answer.text == "set"
    names = [each.partition("=")[0] for each in answer.headers.get_list("Set-Cookie")]
    assert sorted(names) == sorted(routes.cookies)


def test_preflights(api: httpx.Client) -> None:
    """The handlers answer preflights of APIs that leave them to the function."""
    headers = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "x-mine"}
    answer = api.options("/items/a-1", headers=headers)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "x-mine" in answer.headers["Access-Control-Allow-Headers"].lower()
