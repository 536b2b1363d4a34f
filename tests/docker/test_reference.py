"""The examples in the references of the commands that samlocal stands in for, one test each.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-using-invoke.html
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-cli-command-reference-sam-local-invoke.html
https://www.serverless.com/framework/docs/providers/aws/cli-reference/invoke-local
https://www.serverless.com/framework/docs/providers/aws/cli-reference/invoke
https://docs.aws.amazon.com/cli/latest/reference/lambda/invoke.html
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.docker.command import CHECKOUT, Finished, Samlocal

if TYPE_CHECKING:
    from tests.docker.fixtures import SamlocalIn

REFERENCE = CHECKOUT / "tests" / "projects" / "reference"
# As the reference writes it, with a blank after the first comma.
OVERRIDES = (
    "ParameterKey=KeyPairName, ParameterValue=MyKey"
    " ParameterKey=InstanceType,ParameterValue=t1.micro"
)
HEY = {"message": "Hey, are you there?"}
TRACE_ID = "Root=1-5759e988-bd862e3fe1be46a994272793"


@pytest.fixture
def samlocal(samlocal_in: SamlocalIn) -> Samlocal:
    """The command in the directory of the references' functions, which a test may write to."""
    return samlocal_in(REFERENCE, "python:3.11", "nodejs:22", "nodejs:24")


def result(ended: Finished) -> object:
    """The result of an invocation that must have one."""
    assert ended.exit_code == 0, ended.stderr
    return json.loads(ended.stdout)


# --- sam: invoking Lambda functions locally


def test_event_file(samlocal: Samlocal) -> None:
    """`sam local invoke "Ratings" -e event.json`."""
    assert result(samlocal.invoke("Ratings", "-e", "event.json")) == HEY


def test_event_on_stdin(samlocal: Samlocal) -> None:
    """`echo '{"message": …}' | sam local invoke --event - "Ratings"`."""
    stdin = json.dumps(HEY).encode()
    ended = samlocal("local", "invoke", "--no-credentials", "--event", "-", "Ratings", stdin=stdin)
    assert result(ended) == HEY


def test_help(samlocal: Samlocal) -> None:
    """`sam local invoke --help`."""
    ended = samlocal("local", "invoke", "--help")
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert b"--event" in ended.stdout


@pytest.mark.parametrize("function", ["MyFunction1", "MyFunction2"])
def test_env_file_with_parameters(samlocal: Samlocal, function: str) -> None:
    """`Parameters` apply to all resources."""
    assert result(samlocal.invoke(function, "--env-vars", "env-parameters.json")) == {
        "TABLE_NAME": "localtable",
        "BUCKET_NAME": "testBucket",
        "STAGE": "dev",
    }


@pytest.mark.parametrize(
    ("function", "bucket", "stage"), [("MyFunction1", "testBucket", ""), ("MyFunction2", "", "dev")]
)
def test_env_file_with_functions(
    samlocal: Samlocal, function: str, bucket: str, stage: str
) -> None:
    """Each resource may have variables of its own."""
    assert result(samlocal.invoke(function, "--env-vars", "env-functions.json")) == {
        "TABLE_NAME": "localtable",
        "BUCKET_NAME": bucket,
        "STAGE": stage,
    }


@pytest.mark.parametrize(
    ("function", "table"), [("MyFunction1", "localtable"), ("MyFunction2", "globaltable")]
)
def test_env_file_with_both(samlocal: Samlocal, function: str, table: str) -> None:
    """Both may stand in one file; a resource's own variables win."""
    assert result(samlocal.invoke(function, "-n", "env-both.json")) == {
        "TABLE_NAME": table,
        "BUCKET_NAME": "testBucket",
        "STAGE": "dev",
    }


@pytest.mark.parametrize(
    ("sections", "winner"),
    [
        pytest.param(["MyFunction1"], "MyFunction1", id="logical id"),
        pytest.param(["FirstFunction"], "FirstFunction", id="function id"),
        pytest.param(["my-first-function"], "my-first-function", id="function name"),
        pytest.param(
            ["my-first-function", "FirstFunction", "MyFunction1"], "MyFunction1", id="all of them"
        ),
        pytest.param(["my-first-function", "FirstFunction"], "FirstFunction", id="id over name"),
    ],
)
def test_precedence_of_identifiers(samlocal: Samlocal, sections: list[str], winner: str) -> None:
    """A section may name its function in four ways, of which the logical id is the highest."""
    env = {name: {"STAGE": name} for name in sections}
    (samlocal.directory / "env.json").write_text(json.dumps(env))

    ended = samlocal.invoke("MyFunction1", "-n", "env.json")

    seen = result(ended)
    assert isinstance(seen, dict)
    assert seen["STAGE"] == winner
    for name in {*sections} - {winner}:
        assert f"the section `{name}` does not apply: `{winner}` names the same" in ended.stderr


@pytest.mark.parametrize("identifier", ["Nested/MyFunction3", "MyFunction3"])
def test_full_path_is_an_identifier(samlocal: Samlocal, identifier: str) -> None:
    """A function in a nested stack is found, and given variables, by its path."""
    env = {"Nested/MyFunction3": {"STAGE": "by its path"}}
    (samlocal.directory / "env.json").write_text(json.dumps(env))

    assert result(samlocal.invoke(identifier, "-n", "env.json")) == {"STAGE": "by its path"}


# --- sam local invoke: its options


def test_no_event(samlocal: Samlocal) -> None:
    """`--no-event` invokes the function with an empty event."""
    assert result(samlocal.invoke("Ratings", "--no-event")) == {}


def test_event_file_and_no_event(samlocal: Samlocal) -> None:
    """`-e FILE --no-event` invokes the function with the file, as in sam."""
    ended = samlocal.invoke("Ratings", "--no-event", "-e", "event.json")
    assert result(ended) == result(samlocal.invoke("Ratings", "-e", "event.json"))


@pytest.mark.parametrize("option", ["-t", "--template"])
def test_template(samlocal: Samlocal, option: str) -> None:
    """`--template PATH`: code is found beside the template, inputs in the current directory."""
    elsewhere = replace(samlocal, directory=samlocal.directory / "lib")
    ended = elsewhere.invoke("Ratings", option, "../template.yaml", "-e", "../event.json")
    assert result(ended) == HEY


@pytest.mark.parametrize(
    "overrides",
    [
        pytest.param(["KeyPairName=MyKey", "InstanceType=t1.micro"], id="short"),
        pytest.param(
            [
                "ParameterKey=KeyPairName,ParameterValue=MyKey",
                "ParameterKey=InstanceType,ParameterValue=t1.micro",
            ],
            id="long",
        ),
        pytest.param(
            [OVERRIDES],
            id="one string",
        ),
    ],
)
def test_parameter_overrides(samlocal: Samlocal, overrides: list[str]) -> None:
    """`--parameter-overrides` in each format that the reference has."""
    ended = samlocal.invoke("Parameters", "--parameter-overrides", *overrides)
    assert result(ended) == {"KEY_PAIR_NAME": "MyKey", "INSTANCE_TYPE": "t1.micro"}


@pytest.mark.parametrize("option", ["-l", "--log-file"])
def test_log_file(samlocal: Samlocal, option: str) -> None:
    """`--log-file` gets the runtime's logs."""
    result(samlocal.invoke("Logs", option, "function.log"))
    assert "a line of the function\n" in (samlocal.directory / "function.log").read_text()


def test_skip_pull_image(samlocal: Samlocal) -> None:
    """`--skip-pull-image` runs what is here."""
    assert result(samlocal.invoke("Ratings", "-e", "event.json", "--skip-pull-image")) == HEY


def test_region(samlocal: Samlocal) -> None:
    """`--region` is the Region that the function sees."""
    ended = samlocal.invoke(
        "MyFunction2", "--region", "eu-central-1", "--data", '["AWS_REGION", "AWS_DEFAULT_REGION"]'
    )
    seen = result(ended)
    assert isinstance(seen, dict)
    assert (seen["AWS_REGION"], seen["AWS_DEFAULT_REGION"]) == ("eu-central-1", "eu-central-1")


def test_profile(samlocal: Samlocal) -> None:
    """`--profile` chooses the credentials that the function gets."""
    aws = samlocal.directory.parent / ".aws"
    aws.mkdir()
    (aws / "credentials").write_text(
        "[default]\naws_access_key_id = AKIDEFAULT\naws_secret_access_key = a\n"
        "[shop]\naws_access_key_id = AKIDSHOP\naws_secret_access_key = b\n"
    )

    ended = samlocal(
        "local", "invoke", "MyFunction2", "--profile", "shop", "--data", '["AWS_ACCESS_KEY_ID"]'
    )

    seen = result(ended)
    assert isinstance(seen, dict)
    assert seen["AWS_ACCESS_KEY_ID"] == "AKIDSHOP"


def test_debug(samlocal: Samlocal) -> None:
    """`--debug` adds messages with times to stderr, and leaves the result alone."""
    ended = samlocal.invoke("Ratings", "-e", "event.json", "--debug")
    assert result(ended) == HEY


# --- serverless invoke local, serverless invoke


def test_function_alone(samlocal: Samlocal) -> None:
    """`serverless invoke local --function functionName` has an empty event."""
    assert result(samlocal.invoke("functionName")) == {}


def test_data_string(samlocal: Samlocal) -> None:
    """`--data "hello world"` is a string."""
    assert result(samlocal.invoke("functionName", "--data", "hello world")) == "hello world"


def test_data_json(samlocal: Samlocal) -> None:
    """`--data '{"a":"bar"}'` is parsed."""
    assert result(samlocal.invoke("functionName", "--data", '{"a":"bar"}')) == {"a": "bar"}


def test_data_from_standard_input(samlocal: Samlocal) -> None:
    """`node dataGenerator.js | serverless invoke local --function functionName`, named as a path."""
    ended = samlocal.invoke("functionName", "--path", "-", stdin=b'{"generated": [1, 2, 3]}')
    assert result(ended) == {"generated": [1, 2, 3]}


@pytest.mark.parametrize("option", ["-p", "--path"])
def test_data_passing(samlocal: Samlocal, option: str) -> None:
    """`--path lib/data.json` passes the JSON in that file."""
    ended = samlocal.invoke("functionName", option, "lib/data.json")
    assert result(ended) == {"resource": "/", "path": "/", "httpMethod": "GET"}


def test_path_overrules_data(samlocal: Samlocal) -> None:
    """With both, the data in the file overwrites the other."""
    ended = samlocal.invoke("functionName", "--data", '{"a":"bar"}', "--path", "lib/data.json")
    assert result(ended) == {"resource": "/", "path": "/", "httpMethod": "GET"}


def test_raw(samlocal: Samlocal) -> None:
    """`--raw` passes data as a string even if it is JSON."""
    assert (
        result(samlocal.invoke("functionName", "--raw", "--data", '{"a":"bar"}')) == '{"a":"bar"}'
    )


@pytest.mark.parametrize("option", ["-c", "--context"])
def test_custom_context(samlocal: Samlocal, option: str) -> None:
    """`--context "hello world"`: a string is in the client context."""
    seen = result(samlocal.invoke("Context", option, "hello world"))
    assert isinstance(seen, dict)
    assert seen["custom"] == {"context": "hello world"}


@pytest.mark.parametrize("option", ["-x", "--contextPath", "--context-path"])
def test_context_passing(samlocal: Samlocal, option: str) -> None:
    """`--contextPath lib/context.json` passes the JSON in that file; it overrules the other."""
    ended = samlocal.invoke("Context", "--context", "hello world", option, "lib/context.json")
    assert result(ended) == {"custom": {"tier": "gold"}, "requestId": "my-request"}


# --- aws lambda invoke


def test_payload(samlocal: Samlocal) -> None:
    """`--payload '{"name": "John Smith"}'` of a Node.js function: here it is `--data`."""
    ended = samlocal.invoke("testFunction", "--data", '{"name": "John Smith"}')
    assert result(ended) == {"statusCode": 200, "body": '"Hello John Smith!"'}


def test_qualifier(samlocal: Samlocal) -> None:
    """`--qualifier 2` selects a version; the code that is here runs as that version."""
    ended = samlocal.invoke("testFunction", "--data", '{"name": "x"}', "--qualifier", "2")
    assert result(ended) == {"statusCode": 200, "body": '"Hello x!"'}
    assert " Version: 2\n" in ended.stderr


# --- the context that Node.js's runtime client makes of it


@pytest.mark.parametrize(
    ("runtime", "own"),
    [
        pytest.param("nodejs22.x", {"callbackWaitsForEmptyEventLoop": True}, id="22"),
        pytest.param("nodejs24.x", {"xRayTraceId": TRACE_ID}, id="24"),
    ],
)
def test_context_of_nodejs(samlocal: Samlocal, runtime: str, own: dict[str, object]) -> None:
    """Everything that a user sets of the context is where Node.js functions look for it."""
    client_context = {"client": {"installation_id": "me"}, "custom": {"tier": "gold"}, "env": {}}
    identity = {"cognitoIdentityId": "me", "cognitoIdentityPoolId": "pool"}
    context = {
        "awsRequestId": "my-request",
        "clientContext": client_context,
        "identity": identity,
        "remainingTimeInMillis": 900_000,
        "traceId": TRACE_ID,
    }
    options = ("--qualifier", "live", "--runtime", runtime)

    ended = samlocal.invoke("ContextOfNode", "--context", json.dumps(context), *options)

    seen = result(ended)
    assert isinstance(seen, dict)
    assert 890_000 < seen.pop("remaining") <= 900_000
    arn = "arn:aws:lambda:us-east-1:123456789012:function:context-of-node:live"
    assert seen == {
        "functionName": "context-of-node",
        "functionVersion": "1",
        "invokedFunctionArn": arn,
        "memoryLimitInMB": "256",
        "logGroupName": "/aws/lambda/context-of-node",
        "logStreamName": seen["logStreamName"],
        "awsRequestId": "my-request",
        "clientContext": client_context,
        "identity": identity,
        "trace": TRACE_ID,
        **own,
    }


def test_deadline_of_nodejs(samlocal: Samlocal) -> None:
    """A function whose deadline has passed has no time left."""
    ended = samlocal.invoke("ContextOfNode", "--context", '{"deadlineMs": 1700000000000}')
    seen = result(ended)
    assert isinstance(seen, dict)
    assert seen["remaining"] < 0
