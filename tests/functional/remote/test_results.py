"""What comes of an invocation of a deployed function: stdout, stderr and the exit code."""

from __future__ import annotations

import base64
import json
import signal
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.functional.remote.aws_service import (
    Reply,
    broken_stream,
    function_error,
    refusal,
    stream,
)

if TYPE_CHECKING:
    from tests.functional.remote.aws_service import AwsService
    from tests.functional.remote.conftest import Remote

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:shop-orders"


def test_a_result_is_on_stdout_byte_for_byte(remote: Remote, aws: AwsService) -> None:
    """The result is the whole of stdout; the log is on stderr, decoded."""
    log = base64.b64encode("START\nfünf Sterne\n".encode()).decode()
    aws.reply = Reply(body=b'{"a":  1.0}\xff\x00', headers={"x-amz-log-result": log})
    ended = remote("Orders")
    assert (ended.exit_code, ended.stdout, ended.stderr) == (
        0,
        b'{"a":  1.0}\xff\x00',
        "START\nfünf Sterne\n",
    )
    (request,) = aws.invocations
    assert request.path == "/2015-03-31/functions/shop-orders/invocations"
    assert request.headers["x-amz-log-type"] == "Tail"
    assert request.body == b"{}"


@pytest.mark.parametrize(
    ("error_type", "message", "exit_code", "stderr"),
    [
        pytest.param("ValueError", "no stars", 3, "", id="error"),
        pytest.param(None, "no stars", 3, "", id="error without a type"),
        pytest.param(
            "Sandbox.Timedout",
            "RequestId: 1 Error: Task timed out after 3.00 seconds",
            4,
            "",
            id="timeout",
        ),
        pytest.param(
            None,
            "2024-05-01T10:00:00.000Z 1 Task timed out after 3.00 seconds",
            4,
            "",
            id="old timeout",
        ),
        pytest.param(
            "Runtime.ExitError",
            "RequestId: 1 Error: Runtime exited with error: exit status 1",
            5,
            "Error: Runtime.ExitError: RequestId: 1 Error: Runtime exited with error: exit status 1\n"
            "hint: the log may say why; `Max Memory Used` in it, whether memory was short\n",
            id="runtime died",
        ),
        pytest.param(
            "Runtime.ImportModuleError",
            "no module",
            5,
            "Error: Runtime.ImportModuleError: no module\n",
            id="not initialised",
        ),
    ],
)
def test_exit_codes_are_those_of_local_invoke(  # cases
    remote: Remote,
    aws: AwsService,
    error_type: str | None,
    message: str,
    exit_code: int,
    stderr: str,
) -> None:
    """An error is the result, and the exit code tells how the invocation ended."""
    aws.reply = function_error(error_type, message)
    ended = remote("Orders")
    assert (ended.exit_code, ended.stdout, ended.stderr) == (exit_code, aws.reply.body, stderr)


def test_an_event_is_queued(remote: Remote, aws: AwsService) -> None:
    """An asynchronous invocation has no result, and stderr says so."""
    aws.reply = Reply(status=202, body=b"")
    ended = remote("Orders", "--type", "Event")
    assert (ended.exit_code, ended.stdout) == (0, b"")
    assert ended.stderr == "Lambda has queued the event for `shop-orders` (202)\n"
    assert aws.invocations[0].headers["x-amz-invocation-type"] == "Event"
    assert "x-amz-log-type" not in aws.invocations[0].headers


def test_a_dry_run_runs_nothing(remote: Remote, aws: AwsService) -> None:
    """A dry run says that the function could be invoked."""
    aws.reply = Reply(status=204)
    ended = remote("Orders", "--parameter", "InvocationType=DryRun", "--stream")
    assert (ended.exit_code, ended.stdout) == (0, b"")
    assert ended.stderr == "`shop-orders` can be invoked (204); it did not run\n"


def test_json_output_is_the_whole_answer(remote: Remote, aws: AwsService) -> None:
    """As in sam, the payload is a text in it, and the log is part of it."""
    aws.reply = Reply(
        body=b'{"stars": 5}',
        headers={"x-amz-log-result": "TE9H", "x-amz-executed-version": "3"},
    )
    ended = remote("Orders", "--output", "json")
    answer = json.loads(ended.stdout)
    assert answer.pop("ResponseMetadata")["HTTPStatusCode"] == 200
    assert answer == {
        "StatusCode": 200,
        "ExecutedVersion": "3",
        "LogResult": "TE9H",
        "Payload": '{"stars": 5}',
    }
    assert (ended.exit_code, ended.stderr) == (0, "")


def test_a_function_url_that_streams_is_streamed(remote: Remote, aws: AwsService) -> None:
    """The mode of the function's URL decides, as in sam."""
    aws.invoke_mode = "RESPONSE_STREAM"
    log = base64.b64encode(b"LOG").decode()
    aws.reply = stream(b"one\n", b"two", complete={"LogResult": log})
    ended = remote("Orders", "--qualifier", "live")
    assert (ended.exit_code, ended.stdout, ended.stderr) == (0, b"one\ntwo", "LOG\n")
    assert aws.requests[0].path == "/2021-10-31/functions/shop-orders/url?Qualifier=live"
    assert aws.invocations[0].path.endswith("/response-streaming-invocations?Qualifier=live")


def test_the_answer_of_a_stream_as_json(remote: Remote, aws: AwsService) -> None:
    """The events of a stream are a list, as in sam."""
    aws.reply = stream(b"one", complete={})
    ended = remote("Orders", "--stream", "--output", "json")
    assert json.loads(ended.stdout)["EventStream"] == [
        {"PayloadChunk": {"Payload": "one"}},
        {"InvokeComplete": {}},
    ]


@pytest.mark.parametrize(
    ("chunks", "stdout", "stderr"),
    [
        pytest.param((b"half",), b"half", "Error: RangeError: no stars\n", id="after a part"),
        pytest.param((), b'{"errorType":"RangeError","errorMessage":"no stars"}', "", id="at once"),
    ],
)
def test_an_error_at_the_end_of_a_stream(
    remote: Remote, aws: AwsService, chunks: tuple[bytes, ...], stdout: bytes, stderr: str
) -> None:
    """What came is on stdout; the error is on stderr, or the result where nothing came."""
    details = '{"errorType":"RangeError","errorMessage":"no stars"}'
    aws.reply = stream(*chunks, complete={"ErrorCode": "Unhandled", "ErrorDetails": details})
    ended = remote("Orders", "--stream")
    assert (ended.exit_code, ended.stdout, ended.stderr) == (3, stdout, stderr)


def test_a_timeout_in_a_stream(remote: Remote, aws: AwsService) -> None:
    """The error code of a stream tells a timeout, even if its details are no JSON."""
    aws.reply = stream(
        b"half", complete={"ErrorCode": "Sandbox.Timedout", "ErrorDetails": "after 3 seconds"}
    )
    ended = remote("Orders", "--stream")
    assert (ended.exit_code, ended.stderr) == (4, "Error: Sandbox.Timedout: after 3 seconds\n")


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        pytest.param(stream(b"half", complete=None), "breaks off", id="no end"),
        pytest.param(
            broken_stream(b"half", "InternalFailure", "no more"),
            "InternalFailure: no more",
            id="an error",
        ),
    ],
)
def test_a_stream_that_lambda_breaks_off(
    remote: Remote, aws: AwsService, reply: Reply, message: str
) -> None:
    """The part that came is on stdout, and the exit code says that it is no result."""
    aws.reply = reply
    ended = remote("Orders", "--stream")
    assert (ended.exit_code, ended.stdout) == (1, b"half")
    assert message in ended.stderr


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(replace(stream(b"half", complete=None), is_cut=True), id="cut"),
        pytest.param(
            replace(
                stream(b"half", complete=None), body=stream(b"half", complete=None).body + b"x" * 40
            ),
            id="garbled",
        ),
    ],
)
def test_a_stream_that_cannot_be_read(remote: Remote, aws: AwsService, reply: Reply) -> None:
    """A connection that breaks, and bytes that are no event, are errors of samlocal's."""
    aws.reply = reply
    ended = remote("Orders", "--stream")
    assert (ended.exit_code, ended.stdout) == (1, b"half")
    assert ended.stderr.startswith(
        "Error: cannot invoke `shop-orders`: the answer cannot be read: "
    )
    assert ended.stderr.endswith(
        "\nhint: the function may have run: samlocal does not invoke it again\n"
    )
    assert len(aws.invocations) == 1


def test_a_result_that_breaks_off_is_not_invoked_again(remote: Remote, aws: AwsService) -> None:
    """The function has seen the event, so there is one request only."""
    aws.reply = Reply(body=b'{"a', is_cut=True)
    message = remote.refused("Orders")
    assert message.endswith("the function may have run: samlocal does not invoke it again\n")
    assert len(aws.invocations) == 1


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        pytest.param(
            refusal(404, "ResourceNotFoundException", f"Function not found: {ARN}"),
            f"no function `shop-orders` in us-east-1: Function not found: {ARN}\n"
            "hint: check that it is deployed there, and the version or alias if you name one\n",
            id="not found",
        ),
        pytest.param(
            refusal(403, "AccessDeniedException", "not authorized"),
            "AWS does not allow to invoke `shop-orders`: AccessDeniedException: not authorized\n"
            "hint: the credentials need the permission `lambda:InvokeFunction`\n",
            id="denied",
        ),
        pytest.param(
            refusal(403, "ExpiredTokenException", "The security token is expired"),
            "the AWS credentials are expired: ExpiredTokenException: The security token is expired\n"
            "hint: get new ones, with `aws sso login` or `aws login` if the profile signs in\n",
            id="expired",
        ),
        pytest.param(
            refusal(403, "UnrecognizedClientException", "The security token is invalid."),
            "AWS does not accept the credentials: UnrecognizedClientException: The security token is"
            " invalid.\nhint: AWS_PROFILE or `--profile` names a profile, or set AWS_ACCESS_KEY_ID and"
            " AWS_SECRET_ACCESS_KEY\n",
            id="credentials",
        ),
        pytest.param(
            refusal(
                429, "TooManyRequestsException", "Rate Exceeded.", Reason="CallerRateLimitExceeded"
            ),
            "AWS throttles: cannot invoke `shop-orders`: TooManyRequestsException: Rate Exceeded.\n"
            "hint: you call Lambda too often: wait a moment\n",
            id="throttled",
        ),
        pytest.param(
            refusal(500, "ServiceException", "internal"),
            "AWS cannot invoke `shop-orders`: ServiceException: internal\n",
            id="service",
        ),
    ],
)
def test_what_lambda_refuses(remote: Remote, aws: AwsService, reply: Reply, message: str) -> None:
    """Each refusal has its reason and what helps; samlocal asks once."""
    aws.reply = reply
    assert remote.refused("Orders") == f"Error: {message}"
    assert len(aws.invocations) == 1


def test_ctrl_c_ends_it_at_once(remote: Remote, aws: AwsService) -> None:
    """An invocation that lasts does not keep the command."""
    aws.may_answer.clear()
    process = remote.samlocal.start("remote", "invoke", "Orders", "--no-stream")
    try:
        assert aws.arrived.wait(30)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, stdout, stderr) == (130, b"", b"")
