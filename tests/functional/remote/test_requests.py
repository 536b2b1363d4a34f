"""What a deployed function gets: the event and the parameters of the invocation."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from tests.free_ports import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.remote.aws_service import AwsService
    from tests.functional.remote.conftest import Remote

PROFILES = """\
[profile sso]
sso_session = shop
sso_account_id = 123456789012
sso_role_name = developer
[sso-session shop]
sso_start_url = https://shop.awsapps.com/start
sso_region = eu-west-1
[profile process]
credential_process = false
"""


@pytest.mark.parametrize(
    ("arguments", "stdin", "event"),
    [
        pytest.param((), b"1", b"{}", id="none"),
        pytest.param(("-e", '{"a":  1}'), b"", b'{"a":  1}', id="JSON"),
        pytest.param(("--event", "hello world"), b"", b'"hello world"', id="text"),
        pytest.param(("-e", "5", "--raw"), b"", b'"5"', id="raw"),
        pytest.param(("--event-file", "event.json"), b"", b'{"stars": 5}\n', id="file"),
        pytest.param(("--event-file", "-"), b'{"b": 2}', b'{"b": 2}', id="stdin"),
        pytest.param(("--event", "-"), b'{"b": 2}', b'{"b": 2}', id="stdin as text"),
    ],
)
def test_the_event(
    remote: Remote, aws: AwsService, arguments: tuple[str, ...], stdin: bytes, event: bytes
) -> None:
    """JSON is passed on byte for byte; other text is a string; stdin is read only if it is named."""
    ended = remote("Orders", "--no-stream", *arguments, stdin=stdin)
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert aws.invocations[0].body == event


def test_parameters_and_options_are_headers_of_the_request(remote: Remote, aws: AwsService) -> None:
    """Parameters of boto3 and samlocal's options for them go together."""
    ended = remote(
        "Orders",
        *("--parameter", "LogType=None", "--parameter", "Qualifier=live"),
        *("--qualifier", "live", "--tenant-id", "blue", "--client-context", '{"custom": {"a": 1}}'),
        *("--durable-execution-name", "first", "--no-stream"),
    )
    assert ended.exit_code == 0, ended.stderr
    (request,) = aws.invocations
    assert request.path.endswith("/shop-orders/invocations?Qualifier=live")
    assert request.headers["x-amz-log-type"] == "None"
    assert request.headers["x-amz-tenant-id"] == "blue"
    assert request.headers["x-amz-durable-execution-name"] == "first"
    assert json.loads(base64.b64decode(request.headers["x-amz-client-context"])) == {
        "custom": {"a": 1}
    }


@pytest.mark.parametrize(
    ("arguments", "message", "exit_code"),
    [
        pytest.param(
            ("-e", "{}", "--event-file", "event.json"),
            "`--event` and `--event-file` both name an event\nhint: keep one of them\n",
            2,
            id="two events",
        ),
        pytest.param(
            ("-e", "event.json"),
            "`--event` is the event itself, and `event.json` is a file\n"
            "hint: `--event-file event.json` reads it\n",
            2,
            id="a file as event",
        ),
        pytest.param(
            ("-e", "{"),
            "--event:1:2: invalid JSON: expecting property name enclosed in double quotes, at the end of the line\n"
            "hint: add `--raw` to pass the text as a string\n",
            1,
            id="malformed",
        ),
        pytest.param(
            ("--parameter", "Qualifer=1"),
            "Invoke has no parameter `Qualifer`\nhint: did you mean `Qualifier`?\n",
            2,
            id="misspelt parameter",
        ),
        pytest.param(
            ("--parameter", "Payload={}"),
            "`--parameter` cannot set `Payload`\nhint: `--event` and `--event-file` name the event\n",
            2,
            id="payload",
        ),
        pytest.param(
            ("--parameter", "LogType"), "`--parameter LogType` is not KEY=VALUE\n", 2, id="no value"
        ),
        pytest.param(
            ("--parameter", "LogType=tail"),
            "`tail` is not a value of `LogType`\nhint: did you mean `Tail`?\n",
            2,
            id="value",
        ),
        pytest.param(
            ("--parameter", "Qualifier=1", "--qualifier", "2"),
            "`Qualifier` has two values: `1` and `2`\nhint: keep one of them\n",
            2,
            id="two values",
        ),
        pytest.param(
            ("--stream", "--durable-execution-name", "first"),
            "a response that is streamed cannot have `DurableExecutionName`\n"
            "hint: did you mean `--no-stream`?\n",
            2,
            id="durable and streamed",
        ),
        pytest.param(
            ("--client-context", '{"custom": "%s"}' % ("x" * 3000)),
            "--client-context:1:1: the client context is larger than 3583 bytes of base64\n"
            "hint: Lambda does not allow more: put large data into the event\n",
            2,
            id="large context",
        ),
        pytest.param(
            ("--client-context", '{"custom": {"a": 1e999}}'),
            "--client-context:1:1: `clientContext` has a number that no JSON can hold\n",
            2,
            id="number in the context",
        ),
        pytest.param(
            ("--profile", "nobody"),
            "the profile cannot be used: The config profile (nobody) could not be found\n",
            2,
            id="profile",
        ),
        pytest.param(
            ("--endpoint-url", "lambda.example"),
            "AWS cannot be asked to invoke `shop-orders`: Invalid endpoint: lambda.example\n",
            1,
            id="endpoint",
        ),
    ],
)
def test_what_cannot_be_asked(
    remote: Remote, aws: AwsService, arguments: tuple[str, ...], message: str, exit_code: int
) -> None:
    """Wrong usage is told before anything is invoked."""
    assert remote.refused("Orders", *arguments, exit_code=exit_code) == f"Error: {message}"
    assert aws.invocations == []


def test_a_shareable_test_event(remote: Remote, aws: AwsService) -> None:
    """The event comes from the registry, and so does the type of the invocation."""
    example = {"value": {"stars": 5}, "x-metadata": {"invocationType": "Event"}}
    content = {"components": {"examples": {"five": example}}}
    aws.schemas["_shop-orders-schema"] = json.dumps(content)
    assert remote("Orders", "--test-event-name", "five").exit_code == 0
    assert aws.invocations[0].body == b'{"stars": 5}'
    assert aws.invocations[0].headers["x-amz-invocation-type"] == "Event"
    assert remote.refused("Orders", "--test-event-name", "fife") == (
        "Error: `shop-orders` has no shareable test event `fife`\nhint: did you mean `five`?\n"
    )
    assert remote.refused("other", "--test-event-name", "five") == (
        "Error: `other` has no shareable test events\n"
        "hint: Lambda's console saves them; private events cannot be read\n"
    )


def test_without_credentials(aws: AwsService, remote: Remote) -> None:
    """boto3 signs nothing, and the hint says where credentials come from."""
    samlocal = remote.samlocal.with_variables(AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    ended = samlocal("remote", "invoke", "Orders", "--no-stream")
    assert (ended.exit_code, ended.stdout) == (1, b"")
    assert ended.stderr == (
        "Error: no AWS credentials to invoke `shop-orders`: Unable to locate credentials\n"
        "hint: AWS_PROFILE or `--profile` names a profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY\n"
    )
    assert aws.requests == []


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        pytest.param(
            "sso",
            "cannot invoke `shop-orders`: Error loading SSO Token: Token for shop does not exist\n"
            "hint: `aws sso login` or `aws login` signs in again\n",
            id="not signed in",
        ),
        pytest.param(
            "process",
            "cannot invoke `shop-orders`: Error when retrieving credentials from custom-process: \n"
            "hint: `aws sts get-caller-identity` tells whether the profile works\n",
            id="process that fails",
        ),
    ],
)
def test_a_profile_that_does_not_work(
    remote: Remote, aws: AwsService, tmp_path: Path, profile: str, message: str
) -> None:
    """The reason is boto3's, and the hint says what to run."""
    (tmp_path / "config").write_text(PROFILES)
    variables = {"AWS_ACCESS_KEY_ID": "", "AWS_CONFIG_FILE": str(tmp_path / "config")}
    samlocal = remote.samlocal.with_variables(**variables)
    ended = samlocal("remote", "invoke", "Orders", "--no-stream", "--profile", profile)
    assert (ended.exit_code, ended.stderr) == (1, f"Error: {message}")
    assert aws.requests == []


def test_an_endpoint_that_does_not_answer(remote: Remote) -> None:
    """The endpoint is named, with what to check."""
    port = free_port()
    message = remote.refused("Orders", "--no-stream", "--endpoint-url", f"http://127.0.0.1:{port}")
    assert message.startswith(
        "Error: AWS cannot be reached in us-east-1: Could not connect to the endpoint URL:"
        f' "http://127.0.0.1:{port}/'
    )
    assert message.endswith(
        "\nhint: check the network, the Region and, if one is set, the endpoint's URL\n"
    )


def test_without_boto3(remote: Remote, tmp_path: Path) -> None:
    """Where boto3 is not installed, the message says how to install it."""
    (tmp_path / "boto3.py").write_text("raise ImportError\n")
    samlocal = remote.samlocal.with_variables(PYTHONPATH=str(tmp_path))
    ended = samlocal("remote", "invoke", "Orders")
    assert (ended.exit_code, ended.stdout) == (2, b"")
    assert ended.stderr == (
        "Error: invoking a deployed function needs boto3, which is not installed\n"
        "hint: `pip install '.[aws]'` in a checkout of samlocal installs it\n"
    )
