"""Answers the requests of the page below `/_samlocal/`.

| request | answer |
|---|---|
| `GET /_samlocal/` | the page, and its files beside it |
| `GET /_samlocal/state` | routes, functions and the list of requests, as JSON |
| `GET /_samlocal/entries/ID` | all of one request |
| `GET /_samlocal/events` | requests as they come, as server-sent events |
| `POST /_samlocal/send` | sends `{"id": ID}` again, with the header `X-Samlocal-Token`; 404 if its API is not served any more |
| `POST /_samlocal/clear` | forgets all requests |

Pages of other origins get nothing: a browser names its origin, and the token is in the page alone.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import secrets
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from samlocal.http_api.console.entry import as_json, bounded, details, summary
from samlocal.http_api.console.history import History
from samlocal.http_api.console.page_files import page_file
from samlocal.http_api.exchange import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from samlocal.http_api.console.entry import ConsoleEntry, ConsoleFunction, ConsoleRoute
    from samlocal.http_api.console.history import Follower
    from samlocal.http_api.exchange import HttpRequest, ResponseWriter

_log: Final = logging.getLogger("samlocal.endpoint")
CONSOLE_PATH: Final = "/_samlocal"
TOKEN_HEADER: Final = "X-Samlocal-Token"  # noqa: S105  # its name
# A browser reconnects by itself, so the stream of a page that is gone ends soon.
_STREAM_SECONDS: Final = 60
_HEARTBEAT_SECONDS: Final = 15
_MOST_STREAMS: Final = 32
_OWN_SITES: Final = frozenset({"same-origin", "none"})
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SECURITY: Final = (
    ("Content-Security-Policy", _POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)


class Repeater(Protocol):
    """Sends requests to one API again, as if a client had sent them."""

    async def repeat(self, request: HttpRequest, identifier: str) -> None:
        """Return when a request is answered; `identifier` is that of the first one, which the new one names."""


class Repeaters(Protocol):
    """The APIs of the project as it is now."""

    async def __call__(self, api: str) -> Repeater | None:
        """Return what sends requests to an API again, by its label; None if it is not served any more."""


class Console:
    """The console of one server; all calls are in one event loop."""

    def __init__(
        self,
        *,
        routes: Callable[[], Sequence[ConsoleRoute]],
        functions: Callable[[], Awaitable[Sequence[ConsoleFunction]]],
        repeaters: Repeaters | None = None,
        refresh: Callable[[], None] = lambda: None,
    ) -> None:
        """Show what `routes` and `functions` return now; without `repeaters` no request can be sent again.

        `refresh` records requests that run, as they are now: it is called before somebody sees them.
        """
        self._routes = routes
        self._functions = functions
        self._repeaters = repeaters
        self._refresh = refresh
        self._token = secrets.token_urlsafe(32)
        self._history = History()
        self._streams = 0
        self._sending: set[asyncio.Task[None]] = set()

    @property
    def is_watched(self) -> bool:
        """Whether a page waits for requests."""
        return self._streams > 0

    def record(self, entry: ConsoleEntry) -> None:
        """Show a request, or more of one that is known."""
        request, size = bounded(entry.request)
        if size is not None:
            entry = replace(entry, request=request, request_body_size=size)
        self._history.put(entry)

    async def close(self) -> None:
        """End the streams of pages, and requests that are being sent again."""
        self._history.end()
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)

    async def answer(self, request: HttpRequest, writer: ResponseWriter) -> HttpResponse | None:
        """Return the whole response; None if it was sent with the writer."""
        path = request.path.removeprefix(CONSOLE_PATH)
        if path == "":
            return _response(308, b"", ("Location", f"{CONSOLE_PATH}/"))
        if (refused := self._refusal(request, path)) is not None:
            return refused
        self._refresh()
        if request.method == "POST":
            return await self._change(path, request)
        if request.method not in {"GET", "HEAD"}:
            return _error(405, "the console takes GET and POST", ("Allow", "GET, HEAD, POST"))
        if path == "/events" and request.method == "GET":
            return await self._stream(writer)
        return await self._read(path)

    def _refusal(self, request: HttpRequest, path: str) -> HttpResponse | None:
        """Return why a request is not of the page; links to the page itself may be anywhere."""
        site = request.header("Sec-Fetch-Site")
        if path != "/" and site is not None and site not in _OWN_SITES:
            return _error(403, "the request is from another site")
        origin = request.header("Origin")
        if origin is not None and origin.partition("://")[2].lower() != request.host.lower():
            return _error(403, "the request is from another origin")
        if request.method == "POST":
            token = request.header(TOKEN_HEADER) or ""
            if not hmac.compare_digest(token.encode(), self._token.encode()):
                return _error(403, "the page is out of date: reload it")
        return None

    async def _read(self, path: str) -> HttpResponse:
        if path == "/state":
            return _json(await self._state())
        if path.startswith("/entries/"):
            entry = self._history.find(path.removeprefix("/entries/"))
            return _json(details(entry)) if entry else _error(404, "the request is forgotten")
        found = page_file(path.removeprefix("/"), self._token)
        if found is None:
            return _error(404, "the console has no such page")
        return _response(200, found[1], ("Content-Type", found[0]))

    async def _state(self) -> dict[str, Any]:
        return {
            "routes": [_members(each) for each in self._routes()],
            "functions": [_members(each) for each in await self._functions()],
            "entries": [summary(each) for each in sorted(self._history, key=_received)],
            "canSend": self._repeaters is not None,
        }

    async def _change(self, path: str, request: HttpRequest) -> HttpResponse:
        if path == "/clear":
            self._history.clear()
            return _json({})
        if path == "/send":
            return await self._repeat(self._history.find(_identifier(request.body)))
        return _error(404, "the console has no such action")

    async def _repeat(self, entry: ConsoleEntry | None) -> HttpResponse:
        """Send the request of an entry again, and do not wait for its response."""
        if entry is None:
            return _error(404, "the request is forgotten")
        if self._repeaters is None:
            return _error(409, "requests cannot be sent again here")
        if entry.request_body.is_cut:
            return _error(409, "the body was too large to be kept")
        repeater = await self._repeaters(entry.api)
        if repeater is None:
            return _error(404, f"`{entry.api}` is not served any more")
        now = replace(entry.request, received=time.time(), request_id=str(uuid.uuid4()))
        task = asyncio.create_task(_run(repeater, now, entry.identifier))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        return _json({}, status=202)

    async def _stream(self, writer: ResponseWriter) -> HttpResponse | None:
        if self._streams >= _MOST_STREAMS:
            return _error(503, "too many pages show the console", ("Retry-After", "5"))
        self._streams += 1
        follower = self._history.follow()
        try:
            headers = (("Content-Type", "text/event-stream; charset=utf-8"), *_SECURITY)
            await writer.begin(200, headers)
            await writer.write(b"retry: 500\n\n")
            await _follow(follower, writer)
            await writer.end()
        finally:
            self._history.forget(follower)
            self._streams -= 1
        return None


async def _follow(follower: Follower, writer: ResponseWriter) -> None:
    end = time.monotonic() + _STREAM_SECONDS
    while not follower.is_ended and time.monotonic() < end:
        entries = await follower.wait(_HEARTBEAT_SECONDS)
        for each in entries:
            await writer.write(b"event: entry\ndata: " + as_json(summary(each)) + b"\n\n")
        if not entries:
            await writer.write(b": nothing new\n\n")


async def _run(repeater: Repeater, request: HttpRequest, identifier: str) -> None:
    try:
        await repeater.repeat(request, identifier)
    except Exception:  # noqa: BLE001  # nobody awaits it; the log has it
        _log.exception("no answer to %s %s, sent again", request.method, request.path)


def _received(entry: ConsoleEntry) -> float:
    return entry.request.received


def _identifier(body: bytes) -> str:
    try:
        return str(json.loads(body)["id"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _members(value: ConsoleRoute | ConsoleFunction) -> dict[str, Any]:
    return dict(vars(value))


def _json(value: object, *, status: int = 200) -> HttpResponse:
    return _response(status, as_json(value), ("Content-Type", "application/json"))


def _error(status: int, message: str, *headers: tuple[str, str]) -> HttpResponse:
    body = as_json({"message": message})
    return _response(status, body, ("Content-Type", "application/json"), *headers)


def _response(status: int, body: bytes, *headers: tuple[str, str]) -> HttpResponse:
    return HttpResponse(status=status, headers=(*headers, *_SECURITY), body=body)
