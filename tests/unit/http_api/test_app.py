"""The app of one port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.http_api.app import http_app

if TYPE_CHECKING:
    from samlocal.http_api.exchange import Gateway, HttpRequest, HttpResponse, ResponseWriter
    from samlocal.http_api.sites import Site
    from samlocal.http_server.asgi import Message


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
