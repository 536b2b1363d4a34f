"""APIs that share a port, and the one that answers a request."""

from __future__ import annotations

from dataclasses import replace

import pytest

from samlocal.http_api.sites import Site, arrange, assign_ports, needed_prefix
from samlocal.project.apis import Api, ApiKind, MockIntegration, Route


def api(
    name: str,
    *routes: str,
    kind: ApiKind = ApiKind.HTTP,
    stage: str = "$default",
    base_paths: tuple[str, ...] = (),
) -> Api:
    """Return an API with routes such as `GET /items`."""
    mock = MockIntegration(request_templates={}, responses=())
    return Api(
        kind=kind,
        full_path=name,
        identifier=name.lower().rjust(10, "0"),
        stage=stage,
        base_paths=base_paths,
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
BASE = Site([(api("Shop", "GET /items", stage="dev", base_paths=("shop", "more/shops")), "Shop")])


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
        ("/more/shops/items", "/items", "/more/shops"),
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
    assert SHARED.websocket("/", "localhost") == "Chat"
    assert BASE.websocket("/", "localhost") is None


def stages(name: str, *names: str, kind: ApiKind = ApiKind.HTTP) -> list[Api]:
    """Return an API in several stages."""
    made = api(name, "GET /items", "ANY /{proxy+}", kind=kind)
    return [replace(made, stage=each, has_other_stages=True) for each in names]


SHOP = stages("Shop", "dev", "prod", "$default")
STAGED = Site([(each, each.stage) for each in arrange(SHOP)[0]])


@pytest.mark.parametrize(
    ("path", "host", "expected"),
    [
        ("/items", "localhost", ("$default", "/items", "", True)),
        ("/dev/items", "localhost", ("dev", "/items", "/dev", True)),
        ("/prod/items", "localhost", ("prod", "/items", "/prod", True)),
        ("/prod", "localhost", ("$default", "/prod", "", True)),
        ("/prod/a/b", "localhost", ("prod", "/a/b", "/prod", True)),
        ("/produce", "localhost", ("$default", "/produce", "", True)),
        ("/prod/items", "shop.localhost", ("prod", "/items", "/prod", True)),
        ("/items", "0000000shop.localhost", ("$default", "/items", "", True)),
        ("/items", "shop-prod.localhost:3000", ("prod", "/items", "", True)),
        ("/dev/items", "Shop-dev.localhost", ("dev", "/items", "/dev", True)),
    ],
)
def test_stages_of_one_api(path: str, host: str, expected: tuple[object, ...]) -> None:
    """They share a port: the stage that leads the path, or the host name, chooses one."""
    assert STAGED.select("GET", path, host) == expected


def test_what_leads_the_path_to_a_stage() -> None:
    """Without a stage the path belongs to `$default`, or else to the first stage."""
    assert [needed_prefix(each, SHOP[:2]) for each in SHOP[:2]] == ["", "/prod"]
    (members,) = arrange(SHOP)
    assert [(each.stage, needed_prefix(each, members)) for each in members] == [
        ("$default", ""),
        ("dev", "/dev"),
        ("prod", "/prod"),
    ]


def test_stages_beside_another_api() -> None:
    """Another API shares the port unless a request could be for it and for a stage."""
    one = [
        replace(api("Shop", "GET /items"), stage=each, has_other_stages=True)
        for each in ("dev", "prod")
    ]
    beside, within = api("Other", "GET /other"), api("Within", "GET /prod/items")
    assert [[each.label for each in site] for site in arrange([*one, beside, within])] == [
        ["Shop (dev)", "Shop (prod)", "Other"],
        ["Within"],
    ]


def test_stages_of_a_websocket_api() -> None:
    """The stage in the path, or the host name, chooses who takes a connection."""
    (members,) = arrange(stages("Chat", "dev", "prod", kind=ApiKind.WEBSOCKET))
    site = Site([(each, each.stage) for each in members])
    assert site.websocket("/", "localhost") == "dev"
    assert site.websocket("/prod", "localhost") == "prod"
    assert site.websocket("/", "chat-prod.localhost") == "prod"
    selected = site.select("POST", "/prod/@connections/a", "localhost")
    assert (selected.member, selected.path) == ("prod", "/@connections/a")


@pytest.mark.parametrize("kind", [ApiKind.REST, ApiKind.HTTP])
@pytest.mark.parametrize(("path", "prefix"), [("/a", ""), ("/Prod/a", "/Prod")])
def test_a_path_that_lacks_the_method(kind: ApiKind, path: str, prefix: str) -> None:
    """Its API decides who answers: a REST API with a 403, an HTTP API with its greedy route."""
    site = Site([(api("All", "POST /a", "ANY /{proxy+}", kind=kind, stage="Prod"), "All")])
    assert site.select("GET", path, "localhost") == ("All", "/a", prefix, True)


def test_hosts_of_other_ports() -> None:
    """A host name chooses an API whichever port the request came to; paths alone never lead to another port."""
    items, orders = Site([(ITEMS, "Items")]), Site([(ORDERS, "Orders"), (CHAT, "Chat")])
    url = Site([(replace(URL, full_path="Nested/Url:live"), "Url")])
    sites = (items, orders, url)
    for site in sites:
        site.refer_to(each for each in sites if each is not site)
    for site in sites:
        assert site.select("GET", "/x", "items.localhost:3000").member == "Items"
        selected = site.select("GET", "/Prod/orders/a", "Orders.localhost")
        assert selected == ("Orders", "/orders/a", "/Prod", True)
        assert site.select("GET", "/x", "nested-url-live.localhost").member == "Url"
        assert site.websocket("/", "chat.localhost") == "Chat"
        assert site.websocket("/", "items.localhost") is None
    assert items.select("GET", "/orders/a", "localhost").member == "Items"
    assert items.websocket("/", "localhost") is None
