"""The page of the console in a real browser, served by the real server."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.request import Request, urlopen

import pytest

from samlocal.http_api.asgi_exchange import AsgiExchange, path_of, read_request
from samlocal.http_api.console.console import Console
from samlocal.http_api.console.entry import (
    ConsoleEntry,
    ConsoleFunction,
    ConsoleRoute,
    Timing,
    keep,
)
from samlocal.http_api.exchange import HttpRequest
from samlocal.http_server.server import HttpServer
from tests.functional.http_api.console.browser import Browser, browser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.http_server.asgi import Receive, Scope, Send

ROWS: Final = "document.querySelectorAll('#entries li').length"
ROUTES: Final = [
    ConsoleRoute(
        method=method,
        path=path,
        api="Shop",
        kind="REST API",
        url=f"http://127.0.0.1:3000{path}",
        function=function,
        authorizer=authorizer,
    )
    for method, path, function, authorizer in [
        ("GET", "/items", "Items", None),
        ("POST", "/items", "Items", "TokenAuthorizer"),
        ("GET", "/items/{id}", "Item", None),
    ]
]
FUNCTIONS: Final = [
    ConsoleFunction(
        name=name, runtime="python3.13", handler="app.handler", memory_mb=256, timeout_seconds=3
    )
    for name in ("Items", "Item")
]


async def _functions() -> list[ConsoleFunction]:
    return FUNCTIONS


class Served:
    """A console at a port, in a loop of a thread of its own."""

    def __init__(self) -> None:
        self.port = 0
        self.loop = asyncio.new_event_loop()
        self.apis = ["Shop"]
        self.console = Console(routes=lambda: ROUTES, functions=_functions, repeaters=self._find)

    async def _find(self, api: str) -> Served | None:
        return self if api in self.apis else None

    async def repeat(self, request: HttpRequest, identifier: str) -> None:
        again = entry(1, sent_again=identifier)
        self.console.record(replace(again, identifier=request.request_id, request=request))

    def record(self, entry: ConsoleEntry) -> None:
        self.loop.call_soon_threadsafe(self.console.record, entry)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = AsgiExchange(scope, receive, send)
        body = await exchange.read_body(1024 * 1024)
        request = read_request(scope, path=path_of(scope), prefix="", body=body)
        response = await self.console.answer(request, exchange)
        if response is not None:
            await exchange.respond(response)

    async def run(self, ready: threading.Event, end: asyncio.Event) -> None:
        listener = socket.create_server(("127.0.0.1", self.port))
        async with HttpServer(self.app, sockets=[listener]):
            self.port = listener.getsockname()[1]
            ready.set()
            await end.wait()
            await self.console.close()


@contextmanager
def serving(served: Served) -> Iterator[None]:
    ready, end = threading.Event(), asyncio.Event()
    thread = threading.Thread(target=served.loop.run_until_complete, args=[served.run(ready, end)])
    thread.start()
    ready.wait(10)
    try:
        yield
    finally:
        served.loop.call_soon_threadsafe(end.set)
        thread.join(10)
        served.loop.close()


@pytest.fixture
def served() -> Iterator[Served]:
    served = Served()
    with serving(served):
        yield served


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser for all tests: its start takes longer than any of them."""
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def page(chromium: Browser, served: Served) -> Iterator[Browser]:
    chromium.complaints.clear()
    chromium.color_scheme("light")
    chromium.open(f"http://127.0.0.1:{served.port}/_samlocal/")
    chromium.wait_for("document.querySelector('#connection')?.dataset.state === 'live'")
    yield chromium
    chromium.open("about:blank")  # before its server ends, which would be a complaint


def entry(number: int, **members: object) -> ConsoleEntry:
    request = HttpRequest(
        method="GET" if number % 3 else "POST",
        path=f"/items/{number}",
        query="page=1" if number % 2 else "",
        headers=(("Host", "127.0.0.1:3000"), ("Accept", "*/*"), ("User-Agent", "curl/8.5.0")),
        body=b"" if number % 3 else b'{"name": "<b>tea</b>"}',
        source_ip="127.0.0.1",
        host="127.0.0.1:3000",
        port=3000,
        scheme="http",
        received=1_700_000_000 + number,
        request_id=f"r{number}",
        trace_header="Root=1-5e6722a7-cc56ab7c46db7ae02d4da47e",
    )
    event = {
        "routeKey": "GET /items/{id}",
        "number": number,
        "html": "<img src=x onerror=alert(1)>",
    }
    facts = {
        "status": (200, 201, 304, 404, 502)[number % 5],
        "api": "Shop",
        "function": "Item",
        "headers": (("Content-Type", "application/json"),),
        "body": keep(b'{"total": 3.5, "more": null}'),
        "event": keep(json.dumps(event).encode()),
        "result": keep(b'{"statusCode": 200, "body": "{}"}'),
        "logs": keep(b"START\nhello <script>alert(1)</script>\nEND\n"),
        "duration_ms": 3.2 * (number + 1),
        "timings": (
            Timing(name="Item init", duration_ms=120.0),
            Timing(name="Item invoke", duration_ms=3.1),
        ),
        "reason": "`Item` has failed: ValueError: no such item" if number % 5 == 4 else None,
        **members,
    }
    return ConsoleEntry(identifier=f"r{number}", request=request, **facts)  # type: ignore[arg-type]  # of an entry


def test_requests_appear_as_they_come(served: Served, page: Browser) -> None:
    """A request is in the list while it runs, and changes when it is answered; the newest is first."""
    assert page.evaluate(ROWS) == 0
    served.record(entry(1, status=None, duration_ms=None))
    page.wait_for(f"{ROWS} === 1 && document.querySelector('.status').textContent === '…'")
    served.record(entry(1))
    served.record(entry(2))
    page.wait_for(f"{ROWS} === 2 && !document.querySelector('#entries').textContent.includes('…')")
    first = page.evaluate("document.querySelector('#entries .path').textContent")
    assert first == "/items/2"
    assert page.complaints == []


def test_the_details_of_a_request(served: Served, page: Browser) -> None:
    """Event, result, logs and timings are shown as text: no content of a request is markup."""
    served.record(entry(4))
    page.wait_for(f"{ROWS} === 1")
    page.evaluate("document.querySelector('#entries button').click()")
    page.wait_for("document.querySelector('#details h3')")
    text = page.evaluate("document.querySelector('#details').innerText")
    for part in (
        "GET /items/{id}",
        "<img src=x onerror=alert(1)>",
        "<script>alert(1)</script>",
        '"statusCode": 200',
        "Item init",
        "120 ms",
        "no such item",
    ):
        assert part in text
    assert page.evaluate("document.querySelectorAll('#details img, #details script').length") == 0
    assert page.complaints == []


def test_send_again(served: Served, page: Browser) -> None:
    """The button sends the request again, which appears as another one."""
    served.record(entry(1))
    page.wait_for(f"{ROWS} === 1")
    page.evaluate("document.querySelector('#entries button').click()")
    page.wait_for("document.querySelector('#send')")
    page.evaluate("document.querySelector('#send').click()")
    page.wait_for(f"{ROWS} === 2")
    page.evaluate("document.querySelector('#entries button').click()")
    page.wait_for("document.querySelector('#details').innerText.includes('sent again')")


def test_send_again_to_an_api_that_is_gone(served: Served, page: Browser) -> None:
    """The page shows that the API is not served any more; no request appears."""
    served.record(entry(1))
    page.wait_for(f"{ROWS} === 1")
    served.apis.clear()
    page.evaluate("document.querySelector('#entries button').click()")
    page.wait_for("document.querySelector('#send')")
    page.evaluate("document.querySelector('#send').click()")
    page.wait_for("document.body.innerText.includes('`Shop` is not served any more')")
    assert page.evaluate(ROWS) == 1


def test_filter_keys_and_clear(served: Served, page: Browser) -> None:
    """The list can be filtered, walked through with the keyboard, and cleared."""
    for number in range(30):
        served.record(entry(number))
    page.wait_for(f"{ROWS} === 30")
    page.evaluate(
        "const f = document.querySelector('#filter');"
        "f.value = 'post item'; f.dispatchEvent(new Event('input'))"
    )
    assert page.evaluate(ROWS) == 10
    page.evaluate("document.querySelector('#entries button').focus()")
    page.press("ArrowDown")
    page.wait_for("document.querySelector('#details h3')?.textContent === 'POST /items/24'")
    page.evaluate("document.querySelector('#clear').click()")
    page.wait_for(f"{ROWS} === 0")
    assert page.evaluate("document.querySelector('#count-requests').textContent") == "0"


def test_only_the_last_requests_are_shown(served: Served, page: Browser) -> None:
    """The page keeps as few requests as the server."""
    for number in range(250):
        served.record(entry(number))
    page.wait_for("document.querySelector('#entries .path')?.textContent.startsWith('/items/249')")
    page.wait_for(f"{ROWS} === 200")


def test_routes_and_functions(page: Browser) -> None:
    """There is a table of routes, and one of functions."""
    page.evaluate("location.hash = '#routes'")
    page.wait_for("document.querySelectorAll('#route-rows tr').length === 3")
    assert "TokenAuthorizer" in page.evaluate("document.querySelector('#routes').innerText")
    page.evaluate("location.hash = '#functions'")
    page.wait_for("!document.querySelector('section#functions').hidden")
    assert "python3.13" in page.evaluate("document.querySelector('#functions').innerText")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_can_be_read(served: Served, page: Browser, scheme: str, tmp_path: Path) -> None:
    """In light and dark every text has a contrast of 4.5 to its ground, every control has a name, and nothing is loaded.

    `SAMLOCAL_SCREENSHOTS=DIR` keeps the pictures.
    """
    page.color_scheme(scheme)
    for number in range(10):
        served.record(entry(number))
    page.wait_for(f"{ROWS} === 10")
    page.evaluate("document.querySelectorAll('#entries button')[5].click()")
    page.wait_for("document.querySelector('#details h3')")
    folder = Path(os.environ.get("SAMLOCAL_SCREENSHOTS", tmp_path))
    assert page.screenshot(folder / f"console-{scheme}.png").startswith(b"\x89PNG")
    assert page.evaluate(_LOW_CONTRAST) == []
    assert page.evaluate(_UNNAMED) == []
    loaded = page.evaluate("performance.getEntriesByType('resource').map((each) => each.name)")
    own = f"http://127.0.0.1:{served.port}/_samlocal/"
    assert [each for each in loaded if not each.startswith(own)] == []


def test_another_page_cannot_use_the_console(served: Served, page: Browser) -> None:
    """A page of another origin can neither read what the console shows nor send requests again."""
    served.record(entry(1))
    other = Served()
    with serving(other):
        page.open(f"http://127.0.0.1:{other.port}/_samlocal/console.css")
        page.wait_for(f"location.port === '{other.port}' && document.readyState === 'complete'")
        url = f"http://127.0.0.1:{served.port}/_samlocal"
        for options in ("{}", "{method: 'POST', mode: 'no-cors', body: '{\"id\": \"r1\"}'}"):
            page.evaluate(
                f"fetch('{url}/send', {options}).then((r) => r.ok, (e) => false)"
                f".then(() => fetch('{url}/state')).then((r) => r.text(), (e) => 'refused')"
            )
    with urlopen(Request(f"{url}/state"), timeout=10) as answer:  # noqa: S310  # our own
        assert len(json.load(answer)["entries"]) == 1


_UNNAMED: Final = """
[...document.querySelectorAll('button, input, a')].filter((each) =>
  !(each.innerText || each.getAttribute('aria-label') || each.labels?.length)).map((each) => each.outerHTML)
"""
# https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio
_LOW_CONTRAST: Final = r"""
(() => {
  const rgb = (text) => text.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = rgb(getComputedStyle(each).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const low = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.offsetParent) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) low.add(`${element.className || element.tagName}: ${walker.currentNode.textContent.trim().slice(0, 30)}`);
  }
  return [...low];
})()
"""


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        pytest.param("GET", "/items?ids[]=1&ids[]=2", "", id="brackets"),
        pytest.param("GET", "/a/../{b,c}/[1-3]", "", id="ranges and dots"),
        pytest.param("POST", "/items", "@/etc/hostname", id="at sign"),
        pytest.param("PUT", "/items", "it's\r\n$HOME `id` \\n", id="for a shell"),
        pytest.param("HEAD", "/items", "", id="HEAD"),
    ],
)
def test_command_for_a_request(page: Browser, method: str, target: str, body: str) -> None:
    """The command that the page copies sends the same request with curl."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        path, _, query = target.partition("?")
        shown = {
            "method": method,
            "path": path,
            "query": query,
            "requestHeaders": [
                ["Host", f"127.0.0.1:{server.getsockname()[1]}"],
                ["X-Quoted", "it's `$x`"],
                ["X-Empty", ""],
            ],
            "requestBody": {"text": body},
        }
        command = page.evaluate(f"curl({json.dumps(shown)})")
        with subprocess.Popen(["sh", "-c", f"{command} -s"]) as curl:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(10)
                received = connection.recv(65_536).decode()
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
                connection.sendall(b"" if method == "HEAD" else b"ok")
                assert curl.wait(10) == 0
    head, _, sent = received.partition("\r\n\r\n")
    assert head.startswith(f"{method} {target} HTTP/1.1\r\n")
    assert {"X-Quoted: it's `$x`", "X-Empty:"} <= set(head.split("\r\n"))
    assert sent == body
