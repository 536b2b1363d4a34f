"""The app of one port."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.http_api.app import app_with_connections, http_app

if TYPE_CHECKING:
    from samlocal.http_api.exchange import Gateway, HttpRequest, HttpResponse, ResponseWriter
    from samlocal.http_api.sites import Site
    from samlocal.http_server.asgi import Message, Receive, Scope, Send


class NoConsole:
    """A console that must not be asked."""

    async def answer(self, request: HttpRequest, writer: ResponseWriter) -> HttpResponse | None:
        raise AssertionError(request.path, writer)


async def test_large_body_for_the_console() -> None:
    """A body that no request of the console's page has is refused without being read."""

    async def get_site() -> Site[Gateway]:
        raise AssertionError("no API is asked")

    async def receive() -> Message:
        raise AssertionError("the body is not read")

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    app = http_app(get_site, allowed_hosts=(), console=NoConsole())
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/_samlocal/send",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-length", b"1000000")],
    }
    await app(scope, receive, send)
    assert sent[0]["status"] == 413


@pytest.mark.parametrize(
    ("path", "is_for_connections"),
    [
        ("/dev/@connections/PJqB0fHsqRcCHlw=", True),
        ("/@connections/PJqB0fHsqRcCHlw=", True),
        ("/dev/%40connections/PJqB0fHsqRcCHlw%3D", True),
        ("/dev/%40%63onnections/PJqB0fHsqRcCHlw%3D", True),
        ("/dev/@connections", True),
        ("/2015-03-31/functions/clean-connections/invocations", False),
        ("/2015-03-31/functions/connections/invocations", False),
        ("/2015-03-31/functions/Hello/invocations", False),
    ],
)
async def test_requests_of_functions(path: str, *, is_for_connections: bool) -> None:
    """Those to `@connections` are for a WebSocket API, those to a function whose name has the word are not."""
    asked: list[str] = []
    others: list[str] = []

    async def otherwise(scope: Scope, _receive: Receive, _send: Send) -> None:
        others.append(scope["raw_path"].decode())

    app = app_with_connections(asked.append, otherwise)
    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode()}

    async def receive() -> Message:
        raise AssertionError("the body is not read")

    async def send(_message: Message) -> None:
        raise AssertionError("nothing is sent")

    await app(scope, receive, send)
    assert asked == ([path] if is_for_connections else [])
    assert others == [path]
