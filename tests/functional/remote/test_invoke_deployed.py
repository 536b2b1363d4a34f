"""`samlocal invoke`: Serverless's spelling, its names, and its rules for events and contexts."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.docker.command import CHECKOUT, Samlocal
from tests.functional.remote.aws_service import Reply

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.remote.aws_service import AwsService

SERVICE = CHECKOUT / "tests" / "projects" / "serverless-invoke"
PROFILES = "".join(
    f"[{name}]\naws_access_key_id = {name.upper()}\naws_secret_access_key = secret\n"
    for name in ("default", "shop", "other", "prod")
)
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@pytest.fixture
def samlocal(variables: dict[str, str]) -> Samlocal:
    """The command in a Serverless project."""
    return Samlocal(directory=SERVICE, environment=variables)


def called(aws: AwsService) -> str:
    (request,) = aws.invocations
    return request.path.split("/")[3]


def client_context(aws: AwsService) -> Any:  # noqa: ANN401  # JSON
    return json.loads(base64.b64decode(aws.invocations[0].headers["x-amz-client-context"]))


@pytest.mark.parametrize(
    ("arguments", "name", "region"),
    [
        pytest.param(("functionName",), "shop-dev-functionName", "eu-west-1", id="key"),
        pytest.param(
            ("functionName", "-s", "prod"), "shop-prod-functionName", "eu-west-1", id="stage"
        ),
        pytest.param(
            ("functionName", "-r", "us-west-2"), "shop-dev-functionName", "us-west-2", id="region"
        ),
        pytest.param(
            ("functionName", "--param", "region=sa-east-1"),
            "shop-dev-functionName",
            "sa-east-1",
            id="param",
        ),
        pytest.param(("worker",), "shop-worker", "eu-west-1", id="name"),
        pytest.param(("worker:live",), "shop-worker:live", "eu-west-1", id="qualified"),
        pytest.param(("elsewhere",), "shop-dev-elsewhere", "eu-west-1", id="behind a variable"),
        pytest.param(
            ("shop-dev-functionName",), "shop-dev-functionName", "eu-west-1", id="name in AWS"
        ),
        pytest.param(("WorkerLambdaFunction",), "shop-worker", "eu-west-1", id="logical ID"),
    ],
)
def test_the_project_finds_the_function(
    samlocal: Samlocal, aws: AwsService, arguments: tuple[str, ...], name: str, region: str
) -> None:
    """A key is the function's own name, or that of service, stage and key; the service says in which Region."""
    ended = samlocal("invoke", "-f", *arguments)
    assert (ended.exit_code, ended.stdout, ended.stderr) == (0, b"{}", "")
    assert called(aws) == name
    assert f"/{region}/lambda/aws4_request" in aws.invocations[0].headers["authorization"]


@pytest.mark.parametrize(
    ("arguments", "shell", "key"),
    [
        pytest.param((), {}, "SHOP", id="provider.profile"),
        pytest.param(
            (), {"AWS_ACCESS_KEY_ID": "SHELL", "AWS_SECRET_ACCESS_KEY": "s"}, "SHELL", id="shell"
        ),
        pytest.param(
            (),
            {"AWS_ACCESS_KEY_ID": "SHELL", "AWS_SECRET_ACCESS_KEY": "s", "AWS_PROFILE": "other"},
            "OTHER",
            id="AWS_PROFILE",
        ),
        pytest.param((), {"AWS_PROFILE": "other", "AWS_DEV_PROFILE": "prod"}, "PROD", id="stage"),
        pytest.param(
            ("--aws-profile", "default"), {"AWS_PROFILE": "other"}, "DEFAULT", id="--aws-profile"
        ),
    ],
)
def test_credentials_are_those_that_serverless_uses(
    samlocal: Samlocal,
    aws: AwsService,
    tmp_path: Path,
    arguments: tuple[str, ...],
    shell: dict[str, str],
    key: str,
) -> None:
    """The option comes first, then the stage's, the shell's, and the profile of the service."""
    (tmp_path / "profiles").write_text(PROFILES)
    files = {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "profiles")}
    ended = samlocal.with_variables(**dict.fromkeys(KEYS, ""), **files).with_variables(**shell)(
        "invoke", "-f", "functionName", *arguments
    )
    assert ended.exit_code == 0, ended.stderr
    assert f"Credential={key}/" in aws.invocations[0].headers["authorization"]


@pytest.mark.parametrize(
    ("arguments", "stdin", "event"),
    [
        pytest.param((), b"", b"{}", id="nothing"),
        pytest.param((), b'{"a": 1.0}', b'{"a": 1.0}', id="stdin"),
        pytest.param(("-d", "hello world"), b"{}", b'"hello world"', id="text"),
        pytest.param(("-d", "0"), b"", b"0", id="falsy"),
        pytest.param(("-d", '{"a": 1}', "--raw"), b"", b'"{\\"a\\": 1}"', id="raw"),
        pytest.param(
            ("-p", "lib/data.json", "-d", "no"),
            b"",
            (SERVICE / "lib" / "data.json").read_bytes(),
            id="path",
        ),
        pytest.param(("-p", "-"), b"5", b"5", id="named stdin"),
    ],
)
def test_the_event(
    samlocal: Samlocal, aws: AwsService, arguments: tuple[str, ...], stdin: bytes, event: bytes
) -> None:
    """`--path` comes before `--data`, and that before standard input."""
    ended = samlocal("invoke", "-f", "functionName", *arguments, stdin=stdin)
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert aws.invocations[0].body == event


@pytest.mark.parametrize(
    ("arguments", "context"),
    [
        pytest.param(("-c", "hello world"), {"custom": {"context": "hello world"}}, id="text"),
        pytest.param(("-c", '{"custom": {"a": 1}}'), {"custom": {"a": 1}}, id="JSON"),
        pytest.param(("-c", "{}", "--raw"), {"custom": {"context": "{}"}}, id="raw"),
        pytest.param(("-c", "{no"), {"custom": {"context": "{no"}}, id="no JSON"),
        pytest.param(
            ("--contextPath", "lib/context.json", "--context", "no"),
            {"custom": {"shop": "tea"}},
            id="file",
        ),
    ],
)
def test_the_client_context(
    samlocal: Samlocal, aws: AwsService, arguments: tuple[str, ...], context: object
) -> None:
    """Lambda takes objects only, so other text is in one; the file comes before the text."""
    assert samlocal("invoke", "-f", "functionName", *arguments).exit_code == 0
    assert client_context(aws) == context


@pytest.mark.parametrize(
    ("name", "content", "arguments", "context"),
    [
        pytest.param("c.yml", "a: 1", (), {"a": 1}, id="YAML"),
        pytest.param("c.txt", ' {"a": 1}', (), {"a": 1}, id="JSON in a text"),
        pytest.param("c.txt", "hello\n", (), {"custom": {"context": "hello"}}, id="text"),
        pytest.param("c.txt", "{}", ("--raw",), {"custom": {"context": "{}"}}, id="raw"),
        pytest.param("c.json", "{}", ("--raw",), {}, id="raw JSON"),
        pytest.param("c.js", "module.exports = {a: 1}", (), {"a": 1}, id="js"),
    ],
)
def test_files_with_a_client_context(
    samlocal: Samlocal,
    aws: AwsService,
    tmp_path: Path,
    *,
    name: str,
    content: str,
    arguments: tuple[str, ...],
    context: object,
) -> None:
    """They are read as those of `invoke local`."""
    (tmp_path / name).write_text(content)
    ended = samlocal("invoke", "-f", "functionName", "-x", str(tmp_path / name), *arguments)
    assert ended.exit_code == 0, ended.stderr
    assert client_context(aws) == context


def test_the_other_options(samlocal: Samlocal, aws: AwsService) -> None:
    """They are members of the request; nothing else is asked of AWS."""
    short = ("-t", "RequestResponse", "-q", "live", "-l")
    long = ("--tenant-id", "blue", "--durable-execution-name", "first")
    aws.reply = Reply(headers={"x-amz-log-result": base64.b64encode(b"LOG\n").decode()})
    ended = samlocal("invoke", "-f", "worker", *short, *long, "--app", "a", "--org", "o")
    assert (ended.exit_code, ended.stdout, ended.stderr) == (0, b"{}", "LOG\n")
    (request,) = aws.requests
    assert request.path.endswith("/shop-worker/invocations?Qualifier=live")
    assert request.headers["x-amz-log-type"] == "Tail"
    assert request.headers["x-amz-tenant-id"] == "blue"
    assert request.headers["x-amz-durable-execution-name"] == "first"


def test_an_event_without_a_log(samlocal: Samlocal, aws: AwsService) -> None:
    """An asynchronous invocation has no log, so that none is asked for."""
    aws.reply = Reply(status=202, body=b"")
    ended = samlocal("invoke", "-f", "worker", "--type", "Event", "--log")
    assert (ended.exit_code, ended.stdout) == (0, b"")
    assert ended.stderr == "Lambda has queued the event for `shop-worker` (202)\n"
    assert "x-amz-log-type" not in aws.invocations[0].headers


@pytest.mark.parametrize(
    ("arguments", "message", "exit_code"),
    [
        pytest.param(
            (),
            "`--function` is missing\nhint: name a function of the project: -f NAME\n",
            2,
            id="none",
        ),
        pytest.param(
            ("-f", "functionname"),
            "no function `functionname`\nhint: did you mean `functionName`?\n",
            1,
            id="misspelt",
        ),
        pytest.param(
            ("-f", "worker", "-p", "lib/date.json"),
            "no such event file: `lib/date.json`\nhint: did you mean `lib/data.json`?\n",
            1,
            id="no such file",
        ),
        pytest.param(
            ("-f", "worker", "-t", "event"),
            "invalid value for `-t` / `--type`: `event` is not one of `RequestResponse`, `Event`, `DryRun`\n"
            "hint: `samlocal invoke --help` shows the usage\n",
            2,
            id="type",
        ),
        pytest.param(
            ("-f", "worker", "-p", "-", "-x", "-"),
            "stdin can be read once, not by `--path -` and `--contextPath -`\n"
            "hint: read all but one from a file\n",
            2,
            id="stdin twice",
        ),
    ],
)
def test_what_is_refused(
    samlocal: Samlocal, aws: AwsService, arguments: tuple[str, ...], message: str, exit_code: int
) -> None:
    """Nothing is asked of AWS."""
    ended = samlocal("invoke", *arguments)
    assert (ended.exit_code, ended.stdout, ended.stderr) == (exit_code, b"", f"Error: {message}")
    assert aws.requests == []


def test_sams_spelling_finds_the_function_too(samlocal: Samlocal, aws: AwsService) -> None:
    """`remote invoke` takes the keys of a Serverless project, and its stage."""
    ended = samlocal("remote", "invoke", "functionName", "--stage", "prod", "--no-stream")
    assert (ended.exit_code, ended.stdout, ended.stderr) == (0, b"{}", "")
    assert called(aws) == "shop-prod-functionName"


def test_a_sam_project_has_its_stack(variables: dict[str, str], aws: AwsService) -> None:
    """Serverless's spelling works for a SAM project, too."""
    aws.stacks = {"shop-test": {"Payments": ("AWS::Lambda::Function", "test-payments")}}
    samlocal = Samlocal(directory=CHECKOUT / "tests/projects/deployed", environment=variables)
    ended = samlocal("invoke", "-f", "Payments", "--config-env", "test", "-d", "1")
    assert ended.exit_code == 0, ended.stderr
    assert called(aws) == "test-payments"
