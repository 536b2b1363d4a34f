"""The errors of the API: status, code, text and members as Lambda has them.

Those of names and qualifiers are as recorded on AWS:
https://github.com/localstack/localstack/blob/main/tests/aws/services/lambda_/test_lambda_api.snapshot.json
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Final

import pytest

from tests.functional.lambda_api.fakes import ACCOUNT_ID, PLACE, REGION

if TYPE_CHECKING:
    from tests.functional.lambda_api.aws import Aws
    from tests.functional.lambda_api.conftest import Endpoint

ARN: Final = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function"
PATTERN: Final = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?"
    r"(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)
OPERATIONS: Final = ("invoke", "get_function", "get_function_configuration")


def problem(value: str, member: str, constraint: str) -> str:
    return f"Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"


def pattern_problem(name: str) -> str:
    return problem(
        name, "functionName", f"Member must satisfy regular expression pattern: {PATTERN}"
    )


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "name",
    [
        "*",
        "my-function!",
        "invalid-account:function:my-function",
        "arn:aws:lambda:invalid-region:123456789012:function:my-function",
        "arn:aws:ec2:eu-west-1:123456789012:instance:i-1234567890abcdef0",
        f"{ARN}:my-function:1:2",
        "function:my-function:$LATEST:extra",
        "arn:aws:lambda::123456789012:function:my-function",
        "arn:aws:lambda:eu-west-1::function:my-function",
        f"{ARN}:my-function:$LATES",
        "arn:aws:lambda:eu-west-1:123456789012@function:myfn",
        "ä",
        "line\nbreak",
        "Echo\n",
    ],
)
def test_malformed_name(aws: Aws, operation: str, name: str) -> None:
    """A malformed name is a validation error in Lambda's words."""
    error = aws.refusal(operation, FunctionName=name)

    assert (error.status, error.code) == (400, "ValidationException")
    assert error.message == f"1 validation error detected: {pattern_problem(name)}"
    assert "Type" not in error.response


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    ("qualifier", "constraint"),
    [
        pytest.param(
            "invalid!",
            r"Member must satisfy regular expression pattern: "
            r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+",
            id="characters",
        ),
        pytest.param("a" * 129, "Member must have length less than or equal to 128", id="long"),
    ],
)
def test_malformed_qualifier(aws: Aws, operation: str, qualifier: str, constraint: str) -> None:
    """A malformed qualifier is a validation error as well."""
    error = aws.refusal(operation, FunctionName="Echo", Qualifier=qualifier)

    assert (error.status, error.code) == (400, "ValidationException")
    expected = problem(qualifier, "qualifier", constraint)
    assert error.message == f"1 validation error detected: {expected}"


def test_two_problems(aws: Aws) -> None:
    """Several problems are told at once."""
    error = aws.refusal("invoke", FunctionName="*", Qualifier="a" * 129)
    length = problem("a" * 129, "qualifier", "Member must have length less than or equal to 128")

    expected = f"2 validation errors detected: {length}; {pattern_problem('*')}"
    assert error.message == expected


def test_long_name(aws: Aws) -> None:
    """A name may have 256 characters, with the rest of its ARN."""
    name = "a" * 257
    error = aws.refusal("invoke", FunctionName=name)

    length = problem(name, "functionName", "Member must have length less than or equal to 256")
    assert error.message == f"1 validation error detected: {length}"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_two_qualifiers(aws: Aws, operation: str) -> None:
    """The name and the parameter select one version, even of a function that does not exist."""
    error = aws.refusal(operation, FunctionName="missing:1", Qualifier="2")

    assert (error.status, error.code) == (400, "InvalidParameterValueException")
    assert error.response["Type"] == "User"
    assert error.message == (
        "The derived qualifier from the function name does not match the specified qualifier."
    )


@pytest.mark.parametrize(
    ("operation", "name", "qualifier", "expected"),
    [
        ("invoke", "missing", None, "missing:$LATEST"),
        ("invoke", "missing", "$LATEST", "missing:$LATEST"),
        ("invoke", "missing:live", None, "missing:live"),
        ("invoke", "Echo", "3", "Echo:3"),
        ("invoke", "Echo:lvie", None, "Echo:lvie"),
        ("invoke", "Echo", "$latest", "Echo:$latest"),
        ("invoke", "a" * 65, None, "a" * 65 + ":$LATEST"),
        ("invoke", ARN, None, "function:$LATEST"),
        ("invoke", "Stack/Nested/Other", None, "Stack/Nested/Other:$LATEST"),
        ("get_function", "missing", None, "missing"),
        ("get_function", "missing", "$LATEST", "missing:$LATEST"),
        ("get_function", "Echo", "3", "Echo:3"),
        ("get_function", "Echo:lvie", None, "Echo:lvie"),
        ("get_function", ARN, None, "function"),
        ("get_function_configuration", "missing:1", None, "missing:1"),
        ("get_function_concurrency", "missing", None, "missing"),
        ("list_versions_by_function", "missing", None, "missing"),
        ("list_aliases", "missing", None, "missing"),
    ],
)
def test_not_found(
    aws: Aws, operation: str, name: str, qualifier: str | None, expected: str
) -> None:
    """A function, version or alias that does not exist is named by its ARN."""
    given = {"Qualifier": qualifier} if qualifier else {}
    error = aws.refusal(operation, FunctionName=name, **given)

    assert (error.status, error.code) == (404, "ResourceNotFoundException")
    assert error.message == f"Function not found: {ARN}:{expected}"
    assert error.response["Type"] == "User"
    assert error.response["Message"] == error.message


@pytest.mark.parametrize("operation", OPERATIONS)
def test_other_region(aws: Aws, operation: str) -> None:
    """A function of another Region cannot be reached."""
    name = f"arn:aws:lambda:ap-southeast-1:{ACCOUNT_ID}:function:Echo"
    error = aws.refusal(operation, FunctionName=name)

    assert (error.status, error.code) == (404, "ResourceNotFoundException")
    assert error.message == (
        f"Functions from 'ap-southeast-1' are not reachable in this region ('{REGION}')"
    )


@pytest.mark.parametrize(
    "name", ["210987654321:function:Echo", f"{ARN[:-21]}210987654321:function:Echo"]
)
def test_other_account(aws: Aws, name: str) -> None:
    """A function of another account may not be invoked."""
    error = aws.refusal("invoke", FunctionName=name)

    assert (error.status, error.code) == (403, "AccessDeniedException")
    assert "is not authorized to perform: lambda:InvokeFunction on resource" in error.message
    assert "Type" not in error.response


def test_ambiguous_name(aws: Aws) -> None:
    """A name of two functions is refused with what helps."""
    error = aws.refusal("invoke", FunctionName="Twice")

    assert (error.status, error.code) == (400, "InvalidParameterValueException")
    assert error.message == "`Twice` matches 2 functions (use a full path)"


@pytest.mark.parametrize(
    ("given", "member", "choices"),
    [
        ({"InvocationType": "Later"}, "invocationType", "RequestResponse, Event, DryRun"),
        ({"LogType": "All"}, "logType", "None, Tail"),
    ],
)
def test_unknown_choice(aws: Aws, given: dict[str, str], member: str, choices: str) -> None:
    """A type that does not exist is a validation error."""
    error = aws.refusal("invoke", FunctionName="Echo", **given)

    assert (error.status, error.code) == (400, "ValidationException")
    (value,) = given.values()
    expected = problem(value, member, f"Member must satisfy enum value set: [{choices}]")
    assert error.message == f"1 validation error detected: {expected}"


@pytest.mark.parametrize("invocation_type", ["RequestResponse", "Event", "DryRun"])
@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        pytest.param(b"{", "line 1, column 2", id="not-json"),
        pytest.param(b'{"a": NaN}', "not a JSON value", id="nan"),
        pytest.param(b"\xff", "not valid UTF-8", id="not-utf-8"),
        pytest.param("{}".encode("utf-16"), "not valid UTF-8", id="utf-16"),
        pytest.param(b"[" * 100_000, "nested too deeply", id="deep"),
        pytest.param(b" ", "invalid JSON", id="blank"),
        pytest.param(b"{}{}", "invalid JSON", id="two"),
    ],
)
def test_payload_that_is_not_json(
    aws: Aws, invocation_type: str, payload: bytes, reason: str
) -> None:
    """A payload is JSON in UTF-8."""
    error = aws.refusal(
        "invoke", FunctionName="Echo", InvocationType=invocation_type, Payload=payload
    )

    assert (error.status, error.code) == (400, "InvalidRequestContentException")
    assert error.response["Type"] == "User"
    beginning = "Could not parse request body into json: Could not parse payload into json: "
    assert error.message.startswith(beginning)
    assert reason in error.message


@pytest.mark.parametrize(
    ("invocation_type", "limit"),
    [("RequestResponse", 6_291_456), ("DryRun", 6_291_456), ("Event", 1_048_576)],
)
@pytest.mark.parametrize("excess", [1, 1024 * 1024])
def test_large_payload(aws: Aws, invocation_type: str, limit: int, excess: int) -> None:
    """A payload has at most 6 MiB, that of an event 1 MiB."""
    error = aws.refusal(
        "invoke",
        FunctionName="Echo",
        InvocationType=invocation_type,
        Payload=b"1" * (limit + excess),
    )

    assert (error.status, error.code) == (413, "RequestEntityTooLargeException")
    assert error.message == (
        f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
    )


def test_throttle(aws: Aws) -> None:
    """A throttle names its reason, and the time of the next attempt."""
    error = aws.refusal("invoke", FunctionName="Throttled")

    assert (error.status, error.code) == (429, "TooManyRequestsException")
    assert error.message == "Rate Exceeded."
    assert error.response["Type"] == "User"
    assert error.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert error.response["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "1"


@pytest.mark.parametrize(
    ("name", "status", "code", "message"),
    [
        pytest.param(
            "Broken",
            409,
            "ResourceConflictException",
            "/app/template.yaml:12:5: `src` does not exist (run `sam build`)",
            id="no-code",
        ),
        pytest.param(
            "NoImage", 409, "ResourceConflictException", "no image `it` (build it)", id="no-image"
        ),
        pytest.param(
            "Vanished",
            404,
            "ResourceNotFoundException",
            "no function `Vanished`",
            id="changed-in-the-meantime",
        ),
        pytest.param(
            "NoEngine", 500, "ServiceException", "no container engine answers", id="no-engine"
        ),
        pytest.param(
            "Crashes",
            500,
            "ServiceException",
            "samlocal failed, its log has the reason",
            id="defect",
        ),
    ],
)
def test_error_of_samlocal(aws: Aws, name: str, status: int, code: str, message: str) -> None:
    """Clients try again only what may succeed later, and are told what is wrong."""
    error = aws.refusal("invoke", FunctionName=name)

    assert (error.status, error.code, error.message) == (status, code, message)
    assert error.response["Type"] == ("User" if status < 500 else "Server")


def test_what_keeps_a_function_from_running_is_reported(aws: Aws, endpoint: Endpoint) -> None:
    """The endpoint's terminal has it as well; mistakes of clients and throttles are theirs alone."""
    endpoint.reported.clear()
    for name in ("Broken", "NoEngine", "Missing", "Throttled"):
        aws.refusal("invoke", FunctionName=name)

    broken, no_engine = endpoint.reported
    assert broken.message == "`Broken` cannot run: `src` does not exist"
    assert (broken.place, broken.hint) == (PLACE, "run `sam build`")
    assert no_engine.message == "`NoEngine` cannot run: no container engine answers"


def test_recursion(aws: Aws, endpoint: Endpoint) -> None:
    """A chain of sixteen rounds is stopped, unless its function allows loops."""
    trace = _after_rounds(aws, endpoint, "Describes", 16)
    status, headers, body = endpoint.request("Describes", {"X-Amzn-Trace-Id": trace})

    assert (status, headers["x-amzn-errortype"]) == (400, "RecursiveInvocationException")
    assert "recursive loop" in json.loads(body)["Message"]
    allowed = _after_rounds(aws, endpoint, "Handled", 20)
    assert endpoint.request("Handled", {"X-Amzn-Trace-Id": allowed})[0] == 200


def _after_rounds(aws: Aws, endpoint: Endpoint, name: str, rounds: int) -> str:
    """Return the trace of a function that has called itself so often."""
    trace: str = aws.invoke(name).content["trace_id"]
    for _ in range(rounds - 1):
        status, _headers, body = endpoint.request(name, {"X-Amzn-Trace-Id": trace})
        assert status == 200
        trace = json.loads(body)["trace_id"]
    return trace


@pytest.mark.parametrize(
    ("operation", "request_", "name"),
    [
        pytest.param("delete_function", {}, "DeleteFunction", id="delete"),
        pytest.param("publish_version", {}, "PublishVersion", id="publish"),
        pytest.param(
            "put_function_concurrency",
            {"ReservedConcurrentExecutions": 1},
            "PutFunctionConcurrency",
            id="put",
        ),
        pytest.param("get_policy", {}, "GetPolicy", id="get"),
    ],
)
def test_operation_that_is_not_implemented(
    aws: Aws, operation: str, request_: dict[str, object], name: str
) -> None:
    """An operation that samlocal does not have is refused by name, and not tried again."""
    error = aws.refusal(operation, FunctionName="Echo", **request_)

    assert (error.status, error.code) == (400, "UnsupportedOperationException")
    assert f"does not implement {name}" in error.message


def test_unknown_operation(endpoint: Endpoint) -> None:
    """Any other path is no operation of Lambda."""
    status, headers, body = endpoint.send("GET", "/2015-03-31/nothing?x=1")

    assert (status, headers["x-amzn-errortype"]) == (404, "UnknownOperationException")
    assert json.loads(body) == {
        "Message": "`GET /2015-03-31/nothing` is not an operation of Lambda's API"
    }


@pytest.mark.parametrize("path", ["/dev/@connections/x", "/%40connections/x"])
def test_connections_of_websocket_apis(endpoint: Endpoint, path: str) -> None:
    """A function that reaches for clients learns which command has them."""
    status, headers, body = endpoint.send("POST", path)

    assert (status, headers["x-amzn-errortype"]) == (404, "UnknownOperationException")
    assert "`samlocal local start-api` serves them" in json.loads(body)["Message"]


def test_durable_execution(endpoint: Endpoint) -> None:
    """No function is durable here."""
    status, headers, _ = endpoint.request("Echo", {"X-Amz-Durable-Execution-Name": "one"})

    assert (status, headers["x-amzn-errortype"]) == (400, "InvalidParameterValueException")


def test_credentials_stay_secret(endpoint: Endpoint, caplog: pytest.LogCaptureFixture) -> None:
    """Neither an error nor a log shows what a client signs with."""
    secrets = {"Authorization": "AWS4-HMAC-SHA256 it", "X-Amz-Security-Token": "it-is-secret"}
    with caplog.at_level(logging.DEBUG):
        answers = [endpoint.request(name, secrets) for name in ("Crashes", "missing", "*", "Echo")]

    assert [status for status, _, _ in answers] == [500, 404, 400, 200]
    for _, headers, body in answers:
        assert "secret" not in str(headers) + body.decode()
        assert "AWS4" not in str(headers) + body.decode()
    assert "a defect" in caplog.text
    assert "secret" not in caplog.text
    assert "AWS4" not in caplog.text
