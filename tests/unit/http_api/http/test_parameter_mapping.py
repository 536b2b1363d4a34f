"""Parameter mapping: variables in values, and changes of headers and queries."""

from __future__ import annotations

from typing import Final

import pytest

from samlocal.http_api.http.parameter_mapping import (
    Action,
    Location,
    ParameterMapping,
    change_pairs,
    read_mappings,
    resolve_value,
)
from tests.unit.http_api.gateway_fakes import http_request

REQUEST: Final = http_request(
    "POST",
    "/items/7?q=a&q=b",
    ("X-A", "1"),
    ("x-a", "2"),
    body=b'{"pet": {"name": "Rex", "age": 3, "tags": ["a"]}}',
)
EVENT: Final = {
    "version": "2.0",
    "queryStringParameters": {"q": "a,b"},
    "pathParameters": {"id": "7"},
    "stageVariables": {"table": "t"},
    "requestContext": {
        "requestId": "r-1",
        "stage": "dev",
        "time": "now",
        "timeEpoch": 5,
        "http": {"method": "POST", "path": "/dev/items/7", "sourceIp": "192.0.2.1"},
        "authorizer": {"lambda": {"user": "me", "level": 3}},
    },
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("static", "static"),
        ("$request.header.x-A", "1,2"),
        ("$request.header.missing", None),
        ("$request.querystring.q", "a,b"),
        ("$request.querystring.missing", None),
        ("$request.path.id", "7"),
        ("$request.path", "/items/7"),
        ("$request.body.pet.name", "Rex"),
        ("$request.body.$.pet.name", "Rex"),
        ("$request.body.pet.age", "3"),
        ("$request.body.pet.tags", '["a"]'),
        ("$request.body.pet.none", None),
        ("$request.body.pet.name.first", None),
        ("$context.requestId", "r-1"),
        ("$context.stage", "dev"),
        ("$context.httpMethod", "POST"),
        ("$context.identity.sourceIp", "192.0.2.1"),
        ("$context.requestTimeEpoch", "5"),
        ("$context.authorizer.user", "me"),
        ("$context.authorizer.level", "3"),
        ("$context.authorizer.none", None),
        ("$context.none.such", None),
        ("$stageVariables.table", "t"),
        ("$stageVariables.none", None),
        ("${stageVariables.table}-${context.stage}/x", "t-dev/x"),
        ("a ${request.header.missing} b", "a  b"),
        ("$something.else", "$something.else"),
        ("costs $5", "costs $5"),
    ],
)
def test_values(text: str, expected: str | None) -> None:
    """Variables have the values of the request; one alone that it does not have is none."""
    assert resolve_value(text, REQUEST, EVENT) == expected


@pytest.mark.parametrize("body", [b"", b"no JSON", b"[1]", b'"text"'])
def test_bodies_without_members(body: bytes) -> None:
    """A member of a body that has none is no value."""
    request = http_request("POST", "/", body=body)
    assert resolve_value("$request.body.a", request, {}) is None


@pytest.mark.parametrize(
    ("action", "location", "name", "value", "expected"),
    [
        ("append", "header", "x-b", "3", [("X-A", "1"), ("x-a", "2"), ("x-b", "3")]),
        ("append", "header", "x-a", "3", [("X-A", "1"), ("x-a", "2"), ("x-a", "3")]),
        ("append", "header", "x-b", None, [("X-A", "1"), ("x-a", "2")]),
        ("overwrite", "header", "x-A", "3", [("x-A", "3")]),
        ("remove", "header", "x-a", "''", []),
        ("overwrite", "querystring", "x-a", "3", [("X-A", "1"), ("x-a", "3")]),
        ("remove", "querystring", "x-a", None, [("X-A", "1")]),
    ],
)
def test_changes(
    action: Action,
    location: Location,
    name: str,
    value: str | None,
    expected: list[tuple[str, str]],
) -> None:
    """Names of headers are compared without case, those of parameters with it."""
    mapping = ParameterMapping(action=action, location=location, name=name, value="")
    assert change_pairs([("X-A", "1"), ("x-a", "2")], mapping, value) == expected


def test_keys() -> None:
    """Keys of other kinds of integrations mean nothing here."""
    parameters = {
        "append:header.x.y": "1",
        "overwrite:path": "/p",
        "remove:querystring.q": "''",
        "integration.request.header.x": "2",
        "append:path": "3",
        "QueueUrl": "4",
    }
    found = [(each.action, each.location, each.name) for each in read_mappings(parameters)]
    assert found == [
        ("append", "header", "x.y"),
        ("overwrite", "path", ""),
        ("remove", "querystring", "q"),
        ("append", "path", ""),
    ]
