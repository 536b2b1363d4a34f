"""WebSocket APIs from the template to the client, with functions in processes."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from websocket import WebSocket, WebSocketBadStatusException, create_connection

from samlocal.cloudformation.project import open_project
from samlocal.http_api.app import http_app
from samlocal.http_api.authorizers.authorizers import RouteAuthorizers
from samlocal.http_api.sites import Site
from samlocal.http_api.websocket.gateway import WebSocketGateway
from tests.functional.http_api.served_apis import serve_project
from tests.functional.http_server.serving import served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from samlocal.diagnostics import Diagnostic
    from samlocal.http_api.exchange import Gateway

_SECONDS = 30


class _Chat:
    def __init__(self, port: int, said: list[Diagnostic]) -> None:
        self.said = said
        self._port = port

    @asynccontextmanager
    async def connect(self, target: str) -> AsyncIterator[WebSocket]:
        url = f"ws://127.0.0.1:{self._port}{target}"
        client = await asyncio.to_thread(create_connection, url, timeout=_SECONDS)
        try:
            yield client
        finally:  # in a thread: it waits for the answer of the server, which is in this one
            await asyncio.to_thread(client.close)


@asynccontextmanager
async def _served_chat(directory: Path, name: str) -> AsyncIterator[_Chat]:
    """Serve one API of the project, which is closed as at the end of an endpoint."""
    async with serve_project("websocket-chat", directory) as apis:
        found = open_project(directory / "template.yaml").read_apis()
        assert found.diagnostics == ()
        api = next(each for each in found.apis if each.full_path == name)
        said: list[Diagnostic] = []
        project = apis._project
        async with RouteAuthorizers(project, report=said.append) as authorizers:
            gateway = WebSocketGateway(api, project, authorizers, report=said.append)
            site: Site[Gateway] = Site([(api, gateway)])

            async def current_site() -> Site[Gateway]:
                return site

            app = http_app(current_site, allowed_hosts=())
            async with served(app, websockets=True) as (_, port):
                yield _Chat(port, said)
                await gateway.close()


async def _ask(client: WebSocket, message: object) -> str:
    client.send(json.dumps(message))
    answer = await asyncio.to_thread(client.recv)
    assert isinstance(answer, str)
    return answer


async def test_chat(tmp_path: Path) -> None:
    """Clients get through the authorizer, and reach each other through functions and `@connections`."""
    async with (
        _served_chat(tmp_path / "chat", "Chat") as chat,
        chat.connect("/dev?name=ann") as ann,
        chat.connect("/?name=bob") as bob,
    ):
        known = json.loads(await _ask(bob, {"action": "ask"}))
        assert known["variables"] == {"room": "lobby"}
        authorizer = known["context"]["authorizer"]
        assert (authorizer["principalId"], authorizer["name"], authorizer["age"]) == (
            *("bob", "bob"),
            "7",
        )
        message = {"action": "say", "to": known["context"]["connectionId"], "text": "grüße"}
        ann.send(json.dumps(message))
        assert await asyncio.to_thread(bob.recv) == "ann: grüße"
        assert await _ask(ann, {"action": "say", "text": "me"}) == "ann: me"
        gone = {"action": "say", "to": "PJqB0fHsqRcCHlw=", "text": "late"}
        assert await _ask(ann, gone) == "not sent: 410"
        failed = json.loads(await _ask(ann, {"action": "fail"}))
        assert failed["message"] == "Internal server error"
        forbidden = json.loads(await _ask(ann, {"action": "unknown"}))
        assert forbidden["message"] == "Forbidden"
    (reported,) = chat.said
    assert reported.message == "route `fail`: `Members` has failed: ValueError: no"


async def test_refused(tmp_path: Path) -> None:
    """A client without the identity source, and one that the policy denies, are refused."""
    async with _served_chat(tmp_path / "chat", "Chat") as chat:
        for number, (target, status) in enumerate([("/dev", 401), ("/dev?name=mallory", 403)], 1):
            with pytest.raises(WebSocketBadStatusException) as raised:
                async with chat.connect(target):
                    pass
            assert raised.value.status_code == status
            assert len(chat.said) == number


async def test_plain_cloudformation(tmp_path: Path) -> None:
    """An API of plain CloudFormation answers by its route response; it has no `$connect`, so everybody gets in."""
    async with (
        _served_chat(tmp_path / "chat", "PlainChat") as chat,
        chat.connect("/plain") as client,
    ):
        answer = json.loads(await _ask(client, {"do": {"what": "ask"}}))
        assert answer["context"]["stage"] == "plain"
        assert answer["variables"] is None
    assert chat.said == []
