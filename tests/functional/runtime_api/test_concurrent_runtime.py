"""The Runtime API for several invocations at once, from the side of a runtime's workers."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from samlocal.invocation import MAX_PAYLOAD_BYTES, FunctionError
from samlocal.runtime_api.apis import SandboxApis
from samlocal.runtime_api.concurrent_runtime import ConcurrentRuntimeApi
from samlocal.runtime_api.routes import Router
from samlocal.runtime_api.runtime import RuntimeApi
from tests.functional.execution.fakes import configuration, invocation
from tests.functional.runtime_api.client import API, DEADLINE_MS, Api, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from samlocal.runtime_api.exchange import Exchange
    from tests.functional.runtime_api.client import Reply

NEXT = f"{API}/runtime/invocation/next"
INIT_ERROR = f"{API}/runtime/init/error"
IDENTIFIER = "lambda-runtime-invocation-id"
INVOKE_TIMEOUT = (410, {"errorMessage": "Invoke timeout", "errorType": "InvokeTimeout"})
INVALID_ID = (400, {"errorMessage": "Invalid request ID", "errorType": "InvalidRequestID"})

MANAGED = replace(
    configuration(), initialization_type="lambda-managed-instances", max_concurrency=2
)


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    apis = SandboxApis(MANAGED)
    async with served(Router(lambda: apis)) as port:
        yield Api(apis=apis, port=port)


def workers(api: Api) -> ConcurrentRuntimeApi:
    assert isinstance(api.runtime, ConcurrentRuntimeApi)
    return api.runtime


async def start_workers(api: Api, number: int) -> list[asyncio.Task[Reply]]:
    """Calls of `next` that wait, one after the other."""
    calls = []
    for _ in range(number):
        before = workers(api).idle_workers
        calls.append(asyncio.create_task(api.call("GET", NEXT)))
        await idle(api, before + 1)
    return calls


async def idle(api: Api, number: int) -> None:
    async with asyncio.timeout(20):
        while workers(api).idle_workers != number:  # noqa: ASYNC110  # nothing tells when a worker asks
            await asyncio.sleep(0)


async def answer(api: Api, request_id: str, body: bytes, what: str = "response") -> Reply:
    return await api.call("POST", f"{API}/runtime/invocation/{request_id}/{what}", body)


def content(reply: Reply) -> tuple[int, object]:
    return reply.status, json.loads(reply.body)


async def test_kind_of_runtime_api() -> None:
    """Only a function on managed instances has several invocations at once."""
    assert isinstance(SandboxApis(configuration()).runtime, RuntimeApi)
    assert isinstance(SandboxApis(MANAGED).runtime, ConcurrentRuntimeApi)


async def test_workers_have_an_invocation_each(api: Api) -> None:
    """Invocations go to the workers in the order in which they asked, and answers may come in any order."""
    first, second, third = await start_workers(api, 3)  # one more than the limit

    exchanges = [api.deliver(f"id-{number}", b"%d" % number) for number in (1, 2)]

    assert [(await call).body for call in (first, second)] == [b"1", b"2"]
    assert not third.done()
    assert workers(api).idle_workers == 1
    assert content(await answer(api, "id-2", b"two")) == (202, {"status": "OK"})
    assert content(await answer(api, "id-1", b"one")) == (202, {"status": "OK"})
    assert [each.answer.result().payload for each in exchanges] == [b"one", b"two"]
    api.deliver("id-3")
    assert (await third).headers["lambda-runtime-aws-request-id"] == "id-3"


async def test_initialised_with_the_first_worker(api: Api) -> None:
    """Init is over when the first worker asks for work."""
    waits = [api.runtime.is_waiting]
    calls = await start_workers(api, 2)
    waits.append(api.runtime.is_waiting)
    assert api.runtime.initialised.result().failure is None
    assert api.runtime.initialised.result().at <= time.monotonic()

    for number in (1, 2):
        api.deliver(f"id-{number}")
    await asyncio.gather(*calls)

    assert [*waits, api.runtime.is_waiting] == [False, True, False]


async def test_invocation_waits_for_a_worker(api: Api) -> None:
    """More invocations than workers are kept in order until a worker asks."""
    for number in range(3):
        api.deliver(f"id-{number}")

    for number in range(3):
        reply = await api.call("GET", NEXT)
        assert reply.headers["lambda-runtime-aws-request-id"] == f"id-{number}"


async def test_deadline_of_an_invocation_that_waited(api: Api) -> None:
    """The deadline moves by the time that the invocation waited for a worker, unless its caller chose it."""
    waited, chosen = api.deliver("id-1"), replace(invocation(request_id="id-2"), deadline_ms=42)
    api.runtime.deliver(chosen, deadline_ms=42)
    waited.begun -= 60

    deadlines = [
        int((await api.call("GET", NEXT)).headers["lambda-runtime-deadline-ms"]) for _ in range(2)
    ]

    assert deadlines[0] >= DEADLINE_MS + 60_000
    assert deadlines[1] == 42


async def test_number_of_workers(api: Api) -> None:
    """Workers are counted while they wait and while they work, also on what is given up."""
    first, second = await start_workers(api, 2)
    late, other = api.deliver("id-1"), api.deliver("id-2")
    await asyncio.gather(first, second)
    workers(api).expire(late)
    await start_workers(api, 1)
    assert workers(api).most_workers == 3
    await answer(api, "id-2", b"1")
    await answer(api, "id-1", b"late")
    assert other.answer.done()
    await start_workers(api, 2)
    assert workers(api).most_workers == 3


async def test_invocation_begins_and_ends_on_its_own(api: Api) -> None:
    """An invocation begins with its worker and ends with its answer: nobody knows which worker asks again."""
    exchange = api.deliver()
    before = time.monotonic()
    await api.call("GET", NEXT)
    assert exchange.begun >= before

    await answer(api, "id-1", b"1")

    assert exchange.finished.done()


async def test_request_id_is_used_by_one_invocation_at_a_time(api: Api) -> None:
    """Answers are matched by request ID, so that two invocations may not share one."""
    api.deliver()
    with pytest.raises(ValueError, match="invocation `id-1` is running already"):
        api.deliver()
    await api.call("GET", NEXT)
    await answer(api, "id-1", b"1")

    assert not api.deliver().answer.done()


async def test_error_of_one_invocation(api: Api) -> None:
    """An error of the function concerns its invocation alone."""
    failing, other = api.deliver("id-1"), api.deliver("id-2")
    for _ in range(2):
        await api.call("GET", NEXT)

    body = b'{"errorType": "ValueError", "errorMessage": "no stars"}'
    assert (await answer(api, "id-1", body, "error")).status == 202

    assert failing.answer.result().error == FunctionError(type="ValueError", message="no stars")
    assert not other.answer.done()


@pytest.mark.parametrize("what", ["response", "error"])
async def test_second_answer_is_refused(api: Api, what: str) -> None:
    """An answered invocation is over; so is one that never was."""
    exchange = await api.fetch()
    await answer(api, "id-1", b"first")

    assert content(await answer(api, "id-1", b"second", what)) == INVALID_ID
    assert content(await answer(api, "id-2", b"other", what)) == INVALID_ID
    assert exchange.answer.result().payload == b"first"


@pytest.mark.parametrize("what", ["response", "error"])
async def test_answer_after_its_timeout(api: Api, what: str) -> None:
    """A late answer is told so once, and its worker goes on with the next invocation."""
    exchange = await api.fetch()

    workers(api).expire(exchange)

    assert content(await answer(api, "id-1", b"late", what)) == INVOKE_TIMEOUT
    assert content(await answer(api, "id-1", b"later", what)) == INVALID_ID
    assert not exchange.answer.done()
    await api.fetch("id-2")


async def test_invocation_that_expires_before_a_worker_has_it(api: Api) -> None:
    """An invocation whose time is over in the queue reaches no worker."""
    workers(api).expire(api.deliver("id-1"))

    following = api.deliver("id-2")

    reply = await api.call("GET", NEXT)
    assert reply.headers["lambda-runtime-aws-request-id"] == "id-2"
    assert content(await answer(api, "id-1", b"1")) == INVALID_ID
    await answer(api, "id-2", b"2")
    workers(api).expire(following)  # too late: it has its answer
    assert following.answer.result().payload == b"2"
    assert content(await answer(api, "id-2", b"2")) == INVALID_ID


async def test_late_answer_to_the_same_request_id(api: Api) -> None:
    """A retry has the request ID of the invocation that timed out, but not its answer."""
    first = api.deliver()
    late = (await api.call("GET", NEXT)).headers[IDENTIFIER]
    workers(api).expire(first)
    retry = api.deliver()
    current = (await api.call("GET", NEXT)).headers[IDENTIFIER]
    path = f"{API}/runtime/invocation/id-1/response"

    assert content(await api.call("POST", path, b"late", {IDENTIFIER: late})) == INVOKE_TIMEOUT
    assert (await api.call("POST", path, b"right", {IDENTIFIER: current})).status == 202
    assert retry.answer.result().payload == b"right"


async def test_only_so_many_timeouts_are_remembered(api: Api) -> None:
    """Those who never answer do not fill the memory."""
    for number in range(1001):
        api.deliver(f"id-{number}")
        exchange = await next_directly(api)
        workers(api).expire(exchange)

    assert content(await answer(api, "id-0", b"")) == INVALID_ID
    assert content(await answer(api, "id-1000", b"")) == INVOKE_TIMEOUT


async def next_directly(api: Api) -> Exchange:
    """Take an invocation as a worker would, without a connection."""
    return (await workers(api)._take()).exchange


async def test_worker_that_dies_idle(api: Api) -> None:
    """A worker that disconnects while it waits gets no invocation; another one does."""
    (survivor,) = await start_workers(api, 1)
    _, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(f"GET {NEXT} HTTP/1.1\r\nHost: api\r\n\r\n".encode())
    await idle(api, 2)
    writer.close()
    await writer.wait_closed()
    await idle(api, 1)

    api.deliver("id-1")
    await survivor
    exchange = api.deliver("id-2")
    assert workers(api).idle_workers == 0
    await api.call("GET", NEXT)
    await answer(api, "id-2", b"2")
    assert exchange.answer.done()


async def test_worker_that_dies_as_it_gets_an_invocation(api: Api) -> None:
    """An invocation that did not reach its worker goes to the next one, before those that wait."""
    dying = asyncio.create_task(workers(api)._take())
    await idle(api, 1)
    api.deliver("id-1")
    api.deliver("id-2")
    dying.cancel()
    await asyncio.wait([dying])

    ids = [(await next_directly(api)).invocation.request_id for _ in range(2)]
    assert ids == ["id-1", "id-2"]


async def test_worker_that_dies_as_its_invocation_expires(api: Api) -> None:
    """An invocation whose time is over goes to no other worker."""
    dying = asyncio.create_task(workers(api)._take())
    await idle(api, 1)
    workers(api).expire(api.deliver("id-1"))
    dying.cancel()
    await asyncio.wait([dying])

    api.deliver("id-2")
    assert (await next_directly(api)).invocation.request_id == "id-2"


async def test_answer_to_an_invocation_that_no_worker_has(api: Api) -> None:
    """A worker cannot answer an invocation before one of them has it."""
    exchange = api.deliver("id-1")
    assert content(await answer(api, "id-1", b"1")) == INVALID_ID

    await api.call("GET", NEXT)
    assert (await answer(api, "id-1", b"1")).status == 202
    assert exchange.answer.result().payload == b"1"


async def test_worker_that_dies_with_its_invocation(api: Api) -> None:
    """The other workers go on; the invocation has no answer until its time is over."""
    lost = api.deliver("id-1")
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(f"GET {NEXT} HTTP/1.1\r\nHost: api\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()

    other = await api.fetch("id-2")
    await answer(api, "id-2", b"2")

    assert other.answer.done()
    assert not lost.answer.done()


async def test_init_error_of_several_workers(api: Api) -> None:
    """The first failed worker ends Init; those that fail after it are refused, and may ignore that."""
    body = b'{"errorMessage": "No module named app", "errorType": "Runtime.ImportModuleError"}'
    assert (await api.call("POST", INIT_ERROR, body)).status == 202

    status, error = content(await api.call("POST", INIT_ERROR, b"{}"))

    assert (status, error) == (
        403,
        {
            "errorMessage": "State transition from InitError to InitError failed for runtime."
            " Error: State transition is not allowed",
            "errorType": "InvalidStateTransition",
        },
    )
    failure = api.runtime.initialised.result().failure
    assert failure is not None
    assert failure.payload == body


async def test_init_error_after_another_worker_is_ready(api: Api) -> None:
    """A worker that fails when another one waits already does not end Init."""
    (call,) = await start_workers(api, 1)

    assert (await api.call("POST", INIT_ERROR, b"{}")).status == 403

    assert api.runtime.initialised.result().failure is None
    api.deliver()
    assert (await call).status == 200


async def test_no_snapshot(api: Api) -> None:
    """A runtime on managed instances is not restored from a snapshot."""
    status, error = content(await api.call("GET", f"{API}/runtime/restore/next"))
    assert (status, error) == (
        403,
        {
            "errorMessage": "no RestoreReady on managed instances",
            "errorType": "InvalidStateTransition",
        },
    )


async def test_response_over_the_limit(api: Api) -> None:
    """A response that is too large is the answer of its invocation, and its worker gets an error."""
    exchange = await api.fetch()

    reply = await answer(api, "id-1", b"x" * (MAX_PAYLOAD_BYTES + 1))

    assert reply.status == 413
    error = exchange.answer.result().error
    assert error is not None
    assert error.type == "Function.ResponseSizeTooLarge"


STREAM = (
    f"POST {API}/runtime/invocation/id-1/response HTTP/1.1\r\nHost: api\r\nConnection: close\r\n"
    "Transfer-Encoding: chunked\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n"
)


async def test_error_midstream_comes_in_the_trailers(api: Api) -> None:
    """A streamed response may end in an error."""
    exchange = await api.fetch()
    error = json.dumps({"errorType": "Midstream", "errorMessage": "broke"}).encode()
    trailers = (
        "Lambda-Runtime-Function-Error-Type: Midstream\r\n"
        f"Lambda-Runtime-Function-Error-Body: {base64.b64encode(error).decode()}\r\n\r\n"
    )

    received = await api.raw(f"{STREAM}\r\n4\r\nhalf\r\n0\r\n{trailers}".encode())

    assert received.startswith(b"HTTP/1.1 202")
    assert exchange.answer.result().error == FunctionError(type="Midstream", message="broke")


async def test_error_while_the_response_is_sent(api: Api) -> None:
    """An error that is posted in the middle of a response ends the invocation; the rest is dropped."""
    exchange = await api.fetch()
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(f"{STREAM}\r\n4\r\nhalf\r\n".encode())
    async with asyncio.timeout(20):
        while not exchange.produced_bytes:  # noqa: ASYNC110  # nothing tells when a part has arrived
            await asyncio.sleep(0)
    assert content(await answer(api, "id-1", b"second")) == INVALID_ID

    assert (await answer(api, "id-1", b'{"errorType": "Mine"}', "error")).status == 202
    writer.write(b"0\r\n\r\n")

    assert (await reader.read()).startswith(b"HTTP/1.1 400")
    error = exchange.answer.result().error
    assert error is not None
    assert error.type == "Mine"
    writer.close()
    await writer.wait_closed()


async def test_response_that_ends_after_its_timeout(api: Api) -> None:
    """A response whose time runs out while it is sent is told so at its end."""
    exchange = await api.fetch()
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(f"{STREAM}\r\n4\r\nhalf\r\n".encode())
    async with asyncio.timeout(20):
        while not exchange.produced_bytes:  # noqa: ASYNC110  # nothing tells when a part has arrived
            await asyncio.sleep(0)

    workers(api).expire(exchange)
    writer.write(b"0\r\n\r\n")

    assert (await reader.read()).startswith(b"HTTP/1.1 410")
    assert not exchange.answer.done()
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    ("is_external", "events", "is_accepted"),
    [
        pytest.param(True, ["SHUTDOWN"], True, id="shutdown"),
        pytest.param(True, ["INVOKE"], False, id="invoke"),
        pytest.param(True, ["SHUTDOWN", "INVOKE"], False, id="both"),
        pytest.param(False, [], True, id="internal without events"),
        pytest.param(False, ["INVOKE"], False, id="internal"),
    ],
)
async def test_events_of_extensions(
    api: Api,
    is_external: bool,  # noqa: FBT001  # a parameter
    events: list[str],
    is_accepted: bool,  # noqa: FBT001  # a parameter
) -> None:
    """There is no INVOKE where several invocations run at once."""
    if is_external:
        api.apis.extensions.expect(["agent"])
    reply = await api.call(
        "POST",
        "/2020-01-01/extension/register",
        json.dumps({"events": events}).encode(),
        {"Lambda-Extension-Name": "agent"},
    )

    assert reply.status == (200 if is_accepted else 403)
    if not is_accepted:
        assert json.loads(reply.body) == {
            "errorMessage": "INVOKE: ErrorInvalidEventType",
            "errorType": "Extension.InvalidEventType",
        }


async def test_retried_invocation_has_its_data(api: Api) -> None:
    """An invocation has the headers of the Runtime API's documentation, and one for its answer."""
    api.runtime.deliver(invocation(b"{}"), deadline_ms=DEADLINE_MS)

    headers = (await api.call("GET", NEXT)).headers

    assert headers["lambda-runtime-invoked-function-arn"].endswith(":function:Ratings")
    assert headers["lambda-runtime-trace-id"].startswith("Root=1-")
    assert headers[IDENTIFIER]
