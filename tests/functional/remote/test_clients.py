"""How boto3 calls Lambda for an invocation."""

from __future__ import annotations

import pytest

from samlocal.aws_clients import open_session
from samlocal.errors import RemoteError
from samlocal.remote.deployed_call import DeployedCall
from samlocal.remote.deployed_functions import DeployedFunctions
from samlocal.remote.stacks import Stacks
from tests.functional.remote.aws_service import AwsService, Reply

LONGEST_RUN_SECONDS = 900
KEYS = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "made-up"}


class _Nowhere:
    def show_log(self, log: bytes) -> None:
        del log

    def write(self, chunk: bytes) -> None:
        del chunk


def functions(aws: AwsService) -> DeployedFunctions:
    session = open_session(region="us-east-1", profile=None, keys=KEYS)
    return DeployedFunctions(session, region="us-east-1", endpoint_url=aws.url)


def test_a_function_may_run_as_long_as_lambda_allows(aws: AwsService) -> None:
    """boto3 waits longer than any function runs, and does not call a second time."""
    config = functions(aws)._client().meta.config
    assert config.read_timeout > LONGEST_RUN_SECONDS
    assert config.retries["total_max_attempts"] == 1
    assert config.tcp_keepalive


def test_a_parameter_that_boto3_does_not_know(aws: AwsService) -> None:
    """An old boto3 lacks some parameters, and the message names what to update."""
    call = DeployedCall(function="shop-orders", payload=b"{}", parameters={"NotYet": "1"})
    with pytest.raises(RemoteError, match=r"botocore [0-9.]+ does not know `NotYet`") as caught:
        functions(aws).invoke(call, _Nowhere())
    assert caught.value.hint == "`pip install --upgrade boto3`"
    assert aws.requests == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_refused_call_is_not_repeated(aws: AwsService, status: int) -> None:
    """Whatever Lambda answers, there is one request."""
    aws.reply = Reply(status=status, body=b"<html>")
    call = DeployedCall(function="shop-orders", payload=b"{}", parameters={})
    with pytest.raises(RemoteError):
        functions(aws).invoke(call, _Nowhere())
    assert len(aws.invocations) == 1


@pytest.mark.parametrize(
    ("function", "qualifier", "path"),
    [
        ("shop", None, "/shop/url"),
        ("shop:live", None, "/shop/url?Qualifier=live"),
        ("shop", "live", "/shop/url?Qualifier=live"),
        (
            "arn:aws:lambda:us-east-1:123456789012:function:shop:live",
            None,
            "/arn:aws:lambda:us-east-1:123456789012:function:shop/url?Qualifier=live",
        ),
    ],
)
def test_the_url_of_a_function(
    aws: AwsService, function: str, qualifier: str | None, path: str
) -> None:
    """Each alias has a URL of its own; Lambda takes the alias as a parameter only."""
    aws.invoke_mode = "RESPONSE_STREAM"
    assert functions(aws).has_streaming_url(function, qualifier)
    assert aws.requests[0].path == f"/2021-10-31/functions{path}"


def test_the_url_of_a_function_that_nobody_answers_for() -> None:
    """Only Lambda's own answer means that a function has no URL."""
    session = open_session(region="us-east-1", profile=None, keys=KEYS)
    unreachable = DeployedFunctions(session, region="us-east-1", endpoint_url="http://127.0.0.1:1")
    with pytest.raises(RemoteError, match="AWS cannot be reached"):
        unreachable.has_streaming_url("shop", None)


def test_a_stack_behind_something_else(aws: AwsService, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that is not CloudFormation's is an error that says so."""
    aws.garbles = True
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
    session = open_session(region="us-east-1", profile=None, keys=KEYS)
    with pytest.raises(RemoteError, match="the answer cannot be read"):
        Stacks(session, region="us-east-1").find("shop", "Orders")
