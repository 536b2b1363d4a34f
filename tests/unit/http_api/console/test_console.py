"""What the console answers, and to whom."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from samlocal.http_api.console.console import CONSOLE_PATH, Console
from samlocal.http_api.console.entry import (
    MAX_BODY_BYTES,
    ConsoleEntry,
    ConsoleFunction,
    ConsoleRoute,
    KeptBytes,
    Timing,
    keep,
)
from samlocal.http_api.console.history import MAX_BYTES, MAX_ENTRIES, History
from samlocal.http_api.exchange import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUTE = ConsoleRoute(
    method="GET", path="/items/{id}", api="Shop", kind="REST API", url="http://127.0.0.1:3000/items"
)
FUNCTION = ConsoleFunction(name="Items", runtime="python3.13", memory_mb=128)


class Page:
    """A writer that keeps what it is given, and what a server would do besides."""

    def __init__(self) -> None:
        self.text = ""
        self.status: int | None = None
        self.is_ended = False
        self.news = asyncio.Event()

    async def begin(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        self.status = status
        assert ("Content-Type", "text/event-stream; charset=utf-8") in headers

    async def write(self, chunk: bytes) -> None:
        self.text += chunk.decode()
        self.news.set()

    async def end(self) -> None:
        self.is_ended = True

    async def break_off(self) -> None:
        raise AssertionError

    async def wait_hang_up(self) -> None:
        raise AssertionError

    async def wait_for(self, text: str) -> None:
        async with asyncio.timeout(5):
            while text not in self.text:
                self.news.clear()
                await self.news.wait()


class Sent:
    """An API that keeps requests; there is no other one."""

    def __init__(self) -> None:
        self.requests: list[tuple[HttpRequest, str]] = []

    async def __call__(self, api: str) -> Sent | None:
        return self if api == "Shop" else None

    async def repeat(self, request: HttpRequest, identifier: str) -> None:
        self.requests.append((request, identifier))


def request(path: str, method: str = "GET", body: bytes = b"", **headers: str) -> HttpRequest:
    given = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return HttpRequest(
        method=method,
        path=path,
        query="",
        headers=given,
        body=body,
        source_ip="127.0.0.1",
        host="127.0.0.1:3000",
        port=3000,
        scheme="http",
        received=1.5,
        request_id="r1",
        trace_header="Root=1-5e6722a7-cc56ab7c46db7ae02d4da47e",
    )


def entry(identifier: str = "e1", **members: Any) -> ConsoleEntry:  # noqa: ANN401  # of an entry
    facts = {"request": request("/items/7", body=b"hello"), "api": "Shop", **members}
    return ConsoleEntry(identifier=identifier, **facts)


def console(send: Sent | None = None) -> Console:
    return Console(routes=lambda: [ROUTE], functions=_functions, repeaters=send)


async def _functions() -> list[ConsoleFunction]:
    return [FUNCTION]


async def ask(served: Console, asked: HttpRequest) -> HttpResponse:
    answer = await served.answer(asked, Page())
    assert answer is not None
    return answer


async def token_of(served: Console) -> str:
    page = await ask(served, request(f"{CONSOLE_PATH}/"))
    found = re.search(r'name="samlocal-token" content="([^"]+)"', page.body.decode())
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/_samlocal/", "text/html"),
        ("/_samlocal/console.css", "text/css"),
        ("/_samlocal/console.js", "text/javascript"),
        ("/_samlocal/icon.svg", "image/svg+xml"),
    ],
)
async def test_the_page_needs_no_other_host(path: str, kind: str) -> None:
    """All files of the page are there; none names another host, and a browser is told to load none."""
    answer = await ask(console(), request(path))
    headers = dict(answer.headers)
    assert answer.status == 200
    assert headers["Content-Type"].startswith(kind)
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert b"https://" not in answer.body
    assert not re.search(rb"(?:src|href)=\"(?:http|//)", answer.body)


@pytest.mark.parametrize("path", ["/_samlocal/x", "/_samlocal/../console.py", "/_samlocal/page/x"])
async def test_other_paths(path: str) -> None:
    """Nothing but the files of the page is served."""
    assert (await ask(console(), request(path))).status == 404


async def test_the_page_has_a_folder() -> None:
    """Without its slash the address leads to the page."""
    answer = await ask(console(), request("/_samlocal"))
    assert (answer.status, dict(answer.headers)["Location"]) == (308, "/_samlocal/")


async def test_state_and_details() -> None:
    """The state lists what there is, and an entry has all of its request."""
    served = console()
    served.record(entry(event=keep(b'{"a": 1}'), logs=keep(b"\xff")))
    timings = (Timing(name="invoke", duration_ms=2.5),)
    served.record(entry(event=keep(b'{"a": 1}'), logs=keep(b"\xff"), status=200, timings=timings))
    state = json.loads((await ask(served, request("/_samlocal/state"))).body)
    assert state["routes"][0]["path"] == "/items/{id}"
    assert state["functions"][0]["name"] == "Items"
    assert [each["status"] for each in state["entries"]] == [200]
    assert state["canSend"] is False
    found = json.loads((await ask(served, request("/_samlocal/entries/e1"))).body)
    assert found["received"] == 1500
    assert found["requestBody"] == {"text": "hello", "size": 5, "isCut": False}
    assert found["event"]["text"] == '{"a": 1}'
    assert found["logs"] == {"base64": "/w==", "size": 1, "isCut": False}
    assert found["timings"] == [["invoke", 2.5]]
    assert (await ask(served, request("/_samlocal/entries/e2"))).status == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 202, id="no browser"),
        pytest.param({"Origin": "http://127.0.0.1:3000"}, 202, id="own origin"),
        pytest.param({"Sec_Fetch_Site": "same-origin"}, 202, id="own site"),
        pytest.param({"Origin": "http://127.0.0.1:4000"}, 403, id="another port"),
        pytest.param({"Origin": "https://example.com"}, 403, id="another host"),
        pytest.param({"Origin": "null"}, 403, id="sandboxed page"),
        pytest.param({"Origin": "http://["}, 403, id="no origin at all"),
        pytest.param({"Sec_Fetch_Site": "cross-site"}, 403, id="another site"),
        pytest.param({"Sec_Fetch_Site": "same-site"}, 403, id="another port of this host"),
        pytest.param({"X_Samlocal_Token": "guessed"}, 403, id="wrong token"),
        pytest.param({"X_Samlocal_Token": ""}, 403, id="no token"),
    ],
)
async def test_who_may_send_again(headers: dict[str, str], status: int) -> None:
    """A request is sent again for the page alone."""
    sent = Sent()
    served = console(sent)
    served.record(entry())
    given = {"X_Samlocal_Token": await token_of(served), **headers}
    answer = await ask(served, request("/_samlocal/send", "POST", b'{"id": "e1"}', **given))
    await asyncio.sleep(0)
    await served.close()
    assert answer.status == status
    assert len(sent.requests) == (status == 202)
    if sent.requests:
        again, identifier = sent.requests[0]
        assert (again.path, again.body, identifier) == ("/items/7", b"hello", "e1")
        assert again.request_id != "r1"
        assert again.received > 2


async def test_other_sites_cannot_read() -> None:
    """What the console has seen is not for pages of other sites; a link to it may be anywhere."""
    foreign = {"Sec_Fetch_Site": "cross-site"}
    for path in ("state", "events", "entries/e1", "console.js"):
        assert (
            await ask(console(), request(f"/_samlocal/{path}", "GET", b"", **foreign))
        ).status == 403
    assert (await ask(console(), request("/_samlocal/", "GET", b"", **foreign))).status == 200


@pytest.mark.parametrize("body", [b"", b"[]", b'{"id": []}', b'"x"', b"{", b'{"id": "e2"}'])
async def test_malformed_actions(body: bytes) -> None:
    """An action names a request that there is."""
    served = console(Sent())
    token = await token_of(served)
    asked = request("/_samlocal/send", "POST", body, X_Samlocal_Token=token)
    assert (await ask(served, asked)).status == 404


async def test_api_that_is_gone() -> None:
    """A request to an API that is not served any more cannot be sent again, which its name tells."""
    sent = Sent()
    served = console(sent)
    served.record(entry(api="Former"))
    token = await token_of(served)
    asked = request("/_samlocal/send", "POST", b'{"id": "e1"}', X_Samlocal_Token=token)
    answer = await ask(served, asked)
    assert answer.status == 404
    assert json.loads(answer.body) == {"message": "`Former` is not served any more"}
    assert sent.requests == []


async def test_other_methods() -> None:
    """The console takes GET and POST."""
    answer = await ask(console(), request("/_samlocal/state", "DELETE"))
    assert (answer.status, dict(answer.headers)["Allow"]) == (405, "GET, HEAD, POST")


async def test_a_large_body_cannot_be_sent_again() -> None:
    """Of a large body only the beginning is kept, with its size."""
    served = console(Sent())
    served.record(entry(request=request("/upload", "PUT", b"x" * (MAX_BODY_BYTES + 1))))
    found = json.loads((await ask(served, request("/_samlocal/entries/e1"))).body)["requestBody"]
    assert (found["size"], found["isCut"], len(found["text"])) == (
        MAX_BODY_BYTES + 1,
        True,
        MAX_BODY_BYTES,
    )
    token = await token_of(served)
    asked = request("/_samlocal/send", "POST", b'{"id": "e1"}', X_Samlocal_Token=token)
    assert (await ask(served, asked)).status == 409


async def test_clear() -> None:
    """The page can forget all requests."""
    served = console()
    served.record(entry())
    token = await token_of(served)
    asked = request("/_samlocal/clear", "POST", b"{}", X_Samlocal_Token=token)
    assert (await ask(served, asked)).status == 200
    assert json.loads((await ask(served, request("/_samlocal/state"))).body)["entries"] == []


async def test_events_come_as_they_are_recorded() -> None:
    """A page sees each change of a request, and its stream ends with the server."""
    served, page = console(), Page()
    stream = asyncio.create_task(served.answer(request("/_samlocal/events"), page))
    await page.wait_for("retry: 500\n\n")
    served.record(entry())
    await page.wait_for('"status":null')
    served.record(entry(status=404))
    await page.wait_for('"status":404')
    assert page.text.count("event: entry\ndata: {") == 2
    await served.close()
    assert await stream is None
    assert (page.status, page.is_ended) == (200, True)


async def test_a_slow_page_sees_the_last_state() -> None:
    """What changes twice while a page is slow is told once."""
    history = History()
    follower = history.follow()
    for status in (None, 200):
        history.put(entry(status=status))
    history.put(entry("e2"))
    found = await follower.wait(1)
    assert [(each.identifier, each.status) for each in found] == [("e1", 200), ("e2", None)]
    assert await follower.wait(0.01) == []


def test_few_entries_are_kept() -> None:
    """The oldest entries go, by number and by size."""
    history = History()
    for number in range(MAX_ENTRIES + 5):
        history.put(entry(str(number)))
    assert [each.identifier for each in history] == [
        str(number) for number in range(5, MAX_ENTRIES + 5)
    ]
    large = KeptBytes(content=b"x" * (MAX_BYTES // 4), size=MAX_BYTES // 4)
    for number in range(10):
        history.put(replace(entry(f"large {number}"), result=large))
    assert [each.identifier for each in history] == ["large 7", "large 8", "large 9"]


@pytest.mark.parametrize("cut", range(1, 4))
def test_text_is_cut_between_characters(cut: int) -> None:
    """The beginning of a text is text, where it ends in the middle of a character too."""
    text = "x" * (MAX_BODY_BYTES - cut) + "\U0001f600"
    kept = keep(text.encode())
    served = entry(body=kept)
    assert served.body.is_cut
    from samlocal.http_api.console.entry import details  # noqa: PLC0415  # its only use

    assert details(served)["responseBody"]["text"] == "x" * (MAX_BODY_BYTES - cut)


async def test_requests_that_run_are_recorded_before_they_are_shown() -> None:
    """The page asks for them, in the order in which they came."""
    recorded = [entry("late", request=replace(request("/"), received=3.0))]

    def refresh() -> None:
        for each in recorded:
            served.record(each)

    served = Console(routes=list, functions=_functions, refresh=refresh)
    served.record(entry("later", request=replace(request("/"), received=4.0)))
    state = json.loads((await ask(served, request(f"{CONSOLE_PATH}/state"))).body)
    assert [each["id"] for each in state["entries"]] == ["late", "later"]
    assert not served.is_watched
