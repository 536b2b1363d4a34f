from __future__ import annotations

from typing import Any

import pytest

from samlocal.http_api.authorizers.identity_sources import compile_source
from tests.unit.http_api.authorizers.guarded_requests import http_event, make_request, rest_event

_REQUEST = make_request(("authorization", "first"), ("AUTHORIZATION", "secret"), ("X-Empty", ""))


@pytest.mark.parametrize(
    ("source", "event", "value"),
    [
        ("method.request.header.Authorization", rest_event(), "secret"),
        ("method.request.header.X-Empty", rest_event(), None),
        ("method.request.header.X-None", rest_event(), None),
        ("method.request.multivalueheader.authorization", rest_event(), "secret"),
        ("method.request.querystring.q", rest_event(), "tea"),
        ("method.request.querystring.Q", rest_event(), None),
        ("method.request.querystring.q", rest_event(queryStringParameters=None), None),
        ("method.request.querystring.q", rest_event(queryStringParameters={"q": ""}), None),
        ("stageVariables.tenant", rest_event(), "blue"),
        ("stageVariables.tenant", rest_event(stageVariables=None), None),
        ("context.httpMethod", rest_event(), "GET"),
        ("context.identity.sourceIp", rest_event(), "127.0.0.1"),
        ("context.identity.user", rest_event(), None),
        ("context.identity", rest_event(), None),
        ("context.identity.sourceIp.x", rest_event(), None),
        ("context.requestTimeEpoch", rest_event(), "1700000000000"),
        ("route.request.header.authorization", rest_event(), "secret"),
        ("route.request.querystring.q", rest_event(), "tea"),
        ("$request.header.Authorization", http_event(), "first,secret"),
        ("$request.header.X-Empty", http_event(), None),
        ("$request.querystring.q", http_event(), "tea"),
        ("$request.querystring.none", http_event(), None),
        ("$stageVariables.tenant", http_event(), "blue"),
        ("$context.routeKey", http_event(), "GET /items/{id}"),
        ("$context.httpMethod", http_event(), "GET"),
        ("$context.identity.sourceIp", http_event(), "127.0.0.1"),
        ("$context.requestTime", http_event(), "14/Nov/2023:22:13:20 +0000"),
        ("$context.stage", http_event(), "dev"),
    ],
)
def test_sources_are_read_in_all_their_forms(
    source: str, event: dict[str, Any], value: str | None
) -> None:
    """Headers are found without case; what is missing or empty is None."""
    assert compile_source(source)(_REQUEST, event) == value


@pytest.mark.parametrize(
    "source", ["", "Authorization", "method.request.body.x", "$request.header."]
)
def test_other_texts_are_not_sources(source: str) -> None:
    """The error names the text."""
    with pytest.raises(ValueError, match="is not an identity source") as caught:
        compile_source(source)
    assert f"`{source}`" in str(caught.value)
