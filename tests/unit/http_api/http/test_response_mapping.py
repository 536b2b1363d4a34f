"""Parameter mapping of responses, with the examples of the developer guide."""

from __future__ import annotations

from typing import Final

import pytest

from samlocal.http_api.event_values import query_pairs
from samlocal.http_api.exchange import HttpResponse
from samlocal.http_api.http.response_mapping import ResponseMapping
from tests.unit.http_api.gateway_fakes import http_request

EVENT: Final = {
    "requestContext": {"requestId": "r-1", "http": {"method": "GET"}},
    "stageVariables": {"environmentId": "blue"},
}
RESPONSE: Final = HttpResponse(
    status=500, headers=[("X-A", "1"), ("x-a", "2"), ("x-b", "3")], body=b'{"code": 418}'
)


def change(changes: dict[str, str], response: HttpResponse = RESPONSE) -> HttpResponse:
    mapping = ResponseMapping({"500": changes, "404": {"append:header.error": "gone"}})
    return mapping.change(response, http_request(), EVENT)


def test_documented_example() -> None:
    """The integration's 500 becomes a 403 with a header, and a 404 has one more."""
    mapping = ResponseMapping(
        {
            "500": {"append:header.header1": "$context.requestId", "overwrite:statuscode": "403"},
            "404": {"append:header.error": "$stageVariables.environmentId"},
        }
    )
    changed = mapping.change(RESPONSE, http_request(), EVENT)
    assert changed.status == 403
    assert changed.headers == [*RESPONSE.headers, ("header1", "r-1")]
    assert changed.body == RESPONSE.body
    gone = mapping.change(HttpResponse(status=404), http_request(), EVENT)
    assert (gone.status, gone.headers) == (404, [("error", "blue")])
    fine = HttpResponse(status=200, headers=[("x", "y")])
    assert mapping.change(fine, http_request(), EVENT) is fine


@pytest.mark.parametrize(
    ("changes", "headers"),
    [
        pytest.param({"overwrite:header.x-a": "9"}, [("x-b", "3"), ("x-a", "9")], id="overwrite"),
        pytest.param({"remove:header.X-A": "''"}, [("x-b", "3")], id="remove"),
        pytest.param(
            {"append:header.c": "$response.header.x-A"},
            [*RESPONSE.headers, ("c", "1,2")],
            id="header",
        ),
        pytest.param(
            {"append:header.c": "code ${response.body.code}"},
            [*RESPONSE.headers, ("c", "code 418")],
            id="body",
        ),
        pytest.param(
            {"append:header.c": "$response.header.none"}, [*RESPONSE.headers], id="missing"
        ),
        pytest.param({"append:querystring.c": "1"}, [*RESPONSE.headers], id="not of a response"),
    ],
)
def test_headers(changes: dict[str, str], headers: list[tuple[str, str]]) -> None:
    """Names are compared without case; a value that the response does not have changes nothing."""
    changed = change(changes)
    assert (changed.status, changed.headers) == (500, headers)


@pytest.mark.parametrize(
    ("value", "status"),
    [("$response.body.code", 418), ("201", 201), ("$response.body.none", 500), ("many", 500)],
)
def test_status(value: str, status: int) -> None:
    """A value that is not a status leaves it as it is."""
    assert change({"overwrite:statuscode": value}).status == status


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        pytest.param("q=a%0d%0aset-cookie:b", [], id="line breaks"),
        pytest.param("q=%00", [], id="NUL"),
        pytest.param("q=%C3%A9", [("c", "é")], id="Latin-1"),
        pytest.param("q=%E2%82%AC", [("c", "â\x82¬")], id="UTF-8"),
    ],
)
def test_values_of_clients(query: str, sent: list[tuple[str, str]]) -> None:
    """A value that cannot be a header is left out, and text that is not Latin-1 is sent as UTF-8."""
    event = {"queryStringParameters": dict(query_pairs(query)), **EVENT}
    mapping = ResponseMapping({"200": {"append:header.c": "$request.querystring.q"}})
    response = HttpResponse(status=200)
    assert mapping.change(response, http_request(), event).headers == sent
