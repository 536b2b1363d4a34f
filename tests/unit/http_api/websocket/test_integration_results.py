"""What the results of integrations mean."""

from __future__ import annotations

import json

import pytest

from samlocal.http_api.result_members import WrongResultError
from samlocal.http_api.websocket.integration_results import (
    RouteResult,
    mock_result,
    read_function_result,
)
from samlocal.project.apis import IntegrationResponse, MockIntegration


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        pytest.param({"statusCode": 200}, RouteResult(status=200), id="status"),
        pytest.param({}, RouteResult(status=200), id="nothing"),
        pytest.param({"statusCode": "201"}, RouteResult(status=201), id="status-as-text"),
        pytest.param({"body": "hi"}, RouteResult(status=200, body="hi"), id="body"),
        pytest.param({"body": None}, RouteResult(status=200), id="null-body"),
        pytest.param(
            {"body": "aGk=", "isBase64Encoded": True},
            RouteResult(status=200, body="hi"),
            id="base64",
        ),
        pytest.param(
            {"headers": {"Sec-WebSocket-Protocol": "chat"}},
            RouteResult(status=200, headers={"sec-websocket-protocol": "chat"}),
            id="headers",
        ),
        pytest.param(
            {"headers": None, "multiValueHeaders": {"A": ["1", 2]}},
            RouteResult(status=200, headers={"a": "2"}),
            id="multi-value-headers",
        ),
        pytest.param({"other": 1}, RouteResult(status=200), id="further-member"),
    ],
)
def test_results(result: object, expected: RouteResult) -> None:
    """A function's result may leave out everything."""
    assert read_function_result(json.dumps(result).encode()) == expected


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"null", 'is not an object such as `{"statusCode": 200}`'),
        (b'"text"', "is not an object"),
        (b"", "is not JSON"),
        (b"not JSON", "is not JSON"),
        (b'{"statusCode": "test"}', "`statusCode` is not a number"),
        (b'{"body": {"a": 1}}', "`body` is not text: an object"),
        (b'{"body": "?", "isBase64Encoded": true}', "`body` is not Base64"),
        (b'{"body": "gICA", "isBase64Encoded": true}', "not the Base64 of a text"),
        (b'{"headers": "a"}', "`headers` is not an object"),
    ],
)
def test_malformed_results(payload: bytes, said: str) -> None:
    """A result of another shape is an error that says what is wrong."""
    with pytest.raises(WrongResultError) as raised:
        read_function_result(payload)
    assert said in str(raised.value)


def _mock(template: str | None, *responses: IntegrationResponse) -> MockIntegration:
    templates = {"application/json": template} if template is not None else {}
    return MockIntegration(request_templates=templates, responses=responses)


_OK = IntegrationResponse(status=200, pattern="/200/", templates={"$default": '{"ok": true}'})
_OTHER = IntegrationResponse(status=500, pattern="$default", templates={"$default": "other"})


@pytest.mark.parametrize(
    ("integration", "expected"),
    [
        (_mock('{"statusCode": 200}'), RouteResult(status=200)),
        (_mock(None), RouteResult(status=200)),
        (_mock('{"statusCode": 200}', _OTHER, _OK), RouteResult(status=200, body='{"ok": true}')),
        (_mock('{"statusCode": 404}', _OK, _OTHER), RouteResult(status=404, body="other")),
        (_mock('{"statusCode": 403}', _OK), RouteResult(status=403)),
    ],
)
def test_mocks(integration: MockIntegration, expected: RouteResult) -> None:
    """A mock has the status of its request template, and the body of the response for that status."""
    assert mock_result(integration) == expected


@pytest.mark.parametrize(
    ("integration", "said"),
    [
        (_mock("#set($x = 1)"), "is not plain JSON"),
        (_mock("{}"), "`statusCode` is not a number"),
        (
            _mock(
                '{"statusCode": 200}',
                IntegrationResponse(status=200, templates={"$default": "$input.body"}),
            ),
            "has expressions (VTL)",
        ),
    ],
)
def test_mocks_with_templates(integration: MockIntegration, said: str) -> None:
    """A mock whose templates have expressions is an error that says so."""
    with pytest.raises(WrongResultError) as raised:
        mock_result(integration)
    assert said in str(raised.value)
