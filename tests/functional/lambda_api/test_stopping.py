"""What clients of an endpoint get that stops."""

from __future__ import annotations

import asyncio
import json
import socket

from samlocal.http_server.server import HttpServer
from samlocal.lambda_api.app import lambda_app
from samlocal.lambda_api.stopping import stopping_response
from tests.functional.lambda_api.fakes import FakeEvents, FakeFunctions

TRACE = b"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


async def test_invocation_that_does_not_finish() -> None:
    """It gets an error of Lambda's API of status 503, which clients try again, with its ID and trace."""
    functions = FakeFunctions()
    functions.may_answer.clear()
    listener = socket.create_server(("127.0.0.1", 0))
    app = lambda_app(functions, FakeEvents(), allowed_hosts=[])
    async with HttpServer(app, sockets=[listener], stopping=stopping_response) as server:
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(
            b"POST /2015-03-31/functions/Gated/invocations HTTP/1.1\r\nHost: localhost\r\n"
            b"X-Amzn-Trace-Id: " + TRACE + b"\r\nContent-Length: 1\r\n\r\n1"
        )
        async with asyncio.timeout(20):
            while not server.running:  # noqa: ASYNC110  # nothing tells of it
                await asyncio.sleep(0.01)
            await server.stop(0.1)
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    assert head.startswith(b"HTTP/1.1 503 ")
    assert b"x-amzn-errortype: ServiceUnavailable" in head
    assert b"x-amzn-requestid: " in head
    assert b"x-amzn-trace-id: Root=1-5759e988-bd862e3fe1be46a994272793" in head
    assert json.loads(body) == {"Message": "The endpoint is stopping.", "Type": "Server"}
