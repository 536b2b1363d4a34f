"""Every command line of a public article on `aws lambda invoke`, with versions 1 and 2 of the command."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.docker.aws_clients import AwsCommand

_SECONDS_TO_NOTICE = 30

ANSWERS = """\
exports.handler = async (event) => {
  const response = {
    statusCode: %s,
    body: JSON.stringify(`%s`),
  };
  return response;
};
"""
HELLO = ANSWERS % (200, "Hello ${event.name}!")


def deploy(aws: AwsCommand, code: str) -> None:
    """Change the code of the article's function, as its reader does."""
    (aws.server.directory / "article" / "index.js").write_text(code)


def run_until(aws: AwsCommand, command_line: str, expected: object) -> str:
    """Run a command line until the function answers with its new code; return what the command prints."""
    deadline = time.monotonic() + _SECONDS_TO_NOTICE
    while True:
        printed = aws.run_line(command_line)
        if (found := aws.result("response.json")) == expected:
            return printed
        assert time.monotonic() < deadline, found


def printed_answer(version: str = "$LATEST") -> str:
    return f'{{\n    "StatusCode": 200,\n    "ExecutedVersion": "{version}"\n}}\n'


def test_a_function_is_invoked_with_a_payload(aws: AwsCommand) -> None:
    """The payload is the event, the file has the result, and stdout the status and the version."""
    deploy(aws, HELLO)
    printed = run_until(
        aws,
        "aws lambda invoke --function-name testFunction --cli-binary-format raw-in-base64-out"
        """ --payload '{"name": "John Smith"}' response.json""",
        {"statusCode": 200, "body": '"Hello John Smith!"'},
    )
    assert printed == printed_answer()


def test_a_function_is_invoked_with_a_file(aws: AwsCommand) -> None:
    """The event comes from a file."""
    deploy(aws, HELLO)
    (aws.directory / "event.json").write_text('{ "name": "John Doe" }')
    printed = run_until(
        aws,
        "aws lambda invoke --function-name testFunction --cli-binary-format raw-in-base64-out"
        " --payload file://event.json response.json",
        {"statusCode": 200, "body": '"Hello John Doe!"'},
    )
    assert printed == printed_answer()


def test_a_status_in_the_result_is_not_that_of_the_invocation(aws: AwsCommand) -> None:
    """A function that returns `statusCode: 400` has succeeded."""
    deploy(aws, ANSWERS % (400, "Hello ${event.name}!"))
    (aws.directory / "event.json").write_text('{ "name": "John Doe" }')
    printed = run_until(
        aws,
        "aws lambda invoke --function-name testFunction --cli-binary-format raw-in-base64-out"
        " --payload file://event.json response.json",
        {"statusCode": 400, "body": '"Hello John Doe!"'},
    )
    assert printed == printed_answer()


def test_a_version_is_invoked(aws: AwsCommand) -> None:
    """`--qualifier 2` runs the local code as version 2, and that is the version that ran."""
    deploy(aws, ANSWERS % (200, "Goodbye ${event.name}!"))
    (aws.directory / "event.json").write_text('{ "name": "John Doe" }')
    printed = run_until(
        aws,
        "aws lambda invoke --function-name testFunction --cli-binary-format raw-in-base64-out"
        " --payload file://event.json --qualifier 2 response.json",
        {"statusCode": 200, "body": '"Goodbye John Doe!"'},
    )
    assert printed == printed_answer("2")


@pytest.mark.parametrize(
    ("options", "version"),
    [
        pytest.param("""--payload '{"fruit": "tomato"}'""", "$LATEST", id="payload"),
        pytest.param("--payload file://event.json", "$LATEST", id="file"),
        pytest.param("--qualifier 2 --payload file://event.json", "2", id="version"),
    ],
)
def test_an_event_is_queued(aws: AwsCommand, options: str, version: str) -> None:
    """The command ends at once with an empty file; the function runs."""
    deploy(aws, "exports.handler = async (event) => console.log(`fruit: ${event.fruit}`);\n")
    (aws.directory / "event.json").write_text('{ "fruit": "avocado" }')
    fruit = "tomato" if "tomato" in options else "avocado"
    deadline = time.monotonic() + _SECONDS_TO_NOTICE
    before = len(aws.server.shown)
    while f"fruit: {fruit}" not in aws.server.shown[before:]:
        assert time.monotonic() < deadline
        before = len(aws.server.shown)
        printed = aws.run_line(
            "aws lambda invoke --function-name testFunction --cli-binary-format raw-in-base64-out"
            f" --invocation-type Event {options} response.json",
        )
        assert printed == '{\n    "StatusCode": 202\n}\n'
        assert (aws.directory / "response.json").read_bytes() == b""
        aws.server.wait_for("REPORT", start=before)
    assert f"Version: {version}" in aws.server.shown[before:]
