"""Whatever a client sends, it gets one answer of Lambda's form."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from samlocal.lambda_api.app import lambda_app
from samlocal.lambda_api.operations import all_operations
from tests.functional.lambda_api.fakes import FUNCTIONS, FakeEvents, FakeFunctions

if TYPE_CHECKING:
    from collections.abc import MutableMapping

# Their functions raise what has the status 500, or write much.
_LEFT_OUT: Final = {"Crashes", "NoEngine", "Floods", "Impatient", "Gated", "Gathers", "Streams"}
_NAMES: Final = sorted({each.logical_id for each in FUNCTIONS} - _LEFT_OUT)

names = st.sampled_from([*_NAMES, "missing", "Echo:live", "*", "function:Echo"]) | st.text(
    max_size=20
)
values = st.text(st.characters(codec="latin-1"), max_size=30).map(
    lambda text: text.encode("latin-1")
)
paths = st.one_of(
    st.tuples(st.sampled_from(all_operations()), names, names).map(
        lambda chosen: _path(chosen[0][1], *chosen[1:])
    ),
    st.lists(names, max_size=5).map(lambda parts: "/" + "/".join(map(quote, parts))),
    st.binary(max_size=30),
)
headers = st.dictionaries(
    st.sampled_from(
        [
            b"expect",
            b"origin",
            b"x-amz-client-context",
            b"x-amz-invocation-type",
            b"x-amz-log-type",
            b"x-amz-tenant-id",
            b"x-amzn-trace-id",
        ]
    ),
    st.sampled_from([b"Event", b"DryRun", b"Tail", b"e30=", b"blue", b"http://localhost"]) | values,
    max_size=4,
)
queries = st.sampled_from(
    [b"", b"Qualifier=live", b"Qualifier=%24LATEST", b"MaxItems=2&Marker=1", b"FunctionVersion=ALL"]
) | st.binary(max_size=20)
bodies = st.lists(st.sampled_from([b"", b"{}", b"1", b'"', b"[1,"]) | st.binary(max_size=20))


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"]),
    path=paths,
    query=queries,
    given_headers=headers,
    body=bodies,
)
def test_every_request_has_one_answer(
    method: str,
    path: str | bytes,
    query: bytes,
    given_headers: dict[bytes, bytes],
    body: list[bytes],
) -> None:
    """Each answer has a request ID and a trace, each error its type and JSON; nothing is a defect."""
    raw_path = path.encode() if isinstance(path, str) else b"/" + path
    scope = {
        "type": "http",
        "method": method,
        "path": raw_path.decode("latin-1"),
        "raw_path": raw_path,
        "query_string": query,
        "headers": [(b"host", b"localhost"), *given_headers.items()],
        "client": ("127.0.0.1", 1),
    }
    sent = asyncio.run(_answered(scope, body))

    assert [message["type"] for message in sent[:1]] == ["http.response.start"]
    assert [message.get("more_body", False) for message in sent[1:]][-1:] == [False]
    answer_headers = dict(sent[0]["headers"])
    assert answer_headers[b"x-amzn-requestid"]
    assert answer_headers[b"x-amzn-trace-id"]
    if sent[0]["status"] >= 400:
        assert sent[0]["status"] < 500
        assert answer_headers[b"x-amzn-errortype"].endswith(b"Exception")
        assert "essage" in str(json.loads(sent[1]["body"]))


async def _answered(scope: dict[str, Any], body: list[bytes]) -> list[MutableMapping[str, Any]]:
    """Return what the app sends."""
    parts = [*body, b""]
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    app = lambda_app(FakeFunctions(), FakeEvents(), allowed_hosts=[])
    async with asyncio.timeout(20):
        await app(scope, receive, send)
    return sent


def _path(path: str, *parameters: str) -> str:
    for each in parameters:
        start, brace, rest = path.partition("{")
        if brace:
            path = start + quote(each, safe="") + rest.partition("}")[2]
    return path
