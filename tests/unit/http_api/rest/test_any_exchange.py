"""Whatever clients send and functions return, a REST API has a response that a server can send."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from samlocal.http_api.rest.gateway import RestGateway
from samlocal.project.apis import (
    GatewayResponse,
    IntegrationResponse,
    MockIntegration,
    RequestValidation,
)
from tests.unit.http_api.gateway_fakes import FakeAuthorizers, FakeFunctions, FakeWriter
from tests.unit.http_api.requests import function_route, http_request, rest_api

LATIN = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=20)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            ["Accept", "Accept-Encoding", "Content-Encoding", "Content-Type", "Host", "x-api-key"]
        )
        | st.text("abcXYZ-", min_size=1, max_size=8),
        LATIN | st.sampled_from(["gzip", "image/png", "application/json", "*/*"]),
    ),
    max_size=6,
)
VALUES: st.SearchStrategy[object] = (
    st.none() | st.booleans() | st.integers() | st.text() | st.just([]) | st.just({})
)
RESULTS = st.fixed_dictionaries(
    {},
    optional={
        "statusCode": st.integers(100, 700) | VALUES,
        "headers": st.dictionaries(st.text(max_size=5), VALUES, max_size=3),
        "multiValueHeaders": st.dictionaries(st.text(max_size=5), st.lists(st.text()), max_size=2),
        "body": VALUES,
        "isBase64Encoded": VALUES,
        "other": VALUES,
    },
)
MOCK = MockIntegration(
    request_templates={"application/json": '{"statusCode": 200}'},
    responses=(
        IntegrationResponse(
            status=200,
            headers={"X-Sent": "method.request.header.accept"},
            templates={"text/plain": "$method.request.querystring.q $context.path"},
        ),
    ),
)
API = rest_api(
    function_route("/f/{proxy+}", "ANY"),
    function_route("/mock/{id}", "ANY", integration=MOCK),
    function_route(
        "/checked/{id}",
        "ANY",
        needs_api_key=True,
        validation=RequestValidation(
            parameters=("method.request.header.Accept",),
            bodies={"$default": {"type": "object", "required": ["a"]}},
        ),
    ),
    binary_types=("image/*",),
    minimum_compression_bytes=1,
    gateway_responses={
        "DEFAULT_4XX": GatewayResponse(
            headers={
                "X-Host": "method.request.header.host",
                "X-Query": "method.request.querystring.q",
            },
            templates={"application/json": '{"m": $context.error.messageString}'},
        )
    },
)


class AnyFunction(FakeFunctions):
    """Returns what an example says: the gateway is made once, as it compiles the schema of a body."""

    result: object = None

    def __init__(self) -> None:
        super().__init__(lambda _event: json.dumps(self.result).encode())


FUNCTION = AnyFunction()
GATEWAY = RestGateway(API, FUNCTION, FakeAuthorizers(), api_keys={"k": "v"}, report=lambda _: None)


@given(
    method=st.sampled_from(["GET", "POST", "OPTIONS", "TRACE"]),
    path=st.sampled_from(["/f/", "/mock/", "/checked/", "/", "//f//"]).flatmap(
        lambda start: LATIN.map(lambda rest: start + rest)
    ),
    query=LATIN | st.text(max_size=9).map(lambda text: f"q={quote(text)}"),
    headers=HEADERS,
    body=st.binary(max_size=50) | st.just(b'{"a": 1}'),
    result=RESULTS,
)
def test_any_exchange(
    *,
    method: str,
    path: str,
    query: str,
    headers: list[tuple[str, str]],
    body: bytes,
    result: object,
) -> None:
    """Nothing is raised, statuses are final, and headers have no line breaks."""
    request = http_request(path, method, query=query, headers=tuple(headers), body=body)
    FUNCTION.result = result
    response = asyncio.run(GATEWAY.answer(request, FakeWriter()))
    assert response is not None
    assert 200 <= response.status <= 599
    for name, value in response.headers:
        assert name.isascii()
        assert not set(f"{name}{value}") & set("\r\n\0")
        value.encode("latin-1")
