"""Responses on their way through the Runtime API to a sink, over real connections."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from samlocal.invocation import MAX_PAYLOAD_BYTES, FunctionError
from samlocal.runtime_api import exchange as exchange_module
from samlocal.runtime_api.answer import error_answer
from tests.functional.execution.sinks import RecordingSink
from tests.functional.runtime_api.client import API, Api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

RESPONSE = f"{API}/runtime/invocation/id-1/response"
ERROR = f"{API}/runtime/invocation/id-1/error"
NEXT = f"{API}/runtime/invocation/next"
STREAMING = {"Lambda-Runtime-Function-Response-Mode": "streaming"}
HEAD = (
    f"POST {RESPONSE} HTTP/1.1\r\nHost: api\r\nConnection: close\r\nContent-Type: text/x\r\n"
    "Transfer-Encoding: chunked\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n\r\n"
).encode()
END = b"0\r\n\r\n"
TIMEOUT = FunctionError(type="Sandbox.Timedout", message="Task timed out after 1.00 seconds")


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def failing_end(error: bytes) -> bytes:
    """The end of a chunked body, with an error in its trailers."""
    return (
        b"0\r\nLambda-Runtime-Function-Error-Type: Midstream\r\n"
        b"Lambda-Runtime-Function-Error-Body: " + base64.b64encode(error) + b"\r\n\r\n"
    )


class Upload:
    """A request that is still being sent."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def reply(self) -> bytes:
        return await self._reader.read()


@asynccontextmanager
async def upload(api: Api) -> AsyncIterator[Upload]:
    """Begin a streamed response."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(HEAD)
    yield Upload(reader, writer)
    writer.close()
    await writer.wait_closed()


async def test_each_part_is_written_as_it_arrives(api: Api) -> None:
    """The sink begins with the headers, and gets each part before the next is sent, half a chunk too."""
    sink = RecordingSink()
    exchange = await api.fetch(sink=sink)
    async with upload(api) as response:
        assert await sink.begun == ("text/x", "streaming")
        await response.send(b"6\r\none")
        await sink.received(b"one")
        await response.send(b" tw\r\n", chunk(b"o"))
        await sink.received(b"one two")
        assert not exchange.answer.done()
        await response.send(END)
        assert (await response.reply()).startswith(b"HTTP/1.1 202")

    answer = await exchange.answer
    assert (answer.payload, answer.content_type, answer.error) == (b"", "text/x", None)
    assert not sink.ended.done()  # the outcome may still be another one
    await exchange.delivery.finish(answer)
    assert sink.ended.result() is None


async def test_response_byte_by_byte(api: Api) -> None:
    """A response whose bytes come alone, those of chunk sizes and trailers too, arrives whole."""
    sink = RecordingSink()
    exchange = await api.fetch(sink=sink)
    body = b"".join(chunk(bytes([each]) * 3) for each in range(256)) + END
    async with upload(api) as response:
        for each in body:
            await response.send(bytes([each]))
            await asyncio.sleep(0)
        assert (await response.reply()).startswith(b"HTTP/1.1 202")
    assert sink.body == b"".join(bytes([each]) * 3 for each in range(256))
    assert exchange.produced_bytes == 3 * 256


async def test_many_small_chunks_in_one_packet(api: Api) -> None:
    """Parts that arrive together are written together."""
    sink = RecordingSink()
    exchange = await api.fetch(sink=sink)
    async with upload(api) as response:
        await response.send(chunk(b"x") * 30_000, END)
        assert (await response.reply()).startswith(b"HTTP/1.1 202")
    assert sink.body == b"x" * 30_000
    assert len(sink.chunks) < 1000
    assert exchange.produced_bytes == 30_000


async def test_runtime_is_read_no_faster_than_the_sink_takes_it(api: Api) -> None:
    """While the sink waits, the runtime is paused: what it sends does not pile up here."""
    sink = RecordingSink()
    sink.may_write.clear()
    await api.fetch(sink=sink)
    size = 1024 * 1024
    async with upload(api) as response:
        sending = asyncio.create_task(response.send(*[chunk(bytes(size))] * 64, END))
        await asyncio.wait([sending], timeout=0.5)  # as much as the system's buffers take
        assert not sending.done()
        sink.may_write.set()
        await sending
        assert (await response.reply()).startswith(b"HTTP/1.1 202")
    assert len(sink.body) == 64 * size
    assert max(map(len, sink.chunks)) <= 512 * 1024


@pytest.mark.parametrize("before", [b"half", b""], ids=["midstream", "before the first byte"])
async def test_error_in_the_trailers(api: Api, before: bytes) -> None:
    """What came before an error is out, and the end has the error as the runtime reported it."""
    sink = RecordingSink()
    exchange = await api.fetch(sink=sink)
    body = json.dumps({"errorType": "Midstream", "errorMessage": "broke", "stack": []}).encode()
    async with upload(api) as response:
        await response.send(chunk(before) if before else b"", failing_end(body))
        assert (await response.reply()).startswith(b"HTTP/1.1 202")

    answer = await exchange.answer
    await exchange.delivery.finish(answer)

    error = FunctionError(type="Midstream", message="broke")
    assert (sink.body, answer.error, answer.payload) == (before, error, body)
    ended = sink.ended.result()
    assert ended == error
    assert ended is not None
    assert ended.payload == body


@pytest.mark.parametrize(
    "broken", [pytest.param(b"no chunk\r\n", id="not HTTP"), pytest.param(None, id="hangs up")]
)
async def test_response_that_breaks_off(api: Api, broken: bytes | None) -> None:
    """What came before the end of the connection is out, and the end has `Runtime.TruncatedResponse`."""
    sink = RecordingSink()
    exchange = await api.fetch(sink=sink)
    async with upload(api) as response:
        await response.send(b"8\r\nhalf")
        await sink.received(b"half")
        if broken:
            await response.send(b"half\r\n", broken)
            assert (await response.reply()).startswith(b"HTTP/1.1 400")
        else:
            response.writer.close()

    answer = await exchange.answer
    await exchange.delivery.finish(answer)

    assert sink.body == (b"halfhalf" if broken else b"half")
    error = sink.ended.result()
    assert error is not None
    assert error.type == "Runtime.TruncatedResponse"


@pytest.mark.parametrize("over", [0, 1, 3_000_000], ids=["limit", "a byte more", "much more"])
async def test_streamed_response_at_its_limit(
    api: Api, over: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A streamed response is cut at its limit, with an error, and the runtime goes on."""
    limit = 2_000_000
    monkeypatch.setattr(exchange_module, "MAX_STREAMED_PAYLOAD_BYTES", limit)
    sink = RecordingSink()
    exchange = await api.fetch(sink=sink)

    reply = await api.call("POST", RESPONSE, b"x" * (limit + over), STREAMING)
    answer = await exchange.answer
    await exchange.delivery.finish(answer)

    assert len(sink.body) == limit
    assert reply.status == (413 if over else 202)
    error = sink.ended.result()
    assert (error.type if error else None) == ("Function.ResponseSizeTooLarge" if over else None)
    following = asyncio.create_task(api.call("GET", NEXT))
    await exchange.finished
    api.deliver("id-2")
    assert (await following).status == 200


async def test_buffered_response_is_delivered_when_it_is_whole(api: Api) -> None:
    """Of a buffered response the sink sees nothing until all of it has arrived and is valid."""
    sink = RecordingSink()
    exchange = await api.fetch(sink=sink)

    await api.call("POST", RESPONSE, b"{}", {"Content-Type": "application/json"})
    assert not sink.begun.done()
    await exchange.delivery.finish(exchange.answer.result())

    assert (sink.begun.result(), sink.chunks) == (("application/json", "buffered"), [b"{}"])
    assert sink.ended.result() is None


@pytest.mark.parametrize(
    ("body", "headers", "kind"),
    [
        pytest.param(
            b"x" * (MAX_PAYLOAD_BYTES + 1), {}, "Function.ResponseSizeTooLarge", id="too large"
        ),
        pytest.param(
            b"{}",
            {"Lambda-Runtime-Function-Response-Mode": "fast"},
            "Runtime.InvalidResponseModeHeader",
            id="unknown mode",
        ),
    ],
)
async def test_response_that_is_refused(
    api: Api, body: bytes, headers: dict[str, str], kind: str
) -> None:
    """The sink gets the error instead, as a buffered response."""
    sink = RecordingSink()
    exchange = await api.fetch(sink=sink)

    await api.call("POST", RESPONSE, body, headers)
    await exchange.delivery.finish(exchange.answer.result())

    assert sink.begun.result() == ("application/json", "buffered")
    assert json.loads(sink.body)["errorType"] == kind
    error = sink.ended.result()
    assert error is not None
    assert error.type == kind


async def test_100_mb_that_are_not_streamed(api: Api) -> None:
    """A buffered response of 100 MB is refused without being kept, and the runtime goes on."""
    exchange = await api.fetch()

    reply = await api.call("POST", RESPONSE, bytes(100_000_000))

    assert reply.status == 413
    assert len(exchange.answer.result().payload) < 1000
    assert exchange.produced_bytes < 2 * MAX_PAYLOAD_BYTES


async def test_error_of_a_function(api: Api) -> None:
    """The sink gets the error's body as a buffered response."""
    sink = RecordingSink()
    exchange = await api.fetch(sink=sink)
    body = b'{"errorType": "ValueError", "errorMessage": "no stars", "stackTrace": []}'

    await api.call("POST", ERROR, body)
    await exchange.delivery.finish(exchange.answer.result())

    assert (sink.begun.result()[1], sink.body) == ("buffered", body)
    assert sink.ended.result() == FunctionError(type="ValueError", message="no stars")
    assert exchange.produced_bytes == len(body)


async def test_other_calls_while_a_response_is_streamed(api: Api) -> None:
    """A second answer, `next` and an answer to another invocation are refused; the response goes on."""
    sink = RecordingSink()
    await api.fetch(sink=sink)
    async with upload(api) as response:
        await response.send(chunk(b"one"))
        await sink.received(b"one")
        statuses = [
            (await api.call(method, path, b"{}", STREAMING)).status
            for method, path in (
                ("POST", RESPONSE),
                ("POST", ERROR),
                ("GET", NEXT),
                ("POST", f"{API}/runtime/invocation/id-2/response"),
            )
        ]
        await response.send(chunk(b"two"), END)
        assert (await response.reply()).startswith(b"HTTP/1.1 202")
    assert statuses == [403, 403, 403, 400]
    assert sink.body == b"onetwo"


async def test_times_and_size_of_a_response(api: Api) -> None:
    """The first byte comes before the last one, and that before the next call of `next`."""
    sink = RecordingSink()
    exchange = await api.fetch(sink=sink)
    assert (exchange.first_byte_at, exchange.last_byte_at) == (None, None)
    async with upload(api) as response:
        await response.send(chunk(b"one"))
        await sink.received(b"one")
        first = exchange.first_byte_at
        await response.send(chunk(b"two"), END)
        await response.reply()
    following = asyncio.create_task(api.call("GET", NEXT))
    finished = await exchange.finished
    api.deliver("id-2")
    await following

    assert first is not None
    assert first == exchange.first_byte_at
    assert exchange.last_byte_at is not None
    assert exchange.begun < first < exchange.last_byte_at < finished
    assert (exchange.mode, exchange.produced_bytes) == ("streaming", 6)


async def test_times_of_an_empty_response(api: Api) -> None:
    """An empty response begins and ends at once."""
    exchange = await api.fetch()
    await api.call("POST", RESPONSE, b"")
    assert exchange.first_byte_at is not None
    assert exchange.first_byte_at == exchange.last_byte_at
    assert exchange.produced_bytes == 0


async def test_sink_that_fails(api: Api) -> None:
    """The runtime is not concerned: it is answered, and the sink's error is kept for the caller."""
    sink = RecordingSink(broken=OSError("the reader has gone"))
    exchange = await api.fetch(sink=sink)
    async with upload(api) as response:
        await response.send(chunk(b"one"))
        await sink.received(b"one")
        await response.send(chunk(b"two"), END)
        assert (await response.reply()).startswith(b"HTTP/1.1 202")
    await exchange.delivery.finish(await exchange.answer)

    assert (sink.chunks, sink.ended.done()) == ([b"one"], False)
    with pytest.raises(OSError, match="the reader has gone"):
        exchange.delivery.raise_error()


async def test_outcome_that_comes_while_the_sink_waits(api: Api) -> None:
    """A timeout ends the response after the part that is being written; what comes later is dropped."""
    sink = RecordingSink()
    sink.may_write.clear()
    exchange = await api.fetch(sink=sink)
    async with upload(api) as response:
        await response.send(chunk(b"one"))
        await sink.received(b"one")
        finishing = exchange.delivery.finish(error_answer(TIMEOUT))
        await response.send(chunk(b"two"), END)
        assert not (await asyncio.wait([finishing], timeout=0.1))[0]
        sink.may_write.set()
        await response.reply()
    await finishing

    assert (sink.chunks, sink.ended.result()) == ([b"one"], TIMEOUT)
    assert exchange.delivery.finish(await exchange.answer) is finishing
