"""The real `aws` command, versions 1 and 2, against a server of the Lambda API."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.docker.aws_clients import AwsCommand

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("name", "version", "arn"),
    [
        pytest.param("shop-context", "$LATEST", "shop-context", id="name"),
        pytest.param("Context", "$LATEST", "shop-context", id="logical id"),
        pytest.param("shop-context:live", "1", "shop-context:live", id="alias"),
        pytest.param("function:shop-context:1", "1", "shop-context:1", id="part of an ARN"),
        pytest.param(
            "123456789012:function:shop-context", "$LATEST", "shop-context", id="with account"
        ),
        pytest.param(
            "arn:aws:lambda:us-east-1:123456789012:function:shop-context:live",
            "1",
            "shop-context:live",
            id="ARN",
        ),
    ],
)
def test_each_form_of_a_name_is_found(aws: AwsCommand, name: str, version: str, arn: str) -> None:
    """Names, ARNs and their parts name the function; the context has the ARN that was asked for."""
    assert aws.invoke(name)["ExecutedVersion"] == version
    assert aws.result()["arn"] == aws.server.arn(arn)
    assert aws.result()["version"] == version


def test_no_result_is_null(aws: AwsCommand) -> None:
    """A function that returns nothing has succeeded with `null`."""
    assert aws.invoke("Nothing") == {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
    assert (aws.directory / "out").read_text() == "null"


def test_no_payload_is_an_empty_event(aws: AwsCommand) -> None:
    """Without `--payload` the event is an empty object."""
    assert aws.run("lambda", "invoke", "--function-name", "Echo", "out").exit_code == 0
    assert aws.result() == {}


@pytest.mark.parametrize(
    ("function", "error_type", "message"),
    [
        pytest.param("Fails", "ValueError", "no stars", id="Python"),
        pytest.param("NodeFails", "RangeError", "no stars", id="Node.js"),
        pytest.param("Missing", "Runtime.HandlerNotFound", "missing", id="no handler"),
        pytest.param(
            "Exits", "Runtime.ExitError", "Runtime exited with error: exit status 1", id="exit"
        ),
        pytest.param("TimesOut", "Sandbox.Timedout", "timed out after 1.00 seconds", id="timeout"),
    ],
)
def test_a_failed_function_is_an_answer(
    aws: AwsCommand, function: str, error_type: str, message: str
) -> None:
    """The command succeeds, says that the function did not, and writes its error to the file."""
    answer = {"StatusCode": 200, "FunctionError": "Unhandled", "ExecutedVersion": "$LATEST"}
    assert aws.invoke(function) == answer
    assert aws.result()["errorType"] == error_type
    assert message in aws.result()["errorMessage"]


def test_a_result_may_look_like_an_error(aws: AwsCommand) -> None:
    """What a function returns is its result, whatever its members are called."""
    assert "FunctionError" not in aws.invoke("LooksFailed")
    assert aws.result() == {"errorMessage": "no stars", "errorType": "ValueError"}


def test_the_log_tail_is_the_end_of_the_log(aws: AwsCommand) -> None:
    """`--log-type Tail` shows the last 4 KB of what this invocation wrote."""
    printed = aws.invoke("Prints", '{"lines": 1000}', "--log-type", "Tail")
    tail = base64.b64decode(printed["LogResult"])
    assert len(tail) == 4096
    assert b"line 999\n" in tail
    assert tail.rstrip().split(b"\n")[-1].startswith(b"REPORT RequestId: ")


def test_a_short_log_tail_is_the_whole_log(aws: AwsCommand) -> None:
    """The tail goes from START to REPORT, also where the function failed."""
    printed = aws.invoke("Fails", "{}", "--log-type", "Tail")
    lines = base64.b64decode(printed["LogResult"]).decode().splitlines()
    assert lines[0].startswith("START RequestId: ")
    assert any(line.startswith("[ERROR] ValueError: no stars") for line in lines)
    assert lines[-1].startswith("REPORT RequestId: ")


def test_a_dry_run_runs_nothing(aws: AwsCommand) -> None:
    """`DryRun` has no version, and an empty file."""
    assert aws.invoke("Exits", "{}", "--invocation-type", "DryRun") == {"StatusCode": 204}
    assert (aws.directory / "out").read_bytes() == b""


def test_a_client_context_reaches_the_function(aws: AwsCommand) -> None:
    """The function has what the client says of itself."""
    context = base64.b64encode(b'{"custom": {"shop": "tea"}, "env": {"locale": "en"}}').decode()
    aws.invoke("Context", "{}", "--client-context", context)
    assert aws.result()["custom"] == {"shop": "tea"}
    assert aws.result()["env"] == {"locale": "en"}


def test_a_tenant_reaches_the_function(aws: AwsCommand) -> None:
    """A function that isolates tenants is told which one it runs for."""
    aws.invoke("Tenants", "{}", "--tenant-id", "blue")
    assert aws.result()["tenant"] == "blue"


def test_six_megabytes_are_accepted(aws: AwsCommand) -> None:
    """The largest payload reaches the function, and comes back."""
    payload = b'"%s"' % (b"x" * (6 * MIB - 2))
    (aws.directory / "event").write_bytes(payload)
    assert aws.invoke("Echo", "fileb://event")["StatusCode"] == 200
    assert (aws.directory / "out").read_bytes() == payload


@pytest.mark.parametrize(
    ("function", "payload", "options", "code", "message"),
    [
        pytest.param(
            "nobody",
            "{}",
            (),
            "ResourceNotFoundException",
            "Function not found: arn:aws:lambda:us-east-1:123456789012:function:nobody:$LATEST",
            id="function",
        ),
        pytest.param(
            "shop-context:nowhere",
            "{}",
            (),
            "ResourceNotFoundException",
            "Function not found: arn:aws:lambda:us-east-1:123456789012:function:shop-context:nowhere",
            id="alias",
        ),
        pytest.param(
            "Echo",
            "stars",
            (),
            "InvalidRequestContentException",
            "Could not parse request body into json: Could not parse payload into json: ",
            id="no JSON",
        ),
        pytest.param(
            "Echo",
            "{}",
            ("--qualifier", "no such"),
            "ValidationException",
            "1 validation error detected: Value 'no such' at 'qualifier' failed to satisfy"
            " constraint: Member must satisfy regular expression pattern: ",
            id="malformed qualifier",
        ),
        pytest.param(
            "shop-context:live",
            "{}",
            ("--qualifier", "1"),
            "InvalidParameterValueException",
            "The derived qualifier from the function name does not match the specified qualifier.",
            id="two qualifiers",
        ),
        pytest.param(
            "Echo",
            "{}",
            ("--client-context", "no base64!"),
            "InvalidRequestContentException",
            "Client context must be a valid Base64-encoded JSON object.",
            id="client context",
        ),
        pytest.param(
            "None",
            "{}",
            (),
            "TooManyRequestsException",
            "",
            id="throttled",
        ),
        pytest.param(
            "arn:aws:lambda:eu-west-1:123456789012:function:Echo",
            "{}",
            (),
            "ResourceNotFoundException",
            "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
            id="region",
        ),
        pytest.param(
            "arn:aws:lambda:us-east-1:000000000000:function:Echo",
            "{}",
            (),
            "AccessDeniedException",
            "",
            id="account",
        ),
        pytest.param(
            "Tenants",
            "{}",
            (),
            "InvalidParameterValueException",
            "",
            id="no tenant",
        ),
        pytest.param(
            "Echo",
            "{}",
            ("--tenant-id", "blue"),
            "InvalidParameterValueException",
            "",
            id="foreign tenant",
        ),
    ],
)
def test_a_refused_request_is_an_error(
    aws: AwsCommand, function: str, payload: str, options: tuple[str, ...], code: str, message: str
) -> None:
    """The command fails as with AWS, with Lambda's words, and writes no file."""
    error = aws.refusal(function, payload, *options)
    assert f"An error occurred ({code}) when calling the Invoke operation" in error
    assert f": {message}" in error


def test_seven_megabytes_are_refused(aws: AwsCommand) -> None:
    """A payload of more than 6 MiB is an error of the service, which the client understands."""
    (aws.directory / "event").write_bytes(b'"%s"' % (b"x" * 7 * MIB))
    error = aws.refusal("Echo", "fileb://event")
    assert "(RequestEntityTooLargeException)" in error
    assert "Request must be smaller than 6291456 bytes for the InvokeFunction operation" in error


def test_a_result_of_more_than_six_megabytes_is_an_error(aws: AwsCommand) -> None:
    """A function that returns more has failed."""
    answer = aws.invoke("Sized", json.dumps({"bytes": 7 * MIB}))
    assert answer["FunctionError"] == "Unhandled"
    assert aws.result()["errorType"] == "Function.ResponseSizeTooLarge"


@pytest.mark.parametrize("waiter", ["function-active-v2", "function-updated-v2", "function-exists"])
def test_waiters_end(aws: AwsCommand, waiter: str) -> None:
    """A function is there and active at once."""
    output = aws.run("lambda", "wait", waiter, "--function-name", "testFunction")
    assert (output.exit_code, output.stdout, output.stderr) == (0, "", "")


def test_functions_are_listed(aws: AwsCommand) -> None:
    """The list has each function by its name in AWS; pages come as the client asks for them."""
    all_at_once = aws.show("list-functions")["Functions"]
    names = [each["FunctionName"] for each in all_at_once]
    assert {"testFunction", "shop-context", "Echo"} <= set(names)
    paged = aws.show("list-functions", "--page-size", "5", "--query", "Functions[].FunctionName")
    assert paged == names


def test_a_function_is_described(aws: AwsCommand) -> None:
    """The description has what the template says, and what makes waiters end."""
    function = aws.show("get-function", "--function-name", "shop-context")
    configuration = aws.show("get-function-configuration", "--function-name", "shop-context")
    expected = {
        "FunctionName": "shop-context",
        "FunctionArn": aws.server.arn("shop-context"),
        "Runtime": "python3.11",
        "Handler": "app.context",
        "Timeout": 20,
        "MemorySize": 256,
        "Version": "$LATEST",
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
    }
    for description in (function["Configuration"], configuration):
        assert {name: description[name] for name in expected} == expected
    missing_one = aws.run("lambda", "get-function", "--function-name", "nobody")
    assert missing_one.exit_code == aws.refused
    assert "(ResourceNotFoundException)" in missing_one.stderr
    assert f"Function not found: {aws.server.arn('nobody')}\n" in missing_one.stderr


def test_versions_and_aliases_are_listed(aws: AwsCommand) -> None:
    """Versions and aliases are those of the template."""
    query = ("--query", "Versions[].Version")
    versions = aws.show("list-versions-by-function", "--function-name", "testFunction", *query)
    assert versions == ["$LATEST", "1", "2"]
    of_context = ("--function-name", "shop-context")
    (alias,) = aws.show("list-aliases", *of_context)["Aliases"]
    assert (alias["Name"], alias["FunctionVersion"]) == ("live", "1")
    assert aws.show("get-alias", *of_context, "--name", "live") == alias
    assert aws.run("lambda", "get-alias", *of_context, "--name", "nowhere").exit_code == aws.refused


def test_concurrency_and_limits_are_shown(aws: AwsCommand) -> None:
    """Reserved concurrency is the template's; an account has Lambda's limits."""
    reserved = aws.show("get-function-concurrency", "--function-name", "One")
    assert reserved == {"ReservedConcurrentExecutions": 1}
    assert aws.run(
        "lambda", "get-function-concurrency", "--function-name", "Echo"
    ).stdout.strip() in {"", "{}"}
    assert aws.show("get-account-settings")["AccountLimit"]["CodeSizeUnzipped"] == 262144000


def test_an_old_event_is_queued(aws: AwsCommand) -> None:
    """`invoke-async`, the older way to queue an event, still works."""
    (aws.directory / "event.json").write_text('{"lines": 1}')
    before = len(aws.server.shown)
    queued = aws.show("invoke-async", "--function-name", "Prints", "--invoke-args", "event.json")
    assert queued == {"Status": 202}
    aws.server.wait_for("REPORT", start=before)
