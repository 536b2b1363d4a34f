"""`samlocal local generate-event`, as the installed command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.unit.cli.golden import check_golden

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.conftest import InProject


def test_an_event_is_json_on_stdout(project: InProject) -> None:
    """It is indented with two spaces, and nothing else is written."""
    ended = project("broken-nothing")("local", "generate-event", "s3", "put", "--key", "a b")

    assert (ended.exit_code, ended.stderr) == (0, "")
    event = json.loads(ended.stdout)
    assert event["Records"][0]["s3"]["object"]["key"] == "a%20b"
    assert ended.stdout.decode() == json.dumps(event, indent=2) + "\n"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        pytest.param("sample-service-unknown", ["snss"], id="service"),
        pytest.param("sample-service-strange", ["../s3"], id="path"),
        pytest.param("sample-event-unknown", ["s3", "putt"], id="event"),
        pytest.param("sample-option-unknown", ["s3", "put", "--buckett", "b"], id="option"),
        pytest.param("sample-count-zero", ["sqs", "receive-message", "--count", "0"], id="count"),
        pytest.param(
            "sample-count-large", ["s3", "put", "--count", "1000000000"], id="large count"
        ),
        pytest.param("sample-count-of-none", ["alb", "request", "--count", "2"], id="no records"),
        pytest.param("sample-inside-unknown", ["s3", "put", "--inside", "sqq"], id="inside"),
        pytest.param(
            "sample-json-malformed",
            ["apigateway", "aws-proxy", "--querystringparameters", "a=b"],
            id="JSON",
        ),
    ],
)
def test_usage_errors(project: InProject, name: str, arguments: list[str]) -> None:
    """Exit code 2, with what there is and what may be meant."""
    ended = project("broken-nothing")("local", "generate-event", *arguments)

    assert (ended.exit_code, ended.stdout) == (2, b"")
    check_golden(name, ended.stderr)


@pytest.mark.parametrize("arguments", [[], ["s3"]], ids=["services", "events"])
def test_lists_without_help(project: InProject, arguments: list[str]) -> None:
    """Without a service or an event the command shows what there is."""
    command = project("broken-nothing")
    ended = command("local", "generate-event", *arguments)

    assert (ended.exit_code, ended.stderr) == (0, "")
    assert ended.stdout == command("local", "generate-event", *arguments, "--help").stdout


def test_options_of_events_around(project: InProject) -> None:
    """The options of an event can be used where another one is inside it."""
    arguments = ["s3", "put", "--inside=sns", "--inside", "sqs", "--topic", "new", "--count", "2"]
    ended = project("broken-nothing")("local", "generate-event", *arguments)

    assert (ended.exit_code, ended.stderr) == (0, "")
    bodies = [json.loads(each["body"]) for each in json.loads(ended.stdout)["Records"]]
    assert [body["TopicArn"] for body in bodies] == ["arn:aws:sns:us-east-1:123456789012:new"] * 2


def test_both_spellings_of_an_option(project: InProject) -> None:
    """An option that sam writes in its own way, `--restApiId`, can be written as usual."""
    command = project("broken-nothing")
    arns = [
        json.loads(
            command("local", "generate-event", "apigateway", "authorizer", name, "mine").stdout
        )["methodArn"]
        for name in ("--restApiId", "--rest-api-id")
    ]
    assert arns == ["arn:aws:execute-api:us-east-1:123456789012:mine/prod/POST/{proxy+}"] * 2


def test_samconfig(project: InProject, tmp_path: Path) -> None:
    """An event has a table of its own in samconfig, as in sam; the command line overrides it."""
    config = tmp_path / "samconfig.toml"
    config.write_text(
        'version = 0.1\n[default.local_generate_event_s3_put.parameters]\nbucket = "b"\nkey = "k"\n'
    )
    arguments = ["s3", "put", "--config-file", str(config), "--key", "mine"]
    ended = project("broken-nothing")("local", "generate-event", *arguments)

    assert (ended.exit_code, ended.stderr) == (0, "")
    found = json.loads(ended.stdout)["Records"][0]["s3"]
    assert (found["bucket"]["name"], found["object"]["key"]) == ("b", "mine")
