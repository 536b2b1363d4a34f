"""The examples in the pages of `serverless invoke local`, and the commands that know the same project.

https://www.serverless.com/framework/docs/providers/aws/cli-reference/invoke-local
https://www.serverless.com/framework/docs/providers/aws/cli-reference/invoke
"""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.docker.command import CHECKOUT, Finished, Samlocal

if TYPE_CHECKING:
    from tests.docker.fixtures import SamlocalIn

PAGES = CHECKOUT / "tests" / "projects" / "serverless" / "pages"


@pytest.fixture
def samlocal(samlocal_in: SamlocalIn) -> Samlocal:
    """The command in a copy of the project."""
    return samlocal_in(PAGES, "python:3.11", "nodejs:22")


@pytest.fixture(params=["functionName", "inNode"])
def function(request: pytest.FixtureRequest) -> str:
    """A function in Python and one in Node.js."""
    name: str = request.param
    return name


def invoke_local(samlocal: Samlocal, *arguments: str, stdin: bytes = b"") -> Finished:
    return samlocal("invoke", "local", "--no-credentials", *arguments, stdin=stdin)


def result(ended: Finished) -> Any:  # noqa: ANN401  # any JSON
    """The result of an invocation that must have one: stdout has nothing else, stderr the log."""
    assert ended.exit_code == 0, ended.stderr
    assert "a line of the log" in ended.stderr
    return json.loads(ended.stdout)


def test_function(samlocal: Samlocal, function: str) -> None:
    """`serverless invoke local --function functionName`."""
    assert result(invoke_local(samlocal, "--function", function))["event"] == {}


@pytest.mark.parametrize("option", ["--data", "-d"])
def test_text(samlocal: Samlocal, option: str) -> None:
    """`serverless invoke local --function functionName --data "hello world"`."""
    ended = invoke_local(samlocal, "--function", "functionName", option, "hello world")
    assert result(ended)["event"] == "hello world"


def test_json(samlocal: Samlocal, function: str) -> None:
    """`serverless invoke local --function functionName --data '{"a":"bar"}'`."""
    ended = invoke_local(samlocal, "--function", function, "--data", '{"a":"bar"}')
    assert result(ended)["event"] == {"a": "bar"}


def test_standard_input(samlocal: Samlocal) -> None:
    """`node dataGenerator.js | serverless invoke local --function functionName`."""
    generated = subprocess.run(
        ["node", "dataGenerator.js"], cwd=samlocal.directory, capture_output=True, check=True
    ).stdout
    ended = invoke_local(samlocal, "--function", "functionName", stdin=generated)
    assert result(ended)["event"] == {"a": "generated"}


@pytest.mark.parametrize(
    ("options", "event"),
    [
        pytest.param(["--path", "lib/data.json"], {"a": "of the file"}, id="--path"),
        pytest.param(["-p", "lib/data.json", "-d", "{}"], {"a": "of the file"}, id="and data"),
        pytest.param(["-p", "lib/data.js"], {"a": "of the script"}, id="script"),
        pytest.param(["--raw", "-d", '{"a":"bar"}'], '{"a":"bar"}', id="--raw"),
    ],
)
def test_path_and_raw(samlocal: Samlocal, options: list[str], event: object) -> None:
    """`serverless invoke local --function functionName --path lib/data.json`, which overrides data."""
    assert result(invoke_local(samlocal, "-f", "functionName", *options))["event"] == event


def test_context_as_text(samlocal: Samlocal, function: str) -> None:
    """`serverless invoke local --function functionName --context "hello world"`."""
    ended = invoke_local(samlocal, "--function", function, "--context", "hello world")
    assert result(ended)["custom"] == {"context": "hello world"}


@pytest.mark.parametrize("option", ["--contextPath", "--context-path", "-x"])
def test_context_file(samlocal: Samlocal, option: str) -> None:
    """`serverless invoke local --function functionName --contextPath lib/context.json`, over `--context`."""
    context = ("--context", '{"timeout": 120}', option, "lib/context.json")
    found = result(invoke_local(samlocal, "--function", "functionName", *context))
    assert (found["requestId"], found["custom"]) == ("of-the-file", {"tenant": "blue"})
    assert found["remaining"] <= 6_000  # as without a context


def test_context_as_json(samlocal: Samlocal, function: str) -> None:
    """`--context` overwrites parts of the context, here the time that remains."""
    context = '{"timeout": 120, "awsRequestId": "mine", "functionName": "other"}'
    found = result(invoke_local(samlocal, "-f", function, "-c", context))
    assert (found["requestId"], found["name"]) == ("mine", "other")
    assert 6_000 < found["remaining"] <= 120_000  # the function's own is 6 s


def test_environment(samlocal: Samlocal) -> None:
    """`--env`, `--stage`, `--region` and `--param` reach the function; the shell does not."""
    options = (
        "-s",
        "prod",
        "-r",
        "eu-west-1",
        "--param",
        "chosen=yes",
        "-e",
        "AA=a=b",
        "-e",
        "B1=",
    )
    command = samlocal.with_variables(SHARED="of the shell", MY_SHELL="1", AWS_REGION="us-west-2")
    variables = result(invoke_local(command, "-f", "functionName", *options))["environment"]
    expected = {
        "AA": "a=b",
        "AWS_REGION": "eu-west-1",
        "B1": "",
        "CHOSEN": "yes",
        "IS_LOCAL": "true",
        "OPTION": "functionName",
        "SHARED": "of the function",
        "STAGE": "prod",
        "TABLE": "pages-prod",
    }
    assert {name: variables.get(name) for name in expected} == expected
    assert {"AWS_SAM_LOCAL", "MY_SHELL"}.isdisjoint(variables)


def test_another_configuration(samlocal: Samlocal) -> None:
    """`--config` chooses another file of the folder; `--docker` runs the function in a container."""
    ended = invoke_local(samlocal, "-f", "functionName", "--config", "other.yml", "--docker")
    assert result(ended)["environment"]["STAGE"] == "test"


def test_the_service_is_found_from_another_folder(samlocal: Samlocal) -> None:
    """Paths are relative to the folder of the configuration."""
    elsewhere = Samlocal(directory=samlocal.directory / "lib", environment=samlocal.environment)
    ended = invoke_local(elsewhere, "-f", "functionName", "--config", "..", "-p", "lib/data.json")
    assert result(ended)["event"] == {"a": "of the file"}


def test_a_function_that_fails(samlocal: Samlocal) -> None:
    """The error is on stdout, and the exit code is that of `local invoke`."""
    ended = invoke_local(samlocal, "-f", "fails", "-d", "no")
    assert (ended.exit_code, json.loads(ended.stdout)["errorMessage"]) == (3, "no")


def test_the_same_function_by_local_invoke(samlocal: Samlocal) -> None:
    """`local invoke` takes any name of the function, with samlocal's own options."""
    for name in ("functionName", "FunctionNameLambdaFunction", "pages-prod-functionName"):
        ended = samlocal.invoke(name, "--stage", "prod", "--data", "5")
        found = result(ended)
        assert (found["event"], found["environment"]["STAGE"]) == (5, "prod")


def test_repeat_and_reports(samlocal: Samlocal) -> None:
    """Samlocal's own options work beside those of Serverless."""
    report = samlocal.directory / "report.jsonl"
    options = ("--repeat", "2", "--report", f"json={report}", "--timestamps")
    ended = invoke_local(samlocal, "-f", "functionName", "-d", "1", *options)
    assert ended.exit_code == 0, ended.stderr
    assert len(report.read_text().splitlines()) == 2  # as often as it is invoked
