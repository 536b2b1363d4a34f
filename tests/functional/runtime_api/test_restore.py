"""SnapStart's part of the Runtime API from a runtime's side, over real connections."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.functional.runtime_api.client import API, Api

NEXT = f"{API}/runtime/invocation/next"
INIT_ERROR = f"{API}/runtime/init/error"
RESTORE_NEXT = f"{API}/runtime/restore/next"
RESTORE_ERROR = f"{API}/runtime/restore/error"


async def restored(api: Api) -> None:
    """Ask for the restore, and get it."""
    asking = asyncio.create_task(api.call("GET", RESTORE_NEXT))
    await api.apis.restore.ready
    api.apis.restore.restore()
    assert (await asking).status == 200


async def test_restore_next_waits_for_the_restore(api: Api) -> None:
    """`restore/next` is answered without a body when the snapshot is restored, and not before."""
    asking = asyncio.create_task(api.call("GET", RESTORE_NEXT))
    await api.apis.restore.ready
    assert not asking.done()
    assert not api.runtime.initialised.done()

    api.apis.restore.restore()

    reply = await asking
    assert (reply.status, reply.body) == (200, b"")


async def test_a_restored_runtime_asks_for_work(api: Api) -> None:
    """After the restore the runtime takes invocations like any other."""
    await restored(api)
    assert not api.apis.restore.finished.done()
    await api.fetch()
    assert (await api.apis.restore.finished) == api.runtime.initialised.result()


async def test_a_runtime_without_hooks(api: Api) -> None:
    """A runtime that does not know SnapStart asks for work at once; the restore is over then."""
    restore = api.apis.restore
    await api.fetch()
    assert await restore.ready == (await restore.finished).at
    assert (await api.call("GET", RESTORE_NEXT)).status == 403


async def test_a_broken_connection_is_repeated(api: Api) -> None:
    """A runtime that loses its connection while it waits, or with the answer, asks again."""
    await api.hang_up_after(f"GET {RESTORE_NEXT} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    await restored(api)
    assert (await api.call("GET", RESTORE_NEXT)).status == 200
    await api.fetch()


async def test_a_hook_after_the_restore_fails(api: Api) -> None:
    """The error of a hook is kept as the runtime reports it, and the runtime gets no work."""
    await restored(api)
    body = json.dumps({"errorType": "ValueError", "errorMessage": "no entropy"}).encode()
    headers = {"Lambda-Runtime-Function-Error-Type": "Runtime.AfterRestoreError"}

    reply = await api.call("POST", RESTORE_ERROR, body, headers)

    assert (reply.status, json.loads(reply.body)) == (202, {"status": "OK"})
    failure = (await api.apis.restore.finished).failure
    assert failure
    assert failure.payload == body
    assert failure.error
    assert (failure.error.type, failure.error.message) == ("ValueError", "no entropy")
    assert (await api.call("GET", NEXT)).status == 403


@pytest.mark.parametrize(
    ("before", "method", "path"),
    [
        pytest.param("start", "POST", RESTORE_ERROR, id="an error before the restore"),
        pytest.param("restore", "POST", INIT_ERROR, id="an error of Init after the restore"),
        pytest.param("error", "POST", RESTORE_ERROR, id="a second error"),
        pytest.param("error", "GET", RESTORE_NEXT, id="again after an error"),
        pytest.param("work", "POST", RESTORE_ERROR, id="an error after the first invocation"),
    ],
)
async def test_the_wrong_moment(api: Api, before: str, method: str, path: str) -> None:
    """A call that the state of the runtime does not allow is refused, and changes nothing."""
    if before != "start":
        await restored(api)
    if before == "error":
        await api.call("POST", RESTORE_ERROR, b"{}")
    if before == "work":
        await api.fetch()
    reply = await api.call(method, path)
    assert (reply.status, json.loads(reply.body)["errorType"]) == (403, "InvalidStateTransition")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", RESTORE_NEXT, 405), ("GET", RESTORE_ERROR, 405), ("GET", f"{RESTORE_NEXT}/a", 404)],
)
async def test_wrong_calls(api: Api, method: str, path: str, status: int) -> None:
    """Other methods and paths do not exist."""
    assert (await api.call(method, path)).status == status
