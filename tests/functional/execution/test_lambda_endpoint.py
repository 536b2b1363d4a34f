"""The endpoint of Lambda's API that an execution environment's function calls."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from samlocal.execution.environment import ExecutionEnvironment
from tests.functional.execution.fakes import FakeSandbox, configuration, invocation, numbered

if TYPE_CHECKING:
    from tests.functional.execution.fakes import Runtime

INVOKE = "/2015-03-31/functions/Other/invocations"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of the endpoint's socket: short, as the system needs it."""
    monkeypatch.chdir(tmp_path)
    return Path("endpoint.sock")


def calls(runtime: Runtime) -> int:
    """Answer every event with the answer of another function."""
    while True:
        event = runtime.next()
        status, headers, body = runtime.call("POST", INVOKE, event.payload)
        kind = headers.get("x-amzn-errortype", "")
        runtime.respond(event, f"{status} {kind} ".encode() + body)


async def test_function_calls_another(path: Path) -> None:
    """The call goes to the endpoint; without one, and when it has ended, the function gets an error."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b"other: " + await reader.readexactly(2)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        writer.close()

    async def answers(endpoint: Path | None) -> list[bytes]:
        sandbox = FakeSandbox(calls)
        chosen = replace(configuration(), lambda_endpoint=endpoint)
        with sandbox:
            async with ExecutionEnvironment(sandbox, chosen, log=sandbox.log) as environment:
                first = await environment.invoke(numbered(1, b"ok"))
                server.close()
                second = await environment.invoke(numbered(2, b"ok"), is_last=True)
        return [first.payload, second.payload]

    server = await asyncio.start_unix_server(serve, path)
    first, second = await answers(path)
    assert first == b"200  other: ok"
    assert second.startswith(b"500 ServiceException {")
    assert all(each.startswith(b"404 EndpointNotFoundException {") for each in await answers(None))


async def test_calls_of_a_runtime_that_timed_out_end(path: Path) -> None:
    """The endpoint notices that the caller has ended, and the next runtime calls it as before."""
    ended = asyncio.Event()
    number = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal number
        number += 1
        await reader.readuntil(b"\r\n\r\n")
        if number == 1:
            await reader.read()
            ended.set()
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    sandbox = FakeSandbox(calls)
    chosen = replace(configuration(timeout_seconds=0.5), lambda_endpoint=path)
    async with await asyncio.start_unix_server(serve, path):
        with sandbox:
            async with ExecutionEnvironment(sandbox, chosen, log=sandbox.log) as environment:
                timed_out = await environment.invoke(invocation())
                async with asyncio.timeout(20):
                    await ended.wait()
                again = await environment.invoke(numbered(2), is_last=True)
    assert timed_out.report.status == "timeout"
    assert again.payload == b"200  ok"


def shakes_hands(runtime: Runtime) -> int:
    """Try to call the endpoint with TLS, twice as SDKs do, and answer every event with the error."""
    context = ssl.create_default_context()
    while True:
        event = runtime.next()
        reasons = []
        for _ in range(2):
            try:
                with socket.create_connection(runtime._address, timeout=20) as client:
                    context.wrap_socket(client, server_hostname="127.0.0.1")
            except ssl.SSLError as error:
                reasons.append(str(error.reason))
        runtime.respond(event, " ".join(reasons).encode())


@pytest.mark.parametrize("log_format", ["Text", "JSON"])
async def test_call_with_tls(path: Path, log_format: Literal["Text", "JSON"]) -> None:
    """The function fails at once, and its log says what it has to change, once."""
    sandbox = FakeSandbox(shakes_hands)
    chosen = replace(configuration(), lambda_endpoint=path, log_format=log_format)
    with sandbox:
        async with ExecutionEnvironment(sandbox, chosen, log=sandbox.log) as environment:
            first = await environment.invoke(numbered(1))
            await environment.invoke(numbered(2), is_last=True)
    assert first.payload == b"WRONG_VERSION_NUMBER WRONG_VERSION_NUMBER"
    noted = [each for each in sandbox.log.entries if "https://" in each]
    assert len(noted) == 1
    text = json.loads(noted[0])["message"] if log_format == "JSON" else noted[0]
    assert text.endswith("use http:// where `SAMLOCAL` is set")
