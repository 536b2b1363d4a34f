"""APIs that share a port, and the one that answers a request."""

from __future__ import annotations

import pytest

from samlocal.http_api.sites import Site, arrange, assign_ports
from samlocal.project.apis import Api, ApiKind, MockIntegration, Route


def api(
    name: str,
    *routes: str,
    kind: ApiKind = ApiKind.HTTP,
    stage: str = "$default",
    base_path: str | None = None,
) -> Api:
    """Return an API with routes such as `GET /items`."""
    mock = MockIntegration(request_templates={}, responses=())
    return Api(
        kind=kind,
        full_path=name,
        identifier=name.lower().rjust(10, "0"),
        stage=stage,
        base_path=base_path,
        routes=tuple(
            Route(method=method, path=path, integration=mock)
            for method, _, path in (each.partition(" ") for each in routes)
        ),
    )


ITEMS = api("Items", "GET /items/{id}", "POST /items")
ORDERS = api("Orders", "ANY /orders/{proxy+}", kind=ApiKind.REST, stage="Prod")
NEW_ITEMS = api("NewItems", "GET /items/new")
CATCH_ALL = api("CatchAll", "ANY $default")
CHAT = api("Chat", "ANY $connect", "ANY $default", kind=ApiKind.WEBSOCKET, stage="live")
URL = api("Url", "ANY $default", kind=ApiKind.FUNCTION_URL)


@pytest.mark.parametrize(
    ("apis", "arranged"),
    [
        pytest.param([], [], id="none"),
        pytest.param([ITEMS, ORDERS], [["Items", "Orders"]], id="no collision"),
        pytest.param([ITEMS, NEW_ITEMS], [["Items"], ["NewItems"]], id="one path of both"),
        pytest.param([CATCH_ALL, ORDERS], [["CatchAll"], ["Orders"]], id="all paths"),
        pytest.param([CATCH_ALL, CHAT], [["CatchAll", "Chat"]], id="WebSocket beside HTTP"),
        pytest.param([CHAT, CHAT], [["Chat"], ["Chat"]], id="two WebSocket APIs"),
        pytest.param([URL, ITEMS, URL], [["Url"], ["Items"], ["Url"]], id="function URLs"),
        pytest.param(
            [ITEMS, NEW_ITEMS, ORDERS],
            [["Items", "Orders"], ["NewItems"]],
            id="the first that fits",
        ),
    ],
)
def test_arrangement(apis: list[Api], arranged: list[list[str]]) -> None:
    """APIs share a port unless a request could be for two of them."""
    assert [[each.full_path for each in site] for site in arrange(apis)] == arranged


@pytest.mark.parametrize(
    ("sites", "ports", "numbers"),
    [
        pytest.param([[ITEMS], [URL]], [], (0, 1), id="at the start"),
        pytest.param([[ITEMS], [URL]], [[URL], [ITEMS]], (1, 0), id="other order"),
        pytest.param([[URL]], [[ITEMS], [URL]], (1,), id="one is gone"),
        pytest.param([[NEW_ITEMS], [ITEMS]], [[ITEMS]], (1, 0), id="a new one before"),
        pytest.param([[ITEMS], [ORDERS]], [[ITEMS, ORDERS]], (0, 1), id="one became two"),
        pytest.param([[ITEMS, ORDERS]], [[ITEMS], [ORDERS]], (0,), id="two became one"),
        pytest.param([[CHAT], [CATCH_ALL]], [[URL]], (1, 2), id="all are new"),
    ],
)
def test_ports_stay(sites: list[list[Api]], ports: list[list[Api]], numbers: tuple[int]) -> None:
    """An API keeps its port when the project changes; a new one has none of another."""
    assert assign_ports(sites, ports) == numbers


SHARED = Site([(each, each.full_path) for each in (ITEMS, ORDERS, CHAT)])
BASE = Site([(api("Shop", "GET /items", stage="dev", base_path="shop"), "Shop")])


@pytest.mark.parametrize(
    ("method", "path", "host", "expected"),
    [
        ("GET", "/items/7", "localhost", ("Items", "/items/7", "", True)),
        ("GET", "/orders/a/b", "localhost", ("Orders", "/orders/a/b", "", True)),
        ("GET", "/Prod/orders/a", "localhost", ("Orders", "/orders/a", "/Prod", True)),
        ("GET", "/Production/orders/a", "localhost", ("Items", "/Production/orders/a", "", False)),
        ("DELETE", "/items/7", "localhost", ("Items", "/items/7", "", True)),
        ("GET", "/nothing", "localhost", ("Items", "/nothing", "", False)),
        ("GET", "/nothing", "orders.localhost:3000", ("Orders", "/nothing", "", False)),
        (
            "GET",
            "/items/7",
            "0000orders.execute-api.us-east-1.amazonaws.com",
            ("Orders", "/items/7", "", False),
        ),
        ("GET", "/@connections/a%3D", "localhost", ("Chat", "/@connections/a%3D", "", True)),
        ("POST", "/live/@connections/a", "localhost", ("Chat", "/@connections/a", "/live", True)),
    ],
)
def test_selection(method: str, path: str, host: str, expected: tuple[object, ...]) -> None:
    """Routes choose the API, then a stage that leads the path; a host name chooses it for sure."""
    assert SHARED.select(method, path, host) == expected


@pytest.mark.parametrize(
    ("path", "rest", "prefix"),
    [
        ("/items", "/items", ""),
        ("/dev/items", "/items", "/dev"),
        ("/shop/items", "/items", "/shop"),
        ("/dev", "/", "/dev"),
    ],
)
def test_prefixes(path: str, rest: str, prefix: str) -> None:
    """A stage or a base path may lead the path."""
    selected = BASE.select("GET", path, "localhost")
    assert (selected.path, selected.prefix) == (rest, prefix)


def test_stage_before_a_catch_all() -> None:
    """The stage is not part of a path that any route would take."""
    site = Site([(api("All", "ANY $default", stage="dev"), 1)])
    assert site.select("GET", "/dev/x", "localhost")[1:3] == ("/x", "/dev")
    assert site.select("GET", "/x", "localhost")[1:3] == ("/x", "")


def test_websockets() -> None:
    """A WebSocket API takes the connections of its port."""
    assert SHARED.websocket() == "Chat"
    assert BASE.websocket() is None
