"""What the console knows of one request, as frozen values and as JSON."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, Final

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from samlocal.http_api.exchange import Headers, HttpRequest

MAX_BODY_BYTES: Final = 256 * 1024


@frozen
class ConsoleRoute:
    """A route as people read it; `url` is where it can be called on this machine."""

    method: str
    path: str
    api: str
    kind: str
    url: str
    function: str | None = None
    authorizer: str | None = None


@frozen
class ConsoleFunction:
    """A function as people read it; `url` is that of its function URL."""

    name: str
    runtime: str | None = None
    handler: str | None = None
    memory_mb: int | None = None
    timeout_seconds: float | None = None
    url: str | None = None


@frozen
class KeptBytes:
    """The beginning of a body, at most 256 KB, and the size of all of it."""

    content: bytes = field(default=b"", repr=False)
    size: int = 0

    @property
    def is_cut(self) -> bool:
        return self.size > len(self.content)


def keep(content: bytes) -> KeptBytes:
    """Return what the console keeps of a body."""
    return KeptBytes(content=content[:MAX_BODY_BYTES], size=len(content))


@frozen
class Timing:
    """A phase of a request, such as `init` or `invoke`, in milliseconds."""

    name: str
    duration_ms: float


@frozen
class ConsoleEntry:
    """One request and what became of it.

    An entry is recorded when its request has come, and again with the same `identifier` when there is more: a `status`
    of None is a request that is not answered yet. `event` and `result` are JSON as the function got and returned it;
    None: no function was called. `reason` says in a sentence what was wrong.
    `request_body_size` is that of a body of which the console has the beginning only. `sent_again` is the identifier of the
    entry whose request this one repeats.
    """

    identifier: str
    request: HttpRequest
    request_body_size: int | None = None
    api: str
    route: str | None = None
    function: str | None = None
    status: int | None = None
    headers: Headers = ()
    body: KeptBytes = field(default_factory=KeptBytes)
    event: KeptBytes | None = None
    result: KeptBytes | None = None
    logs: KeptBytes = field(default_factory=KeptBytes)
    duration_ms: float | None = None
    timings: tuple[Timing, ...] = ()
    reason: str | None = None
    sent_again: str | None = None

    @property
    def request_body(self) -> KeptBytes:
        content = self.request.body
        return KeptBytes(content=content, size=self.request_body_size or len(content))

    @property
    def size(self) -> int:
        """How much memory the entry needs, roughly, in bytes."""
        kept = (self.body, self.event, self.result, self.logs)
        return len(self.request.body) + sum(len(each.content) for each in kept if each) + 4096


def bounded(request: HttpRequest) -> tuple[HttpRequest, int | None]:
    """Return a request with at most 256 KB of its body, and the size of a larger one."""
    size = len(request.body)
    if size <= MAX_BODY_BYTES:
        return request, None
    return replace(request, body=request.body[:MAX_BODY_BYTES]), size


def summary(entry: ConsoleEntry) -> dict[str, Any]:
    """Return what the list of requests shows, as JSON; times are in milliseconds, of Unix time or elapsed."""
    request = entry.request
    return {
        "id": entry.identifier,
        "received": round(request.received * 1000),
        "method": request.method,
        "path": request.prefix + request.path,
        "query": request.query,
        "api": entry.api,
        "route": entry.route,
        "function": entry.function,
        "status": entry.status,
        "duration": entry.duration_ms,
        "reason": entry.reason,
        "sentAgain": entry.sent_again,
    }


def details(entry: ConsoleEntry) -> dict[str, Any]:
    """Return all of an entry as JSON; bytes that are not UTF-8 are in base64."""
    request = entry.request
    return {
        **summary(entry),
        "route": entry.route or _route_of(entry.event),
        "requestHeaders": _headers(request.headers),
        "requestBody": _content(entry.request_body),
        "responseHeaders": _headers(entry.headers),
        "responseBody": _content(entry.body),
        "event": None if entry.event is None else _content(entry.event),
        "result": None if entry.result is None else _content(entry.result),
        "logs": _content(entry.logs),
        "timings": [[each.name, each.duration_ms] for each in entry.timings],
        "requestId": request.request_id,
        "source": request.source_ip,
    }


def _route_of(event: KeptBytes | None) -> str | None:
    """Return the route that an event of API Gateway names."""
    if event is None or event.is_cut:
        return None
    try:
        members = json.loads(event.content)
        return str(members.get("routeKey") or members["resource"])
    except (ValueError, KeyError, AttributeError, RecursionError):
        return None


def as_json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")


def _headers(headers: Sequence[tuple[str, str]]) -> list[list[str]]:
    return [[name, value] for name, value in headers]


def _content(kept: KeptBytes) -> dict[str, Any]:
    facts = {"size": kept.size, "isCut": kept.is_cut}
    content = kept.content
    if kept.is_cut:  # it may end within a character
        content = content.decode(errors="ignore").encode() if _is_text(content) else content
    try:
        return {"text": content.decode(), **facts}
    except UnicodeDecodeError:
        return {"base64": b64encode(content).decode(), **facts}


def _is_text(content: bytes) -> bool:
    """Return whether bytes are UTF-8, but for a last character that is not whole."""
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return error.start >= len(content) - 3
    return True
