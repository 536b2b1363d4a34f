from __future__ import annotations

import io
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.context import ContextOverrides, read_context
from samlocal.errors import ContextError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

JSON_OBJECTS = st.dictionaries(
    st.text(max_size=5),
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    max_size=5,
)


def read(text: str | None) -> ContextOverrides:
    return read_context(text, None, stdin=io.BytesIO())


def client_context(text: str) -> object:
    return json.loads(read(text).client_context or "")


def test_no_context_overrides_nothing() -> None:
    """Without options nothing is overridden."""
    assert read(None) == ContextOverrides()
    assert set(asdict(ContextOverrides()).values()) == {None, ()}


def test_everything_that_can_be_set() -> None:
    """Each member of a context object sets its part, JSON parts as compact header texts."""
    text = """{
      "clientContext": {"client": {"installation_id": "i"}, "custom": {"é": 1}, "env": {"m": "x"}},
      "identity": {"cognitoIdentityId": "id", "cognitoIdentityPoolId": "pool"},
      "awsRequestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
      "functionVersion": "42",
      "invokedFunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:Ratings:live",
      "traceId": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1",
      "deadlineMs": 1542409706888
    }"""
    assert read(text) == ContextOverrides(
        client_context='{"client": {"installation_id": "i"}, "custom": {"\\u00e9": 1}, '
        '"env": {"m": "x"}}',
        cognito_identity='{"cognitoIdentityId": "id", "cognitoIdentityPoolId": "pool"}',
        request_id="c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        function_version="42",
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:Ratings:live",
        trace_id="Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1",
        deadline_ms=1542409706888,
    )


@pytest.mark.parametrize("name", ["awsRequestId", "aws_request_id", "requestId", "AwsRequestId"])
def test_spellings_of_one_name(name: str) -> None:
    """The spellings of all runtimes name the same member."""
    assert read(f'{{"{name}": "r-1"}}').request_id == "r-1"


@pytest.mark.parametrize(
    "text",
    [
        '{"clientContext": {"custom": {"a": 1}, "env": {}}}',
        '{"custom": {"a": 1}, "env": {}}',
        '{"requestId": "r", "client_context": {"custom": {"a": 1}, "env": {}}}',
    ],
)
def test_parts_of_the_client_context_may_stand_alone(text: str) -> None:
    """`client`, `custom` and `env` need no `clientContext` around them."""
    assert client_context(text) == {"custom": {"a": 1}, "env": {}}


@pytest.mark.parametrize(
    ("text", "value"),
    [("hello world", "hello world"), ("[1, 2]", [1, 2]), ("5", 5), ('"x"', "x"), ("", "")],
)
def test_a_value_that_is_not_an_object_is_custom(text: str, value: object) -> None:
    """A context that is not an object reaches the function in the custom part."""
    assert client_context(text) == {"custom": {"context": value}}


@given(JSON_OBJECTS)
def test_any_custom_object_arrives_in_ascii(custom: dict[str, object]) -> None:
    """The client context keeps any custom object, as one line of ASCII."""
    text = read(json.dumps({"custom": custom})).client_context or ""
    assert json.loads(text) == {"custom": custom}
    assert text.isascii()
    assert text.isprintable()


def test_custom_data_nests_deeply() -> None:
    """Unlike a template, the client context may nest to any depth."""
    custom = "[" * 200 + "]" * 200
    sent = client_context(f'{{"custom": {{"x": {custom}}}}}')
    assert sent == {"custom": {"x": json.loads(custom)}}


def test_a_remaining_time() -> None:
    """The deadline may be given as the remaining time at the start of the invocation."""
    assert read('{"remainingTimeInMillis": 500}').remaining_time_ms == 500


def test_members_from_elsewhere_are_reported() -> None:
    """Members that the template sets are ignored, with a diagnostic."""
    overrides = read('{"functionName": "x",\n "memoryLimitInMB": 1}')
    assert [
        (str(diagnostic.place), diagnostic.message) for diagnostic in overrides.diagnostics
    ] == [
        ("--context:1:2", "`functionName` of the context has no effect: `FunctionName` sets it"),
        ("--context:2:2", "`memoryLimitInMB` of the context has no effect: `MemorySize` sets it"),
    ]


@pytest.mark.parametrize(
    ("text", "error", "hint"),
    [
        pytest.param('{"a": }', "1:7: invalid JSON", None, id="json"),
        pytest.param("[1", "1:3: invalid JSON", None, id="list"),
        pytest.param(
            '{"awsRequestIdd": "1"}',
            "1:2: a context has no `awsRequestIdd`",
            "did you mean `awsRequestId`?",
            id="misspelt",
        ),
        pytest.param(
            '{"zzz": 1}',
            "1:2: a context has no `zzz`",
            "a context has `clientContext`",
            id="unknown",
        ),
        pytest.param(
            '{"traceId": "x",\n"trace_id": "y"}', "2:1: `trace_id` is given twice", None, id="twice"
        ),
        pytest.param(
            '{"custom": {}, "clientContext": {}}',
            "1:16: `clientContext` is given twice",
            None,
            id="part and whole",
        ),
        pytest.param(
            '{"clientContext": "x"}',
            '1:2: `clientContext` is "x", not an object',
            None,
            id="client context",
        ),
        pytest.param('{"env": [1]}', "1:2: `env` is [1], not an object", None, id="part"),
        pytest.param(
            '{"identity": {"pool": "x"}}',
            "1:2: `identity` has no `pool`",
            "it has `cognitoIdentityId`",
            id="identity",
        ),
        pytest.param(
            '{"identity": {"cognitoIdentityId": 1}}',
            "1:2: `cognitoIdentityId` is 1",
            None,
            id="identity id",
        ),
        pytest.param(
            '{"requestId": "a/b"}', '1:2: `requestId` is "a/b", not', None, id="request id"
        ),
        pytest.param('{"requestId": ""}', '1:2: `requestId` is ""', None, id="empty id"),
        pytest.param(
            '{"traceId": "a\\r\\nb: c"}', '1:2: `traceId` is "a\\r\\nb: c"', None, id="header"
        ),
        pytest.param('{"invokedFunctionArn": "é"}', "1:2: `invokedFunctionArn` is", None, id="ARN"),
        pytest.param(
            '{"functionVersion": 3}',
            "1:2: `functionVersion` is 3, not `$LATEST`",
            None,
            id="version",
        ),
        pytest.param(
            '{"deadlineMs": -1}', "1:2: `deadlineMs` is -1, not milliseconds", None, id="deadline"
        ),
        pytest.param('{"deadlineMs": true}', "1:2: `deadlineMs` is true", None, id="no number"),
        pytest.param(
            '{"deadlineMs": 1, "remainingTimeInMillis": 1}',
            "1:1: both a deadline",
            "set one of them",
            id="both",
        ),
    ],
)
def test_malformed_and_unknown_members(text: str, error: str, hint: str | None) -> None:
    """A malformed or unknown member is a usage error with its place and value."""
    with pytest.raises(UsageError) as caught:
        read(text)
    assert str(caught.value).startswith(f"--context:{error}")
    assert (caught.value.hint or "").startswith(hint or "")


@pytest.mark.parametrize(("length", "fits"), [(2664, True), (2665, False)])
def test_the_client_context_has_lambdas_limit(length: int, *, fits: bool) -> None:
    """The client context may have 3,583 bytes of base64, as in AWS."""
    text = json.dumps({"custom": {"a": "x" * length}})
    if fits:
        assert client_context(text)
        return
    with pytest.raises(UsageError, match="larger than 3583 bytes of base64"):
        read(text)


def lenient(text: str) -> ContextOverrides:
    return read_context(text, None, stdin=io.BytesIO(), is_lenient=True)


@pytest.mark.parametrize(
    ("text", "custom"),
    [
        pytest.param("hello world", {"context": "hello world"}, id="text"),
        pytest.param("{a: 1}", {"context": "{a: 1}"}, id="broken JSON"),
        pytest.param('{"tenant": "a"}', {"tenant": "a"}, id="unknown member"),
        pytest.param('{"tenant": "a", "custom": {"b": 1}}', {"tenant": "a", "b": 1}, id="beside"),
        pytest.param('{"a": 1, "clientContext": {"custom": {"b": 2}}}', {"a": 1, "b": 2}, id="in"),
        pytest.param(
            '{"custom": {"a": 0, "b": 1}, "client_context": {"custom": {"a": 2}}, "c": 3}',
            {"a": 2, "b": 1, "c": 3},
            id="beside and in",
        ),
    ],
)
def test_a_lenient_context_has_any_member(text: str, custom: dict[str, object]) -> None:
    """What a context of Lambda cannot have is custom, for the context of `invoke local`."""
    assert json.loads(lenient(text).client_context or "") == {"custom": custom}


def test_a_lenient_context_reports_what_is_custom() -> None:
    """The user learns where a member is."""
    [diagnostic] = lenient('{"awsRequestId": "mine", "tenant": "a"}').diagnostics
    assert (str(diagnostic.place), lenient('{"awsRequestId": "mine"}').request_id) == (
        "--context:1:26",
        "mine",
    )


def test_a_timeout_in_seconds() -> None:
    """`timeout` of Serverless's context for Python is the remaining time."""
    assert lenient('{"timeout": 120}').remaining_time_ms == 120_000
    assert lenient('{"timeout": 1.5}').remaining_time_ms == 1500


def test_infinite_numbers() -> None:
    """A context that runtimes could not read is refused."""
    with pytest.raises(UsageError, match="has a number that no JSON can hold"):
        lenient('{"timeout": 1e400}')


@pytest.mark.parametrize("value", ['"x"', "-1", "true", "9e99"])
def test_a_timeout_that_is_none(value: str) -> None:
    """The user learns that it is no duration, and the function still sees it."""
    context = lenient(f'{{"timeout": {value}}}')
    [diagnostic] = context.diagnostics
    assert "no number of seconds" in diagnostic.message
    assert context.remaining_time_ms is None
    assert '"timeout": ' in (context.client_context or "")


@pytest.mark.parametrize(
    ("name", "content", "custom"),
    [
        pytest.param("c.json", '{"tenant": "a"}', {"tenant": "a"}, id="json"),
        pytest.param("c.yml", "tenant: a", {"tenant": "a"}, id="yaml"),
        pytest.param("c.txt", " hello\n", {"context": "hello"}, id="text"),
        pytest.param("c.txt", '{"tenant": "a"}', {"tenant": "a"}, id="json in a text"),
    ],
)
def test_a_lenient_file(name: str, content: str, custom: dict[str, object], tmp_path: Path) -> None:
    """The ending of a file says what it is; any text may be JSON."""
    (tmp_path / name).write_text(content)
    path = str(tmp_path / name)
    context = read_context("{", path, stdin=io.BytesIO(), is_lenient=True)
    assert json.loads(context.client_context or "") == {"custom": custom}


@pytest.mark.parametrize(
    ("name", "custom"), [("c.json", {"tenant": "a"}), ("c.txt", {"context": '{"tenant": "a"}'})]
)
def test_a_raw_file(name: str, custom: dict[str, object], tmp_path: Path) -> None:
    """With `raw`, the text of a file is a text, unless its name says that it is JSON."""
    (tmp_path / name).write_text('{"tenant": "a"}\n')
    path = str(tmp_path / name)
    context = read_context(None, path, stdin=io.BytesIO(), is_lenient=True, raw=True)
    assert json.loads(context.client_context or "") == {"custom": custom}


def test_a_lenient_file_that_is_broken(tmp_path: Path) -> None:
    """JSON has to be JSON."""
    (tmp_path / "c.json").write_text("{a: 1}")
    with pytest.raises(ContextError, match="invalid JSON"):
        read_context(None, str(tmp_path / "c.json"), stdin=io.BytesIO(), is_lenient=True)


def test_members_of_a_lenient_context_that_the_configuration_sets() -> None:
    """They are variables, from which runtimes make members of the context."""
    text = '{"functionName": "mine", "memory_limit_in_mb": 64, "logGroupName": "g", "logStreamName": "s"}'
    assert dict(lenient(text).variables) == {
        "AWS_LAMBDA_FUNCTION_NAME": "mine",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "64",
        "AWS_LAMBDA_LOG_GROUP_NAME": "g",
        "AWS_LAMBDA_LOG_STREAM_NAME": "s",
    }
    with pytest.raises(UsageError, match="neither a text nor a number"):
        lenient('{"functionName": []}')
    with pytest.raises(UsageError, match="which no variable can hold"):
        lenient('{"functionName": "a\\u0000"}')
