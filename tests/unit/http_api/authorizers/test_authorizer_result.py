from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.http_api.authorizers.authorizer_result import (
    read_http_result,
    read_rest_result,
    read_simple_result,
)
from samlocal.http_api.authorizers.policy import MalformedResultError

_POLICY = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def _result(**members: object) -> bytes:
    return json.dumps({"principalId": "ann", "policyDocument": _POLICY} | members).encode()


def test_rest_apis_get_context_as_text() -> None:
    """Numbers and booleans become what JSON writes for them."""
    context = {"text": "x", "seven": 7, "half": 0.5, "yes": True, "no": False, "empty": ""}
    result = read_rest_result(_result(context=context, usageIdentifierKey="key"))
    assert result.context == {
        "text": "x",
        "seven": "7",
        "half": "0.5",
        "yes": "true",
        "no": "false",
        "empty": "",
    }
    assert (result.principal, result.usage_key) == ("ann", "key")


def test_http_apis_keep_the_types_of_context() -> None:
    """Lists, objects and null are let through as well; no principal is needed."""
    context = {"seven": 7, "yes": True, "list": ["a"], "map": {"b": None}}
    result = read_http_result(_result(context=context, principalId=None))
    assert result.context == context


def test_simple_responses_are_read() -> None:
    """A simple response has a decision and a context, which may be missing."""
    result = read_simple_result(b'{"isAuthorized": true, "context": {"n": 1}}')
    assert (result.decision, result.context) == (True, {"n": 1})
    assert read_simple_result(b'{"isAuthorized": false}').context is None


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        pytest.param(b"", "is not JSON", id="nothing"),
        pytest.param(b"[" * 100_000, "is not JSON", id="deep"),
        pytest.param(b"null", "must be an object, and is missing or null", id="null"),
        pytest.param(b'"Allow"', "must be an object, and is `Allow`", id="text"),
        pytest.param(b"[]", "must be an object, and is a list", id="list"),
        pytest.param(
            b"{}", "needs a text `principalId`, which is missing or null", id="no principal"
        ),
        pytest.param(
            _result(principalId=7), "needs a text `principalId`, which is `7`", id="number"
        ),
        pytest.param(_result(principalId=""), "has an empty `principalId`", id="empty principal"),
        pytest.param(_result(policyDocument=None), "has no `policyDocument`", id="no policy"),
        pytest.param(
            _result(context="x"),
            "has a wrong `context`: `x`, where an object is expected",
            id="context",
        ),
        pytest.param(
            _result(context={"a": {"b": 1}}),
            "has a wrong `context.a`: an object; a REST or WebSocket API takes text, numbers and booleans only",
            id="nested context",
        ),
        pytest.param(
            _result(context={"a": None}),
            "has a wrong `context.a`: missing or null; a REST or WebSocket API takes text, numbers and"
            " booleans only",
            id="null in context",
        ),
    ],
)
def test_results_that_rest_apis_refuse(payload: bytes, message: str) -> None:
    """The message says what is wrong with the result."""
    with pytest.raises(MalformedResultError) as caught:
        read_rest_result(payload)
    assert str(caught.value) == message


def test_a_simple_response_needs_its_switch() -> None:
    """A simple response for an authorizer without them names the property, and a policy the other way round."""
    with pytest.raises(MalformedResultError, match="EnableSimpleResponses: true"):
        read_http_result(b'{"isAuthorized": true}')
    with pytest.raises(MalformedResultError, match="EnableSimpleResponses: false"):
        read_simple_result(_result())


@pytest.mark.parametrize("value", ["true", 1, None, {}])
def test_a_simple_response_needs_a_boolean(value: object) -> None:
    """Nothing but `true` and `false` is a decision."""
    with pytest.raises(MalformedResultError, match="needs `isAuthorized`, `true` or `false`"):
        read_simple_result(json.dumps({"isAuthorized": value}).encode())


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)
_MEMBERS = ("principalId", "policyDocument", "context", "usageIdentifierKey", "isAuthorized")


@given(_JSON | st.dictionaries(st.sampled_from(_MEMBERS), _JSON | st.just(_POLICY)))
def test_any_result_is_read_or_refused(result: object) -> None:
    """Whatever JSON a function returns, nothing but the one error is raised."""
    for read in (read_rest_result, read_http_result, read_simple_result):
        try:
            read(json.dumps(result).encode())
        except MalformedResultError as error:
            assert str(error)  # noqa: PT017
