"""A page of a real browser calls the APIs of a project on another origin.

The browser enforces CORS itself, keeps cookies and decodes pictures: https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from __future__ import annotations

import importlib
import json
import shutil
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from tests.docker.command import CHECKOUT
from tests.docker.http.api_server import serving_project
from tests.functional.http_api.console.browser import browser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import docker

    from tests.docker.http.api_server import ApiServer
    from tests.functional.http_api.console.browser import Browser

boto3 = importlib.import_module("boto3")

pytestmark = pytest.mark.xdist_group("browser")

# What the page makes of a request: its status, text and two headers, or the name of an error.
ASK = """
async function ask(url, options) {
  try {
    const answer = await fetch(url, options);
    const [yours, hidden] = [answer.headers.get("x-yours"), answer.headers.get("x-hidden")];
    const body = await answer.text();
    return {status: answer.status, yours, hidden, body: body.startsWith("{") ? JSON.parse(body) : body};
  } catch (error) {
    return error.name;
  }
}
"""


class _Page(BaseHTTPRequestHandler):
    """Serves an empty page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>A page</title><link rel=icon href=data:,>")

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def serving_page() -> Iterator[int]:
    """Serve an empty page on a free port of the loopback interface."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where the page is."""
    with serving_page() as port:
        yield port


@pytest.fixture(scope="module")
def server(
    engine: docker.APIClient,
    stand_in: Callable[[str], str],
    port: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ApiServer]:
    """The project's APIs, which let the page in, for all tests of this module."""
    for image in ("python:3.11", "nodejs:22"):
        stand_in(image)
    project = tmp_path_factory.mktemp("browser") / "project"
    shutil.copytree(CHECKOUT / "tests/projects/browser-clients", project)
    page = f"Page=http://127.0.0.1:{port}"
    with serving_project(engine, project, "--parameter-overrides", page) as running:
        yield running


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser for all tests of this module."""
    with browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


def opened(window: Browser, url: str) -> Browser:
    window.open(url)
    window.wait_for(f"location.href.startsWith('{url}') && document.readyState == 'complete'")
    window.evaluate(ASK)
    return window


@pytest.fixture
def page(window: Browser, port: int) -> Browser:
    """A page whose origin the APIs allow, without cookies."""
    window.call("Network.clearBrowserCookies")
    return opened(window, f"http://127.0.0.1:{port}/")


@pytest.fixture
def shop(server: ApiServer) -> str:
    return server.url_of("Shop")


def ask(page: Browser, url: str, options: str = "{}") -> Any:  # noqa: ANN401  # JSON
    """Return what a script of the page gets."""
    return page.evaluate(f"ask('{url}', {options})")


def runs(server: ApiServer, function: str) -> int:
    return server.endpoint.shown.count(f"{function} | START")


def test_allowed_origin(page: Browser, shop: str) -> None:
    """A script reads the answer, and of its headers only the exposed ones."""
    answer = ask(page, f"{shop}/echo")
    assert (answer["status"], answer["body"]["method"]) == (200, "GET")
    assert (answer["yours"], answer["hidden"]) == ("yes", None)


def test_other_origin(window: Browser, port: int, shop: str) -> None:
    """A script of any other origin gets nothing, even if the host is the same machine."""
    page = opened(window, f"http://localhost:{port}/")
    assert ask(page, f"{shop}/echo") == "TypeError"
    assert ask(page, f"{shop}/echo", "{method: 'PUT', headers: {'x-mine': '1'}}") == "TypeError"


def test_preflights(page: Browser, server: ApiServer, shop: str) -> None:
    """The API answers preflights; a method or header that it does not allow never reaches the function."""
    options = (
        "{method: 'PUT', headers: {'x-mine': '1', 'Content-Type': 'application/json'}, body: '[1]'}"
    )
    start = len(server.endpoint.shown)
    answer = ask(page, f"{shop}/echo", options)
    server.endpoint.wait_for(r"Echo \| START", start=start)
    assert answer["status"] == 200
    expected = {"method": "PUT", "mine": "1", "body": "[1]", "cookies": []}
    assert answer["body"] == expected
    before = runs(server, "Echo")
    assert ask(page, f"{shop}/echo", "{method: 'DELETE'}") == "TypeError"
    assert ask(page, f"{shop}/echo", "{headers: {'x-other': '1'}}") == "TypeError"
    assert runs(server, "Echo") == before


def test_rest_api(page: Browser, server: ApiServer) -> None:
    """A REST API answers preflights only: without a header of the function the script gets nothing."""
    rest = server.url_of("Rest")
    options = "{method: 'PUT', headers: {'x-mine': '1'}, body: 'text'}"
    answer = ask(page, f"{rest}/allowing", options)
    assert (answer["body"]["method"], answer["body"]["mine"]) == ("PUT", "1")
    assert ask(page, f"{rest}/silent", options) == "TypeError"
    assert ask(page, f"{rest}/allowing", "{headers: {'x-other': '1'}}") == "TypeError"


def test_header_of_url_and_function(page: Browser, server: ApiServer) -> None:
    """A function URL with CORS adds its header to the function's own: a browser takes not both."""
    assert ask(page, server.url_of("Allowing")) == "TypeError"


def test_cookies(page: Browser, shop: str) -> None:
    """The browser keeps each cookie of a response, and sends them where a script asks for it."""
    credentials = "{credentials: 'include'}"
    assert ask(page, f"{shop}/login", credentials)["body"] == "welcome"
    assert page.evaluate("document.cookie") == "theme=dark"  # the other one is not for scripts
    cookies = ask(page, f"{shop}/echo", credentials)["body"]["cookies"]
    assert sorted(cookies) == ["session=abc", "theme=dark"]
    assert ask(page, f"{shop}/echo", "{credentials: 'omit'}")["body"]["cookies"] == []


def test_redirect(page: Browser, shop: str) -> None:
    """The browser follows a redirect to another route, with the cookie that came with it."""
    answer = ask(page, f"{shop}/moved", "{credentials: 'include'}")
    assert (answer["status"], answer["body"]["cookies"]) == (200, ["seen=yes"])


def test_form(page: Browser, shop: str) -> None:
    """A form opens the answer of a function, which gets the fields as the browser wrote them."""
    page.evaluate(f"""document.body.innerHTML =
      '<form method=post action="{shop}/echo"><input name=a value="ü +"><input name=b></form>';
      document.forms[0].submit()""")
    page.wait_for(f"location.href == '{shop}/echo' && document.readyState == 'complete'")
    answer = json.loads(page.evaluate("document.body.innerText"))
    assert (answer["method"], answer["body"]) == ("POST", "a=%C3%BC+%2B&b=")


@pytest.mark.parametrize(
    ("api", "path"), [("Shop", "/picture.png"), ("Rest", "/rest.png"), ("Picture", "/")]
)
def test_picture(page: Browser, server: ApiServer, api: str, path: str) -> None:
    """The browser decodes the pixels of a picture that a function has made."""
    pixels = page.evaluate(f"""(async () => {{
      const picture = new Image();
      picture.src = '{server.url_of(api)}{path}';
      if ('{api}' != 'Shop') picture.crossOrigin = 'anonymous';
      await picture.decode();
      if ('{api}' == 'Shop') return [picture.naturalWidth, picture.naturalHeight];
      const canvas = new OffscreenCanvas(3, 1).getContext('2d');
      canvas.drawImage(picture, 0, 0);
      return Array.from(canvas.getImageData(0, 0, 3, 1).data);
    }})()""")
    colors = [255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255]
    assert pixels == ([3, 1] if api == "Shop" else colors)


def test_stream(page: Browser, server: ApiServer) -> None:
    """A script reads the chunks of a function URL as the function writes them."""
    chunks, times = page.evaluate(f"""(async () => {{
      const reader = (await fetch('{server.url_of("Stream")}')).body.getReader();
      const [chunks, times, decoder] = [[], [], new TextDecoder()];
      for (;;) {{
        const {{done, value}} = await reader.read();
        if (done) return [chunks, times];
        chunks.push(decoder.decode(value));
        times.push(performance.now());
      }}
    }})()""")
    assert chunks == ["one", "two", "drei ü"]
    assert times[2] - times[0] > 300


def test_abandoned_stream(page: Browser, server: ApiServer) -> None:
    """A page that gives up a stream does no harm to the next one."""
    url = server.url_of("Stream")
    error = page.evaluate(f"""(async () => {{
      const abort = new AbortController();
      const reader = (await fetch('{url}', {{signal: abort.signal}})).body.getReader();
      await reader.read();
      abort.abort();
      return reader.read().catch((error) => error.name);
    }})()""")
    assert error == "AbortError"
    assert ask(page, url)["body"] == "onetwodrei ü"


def test_server_sent_events(page: Browser, server: ApiServer) -> None:
    """An EventSource gets the events of a function URL one by one."""
    events = page.evaluate(f"""new Promise((resolve) => {{
      const [source, events] = [new EventSource('{server.url_of("Stream")}'), []];
      source.onmessage = (event) => events.push(event.data);
      source.onerror = () => {{ source.close(); resolve(events); }};
    }})""")
    assert events == ["one", "two", "drei ü"]


def test_websocket(page: Browser, server: ApiServer) -> None:
    """A page talks with a function; a program outside posts to its connection, and closes it."""
    live = f"{server.urls[0]}/live"
    reply = page.evaluate(f"""new Promise((resolve, reject) => {{
      window.heard = [];
      window.live = new WebSocket('{live.replace("http:", "ws:")}');
      live.onopen = () => live.send('hello ü');
      live.onerror = () => reject(new Error('no connection'));
      live.onclose = (event) => window.endedWith = event.code;
      live.onmessage = (event) => {{ heard.push(event.data); resolve(JSON.parse(event.data)); }};
    }})""")
    assert reply["heard"] == "hello ü"
    client = management(live)
    try:
        connection = client.get_connection(ConnectionId=reply["connection"])
        assert "HeadlessChrome" in connection["Identity"]["UserAgent"]
        client.post_to_connection(ConnectionId=reply["connection"], Data="from outside ü".encode())
        page.wait_for("heard.length == 2")
        assert page.evaluate("heard[1]") == "from outside ü"
        client.delete_connection(ConnectionId=reply["connection"])
        page.wait_for("window.endedWith")
        assert page.evaluate("window.endedWith") == 1000
        with pytest.raises(client.exceptions.GoneException):
            client.post_to_connection(ConnectionId=reply["connection"], Data=b"late")
    finally:
        client.close()


def test_page_that_leaves(page: Browser, server: ApiServer) -> None:
    """The function learns that the page has closed its connection, or has gone.

    The page that goes is a frame: the browser may keep those of a window, with their connections, for a way back.
    """
    url = server.urls[0].replace("http:", "ws:")
    connect = f"""new Promise((resolve, reject) => {{
      window.frame = document.body.appendChild(document.createElement('iframe'));
      window.live = new frame.contentWindow.WebSocket('{url}/live');
      live.onopen = () => resolve(true);
      live.onerror = () => reject(new Error('no connection'));
    }})"""
    start = len(server.endpoint.shown)
    assert page.evaluate(connect)
    page.evaluate("live.close(4001, 'done')")
    server.endpoint.wait_for("DISCONNECT 4001", start=start)
    assert page.evaluate(connect)
    page.evaluate("frame.remove()")
    server.endpoint.wait_for("DISCONNECT 1001", start=start)


def management(url: str) -> Any:  # noqa: ANN401  # boto3 has no types
    """Return boto3's client of the management API."""
    return boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="made-up",
        aws_secret_access_key="made-up",
    )
