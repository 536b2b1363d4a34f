from __future__ import annotations

import io
import json
import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from samlocal.cli.inputs import Inputs, read_inputs
from samlocal.cli.options.container import ContainerOptions
from samlocal.cli.options.debugging import DebugOptions
from samlocal.cli.options.invocation import InvokeOptions
from samlocal.cli.options.project import ProjectOptions
from samlocal.errors import MissingParameterError, UsageError
from samlocal.function import ImageCode
from samlocal.host import current_host

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEMPLATE = """
Parameters:
  Stage: {Type: String, Default: dev}
Resources:
  Ratings:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Handler: app.handler
      CodeUri: src/
      AutoPublishAlias: live
      Environment: {Variables: {STAGE: !Ref Stage, TABLE_NAME: ratings}}
"""


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in the current directory; no AWS settings, no variables, nothing on stdin."""
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("PROFILE", "REGION", "DEFAULT_REGION", "ACCESS_KEY_ID", "ACCOUNT_ID"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.delenv("STAGE", raising=False)
    return tmp_path


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def put(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    put("")
    return put


def read(
    options: InvokeOptions, *, region: str | None = None, overrides: list[str] | None = None
) -> Inputs:
    return read_with(options, ProjectOptions(region=region, parameter_overrides=overrides))


def read_with(
    options: InvokeOptions,
    project: ProjectOptions | None = None,
    container: ContainerOptions | None = None,
) -> Inputs:
    return read_inputs(
        options,
        project or ProjectOptions(),
        DebugOptions(),
        container or ContainerOptions(),
        current_host(),
    )


@pytest.mark.usefixtures("stdin")
def test_all_that_is_left_out_has_a_default() -> None:
    """The one function, an empty event, its own version, a fresh id and trace."""
    inputs = read(InvokeOptions(no_credentials=True))

    invocation = inputs.invocation
    assert (inputs.resolved.function.logical_id, invocation.payload) == ("Ratings", b"{}")
    assert invocation.function_arn == "arn:aws:lambda:us-east-1:123456789012:function:Ratings"
    assert invocation.version == "$LATEST"
    assert str(UUID(invocation.request_id)) == invocation.request_id
    assert re.fullmatch(
        r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0", invocation.trace_id
    )
    assert inputs.resolved.diagnostics == ()
    assert inputs.resolved.environment.variables["STAGE"].value == "dev"


@pytest.mark.usefixtures("stdin")
def test_two_invocations_have_two_ids() -> None:
    """Neither request id nor trace is used twice."""
    first, second = (read(InvokeOptions(no_credentials=True)).invocation for _ in range(2))
    assert first.request_id != second.request_id
    assert first.trace_id != second.trace_id


@pytest.mark.usefixtures("stdin")
def test_options_reach_what_they_name() -> None:
    """Event, parameters, variables, Region and alias each arrive at their place."""
    inputs = read(
        InvokeOptions(
            function_identifier="Ratings",
            data="5",
            env=["TABLE_NAME=mine"],
            qualifier="live",
            no_credentials=True,
        ),
        region="eu-west-1",
        overrides=["Stage=prod"],
    )

    variables = inputs.resolved.environment.as_dict()
    assert inputs.invocation.payload == b"5"
    assert (variables["STAGE"], variables["TABLE_NAME"]) == ("prod", "mine")
    assert inputs.invocation.function_arn.endswith("eu-west-1:123456789012:function:Ratings:live")
    assert (inputs.invocation.version, variables["AWS_LAMBDA_FUNCTION_VERSION"]) == ("1", "1")


@pytest.mark.usefixtures("stdin")
def test_an_alias_in_the_identifier_is_the_qualifier() -> None:
    """`Ratings:live` is invoked by the ARN of that alias, and runs its version."""
    for identifier in ("Ratings:live", "123456789012:function:Ratings:live"):
        inputs = read(InvokeOptions(function_identifier=identifier, no_credentials=True))
        assert inputs.invocation.function_arn.endswith(":function:Ratings:live")
        assert inputs.resolved.environment.as_dict()["AWS_LAMBDA_FUNCTION_VERSION"] == "1"


@pytest.mark.usefixtures("stdin")
def test_context_overrules_what_follows_from_the_function() -> None:
    """Whatever a user sets of the context is what the runtime gets; the version in both places."""
    context = {
        "awsRequestId": "mine",
        "functionVersion": "7",
        "invokedFunctionArn": "arn:mine",
        "traceId": "Root=1",
        "deadlineMs": 5,
        "custom": {"a": 1},
        "identity": {"cognitoIdentityId": "me"},
    }
    inputs = read(InvokeOptions(context=json.dumps(context), no_credentials=True))

    invocation = inputs.invocation
    assert (invocation.request_id, invocation.version) == ("mine", "7")
    assert (invocation.function_arn, invocation.trace_id) == ("arn:mine", "Root=1")
    assert (invocation.deadline_ms, invocation.remaining_time_ms) == (5, None)
    assert json.loads(invocation.client_context or "") == {"custom": {"a": 1}}
    assert json.loads(invocation.cognito_identity or "") == {"cognitoIdentityId": "me"}
    assert inputs.resolved.environment.as_dict()["AWS_LAMBDA_FUNCTION_VERSION"] == "7"


def test_an_event_that_is_named_beside_no_event(stdin: Callable[[str], None]) -> None:
    """`-e - --no-event` takes the event, as in sam; without `-e` stdin is left alone."""
    stdin("5")
    for event, payload in ((None, b"{}"), ("-", b"5")):
        inputs = read(InvokeOptions(event=event, no_event=True, no_credentials=True))
        assert inputs.invocation.payload == payload


def test_stdin_goes_to_the_option_that_names_it(stdin: Callable[[str], None]) -> None:
    """Where stdin is an env file it is no event."""
    stdin('{"Parameters": {"STAGE": "test"}}')
    inputs = read(InvokeOptions(env_vars=["-"], no_credentials=True))

    assert inputs.resolved.environment.variables["STAGE"].value == "test"
    assert inputs.invocation.payload == b"{}"


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(InvokeOptions(event="-", context_path="-"), id="event and context"),
        pytest.param(InvokeOptions(path="-", env_vars=["-"]), id="path and env file"),
        pytest.param(InvokeOptions(env_vars=["-", "env.json", "-"]), id="two env files"),
    ],
)
@pytest.mark.usefixtures("stdin")
def test_stdin_is_read_once(options: InvokeOptions) -> None:
    """Two options can't both have what is on stdin."""
    with pytest.raises(UsageError, match=r"stdin can be read once, not by `--.* -` and `--.* -`"):
        read(options)


@pytest.mark.usefixtures("stdin")
def test_diagnostics_of_every_step_are_kept(directory: Path) -> None:
    """Parameters, qualifier, credentials, environment and context: nothing is lost on the way."""
    (directory / "env.json").write_text('{"Parameters": {"STAR": "1"}}')
    inputs = read(
        InvokeOptions(qualifier="9", context='{"functionName": "x"}', env_vars=["env.json"]),
        overrides=["Colour=red"],
    )

    messages = " | ".join(diagnostic.message for diagnostic in inputs.resolved.diagnostics)
    assert re.search(
        "no parameter `Colour`.*no version 9.*no AWS credentials.*`STAR` does not reach"
        ".*`functionName` of the context",
        messages,
    )


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(InvokeOptions(env=["STAGE=test", "TABLE_NAME=t"]), id="--env"),
        pytest.param(InvokeOptions(env_vars=["parameters.json"]), id="parameters"),
        pytest.param(InvokeOptions(env_vars=["section.json"]), id="section"),
        pytest.param(InvokeOptions(), id="shell"),
    ],
)
@pytest.mark.usefixtures("stdin")
def test_a_variable_that_comes_from_elsewhere_is_not_said_to_lack_a_value(
    directory: Path, monkeypatch: pytest.MonkeyPatch, options: InvokeOptions
) -> None:
    """Whatever left the template's value out, nobody misses it."""
    text = TEMPLATE.replace(", Default: dev", "").replace(
        "TABLE_NAME: ratings", "TABLE_NAME: !Ref No"
    )
    (directory / "template.yaml").write_text(text)
    values = '{"STAGE": "test", "TABLE_NAME": "t"}'
    (directory / "parameters.json").write_text(f'{{"Parameters": {values}}}')
    (directory / "section.json").write_text(f'{{"Ratings": {values}}}')
    if options == InvokeOptions():
        monkeypatch.setenv("STAGE", "test")
        monkeypatch.setenv("TABLE_NAME", "t")

    inputs = read(replace(options, no_credentials=True))

    assert inputs.resolved.environment.as_dict()["STAGE"] == "test"
    assert inputs.resolved.diagnostics == ()


@pytest.mark.usefixtures("stdin")
def test_parameters_without_value_are_named_in_one_line(directory: Path) -> None:
    """Each variable that is left out has its warning; the last one says how to give all parameters."""
    text = TEMPLATE.replace(", Default: dev}", "}\n  Table: {Type: String}\n  Key: {Type: String}")
    text = text.replace("TABLE_NAME: ratings", "TABLE_NAME: !Ref Table, KEY: !Ref Key")
    (directory / "template.yaml").write_text(text)

    inputs = read(InvokeOptions(env=["KEY=k"], no_credentials=True))

    assert [
        (diagnostic.message, diagnostic.hint) for diagnostic in inputs.resolved.diagnostics
    ] == [
        ("skipping `STAGE`: parameter `Stage` has no value", None),
        (
            "skipping `TABLE_NAME`: parameter `Table` has no value",
            "give them values: --parameter-overrides Stage=… Table=…",
        ),
    ]


@pytest.mark.usefixtures("stdin")
def test_a_shared_env_file(directory: Path) -> None:
    """Sections for functions of other templates don't stop the run."""
    (directory / "env.json").write_text('{"Ratngs": {"STAGE": "a"}, "Ratings": {"STAGE": "b"}}')
    inputs = read(InvokeOptions(env_vars=["env.json"], no_credentials=True))

    assert inputs.resolved.environment.as_dict()["STAGE"] == "b"
    [diagnostic] = inputs.resolved.diagnostics
    assert (str(diagnostic.place), diagnostic.hint) == ("env.json:1:2", "did you mean `Ratings`?")


@pytest.mark.usefixtures("stdin")
def test_a_function_with_credentials_of_its_own() -> None:
    """Who gives the function keys, as a local stack of services has them, misses none."""
    keys = ["AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test"]
    assert read(InvokeOptions(env=keys)).resolved.diagnostics == ()
    assert "no AWS credentials found" in read(InvokeOptions()).resolved.diagnostics[0].message


@pytest.mark.usefixtures("stdin")
def test_without_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--no-shell-env` keeps the template's values."""
    monkeypatch.setenv("STAGE", "of the shell")
    values = [
        read(
            InvokeOptions(no_shell_env=no_shell_env, no_credentials=True)
        ).resolved.environment.as_dict()
        for no_shell_env in (False, True)
    ]
    assert [value["STAGE"] for value in values] == ["of the shell", "dev"]


@pytest.mark.parametrize(
    ("options", "architecture"),
    [
        pytest.param(InvokeOptions(), "x86_64", id="default"),
        pytest.param(InvokeOptions(architecture="arm64"), "arm64", id="--architecture"),
    ],
)
def test_architecture_that_is_chosen(options: InvokeOptions, architecture: str) -> None:
    """`--architecture` stands in place of `Architectures`."""
    assert read(options).resolved.function.architecture == architecture


def test_architecture_without_value_can_be_chosen(directory: Path) -> None:
    """A parameter that only `Architectures` needs is not missed where the option is given."""
    wanting = TEMPLATE.replace("Stage:", "Machine: {Type: String}\n  Stage:", 1).replace(
        "AutoPublishAlias: live", "Architectures: [!Ref Machine]"
    )
    (directory / "template.yaml").write_text(wanting)

    chosen = InvokeOptions(architecture="arm64", no_credentials=True)
    inputs = read(chosen)

    assert inputs.resolved.function.architecture == "arm64"
    assert not inputs.resolved.diagnostics


@pytest.mark.usefixtures("stdin")
def test_what_is_chosen_needs_no_parameter(directory: Path) -> None:
    """`--runtime` and `--invoke-image` make up for a runtime and an image that have no value."""
    text = TEMPLATE.replace(", Default: dev", "").replace("python3.11", "!Ref Stage")
    (directory / "template.yaml").write_text(text)
    options = InvokeOptions(runtime="python3.13", env=["STAGE=x"], no_credentials=True)
    assert (read(options).resolved.function.runtime, read(options).resolved.diagnostics) == (
        "python3.13",
        (),
    )

    (directory / "template.yaml").write_text(text.replace("Handler:", "ImageUri: !Ref Stage #"))
    chosen = replace(options, runtime=None)
    inputs = read_with(chosen, container=ContainerOptions(invoke_image=["Ratings=mine:1"]))
    assert isinstance(inputs.resolved.function.code, ImageCode)
    with pytest.raises(MissingParameterError):
        read(chosen)


@pytest.mark.usefixtures("stdin")
def test_the_account(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--account-id`, AWS_ACCOUNT_ID and the profile, in that order, are in the ARN and the variable."""

    def account(options: ProjectOptions, *, no_credentials: bool = False) -> tuple[str, str | None]:
        inputs = read_with(InvokeOptions(no_credentials=no_credentials), options)
        arn = inputs.invocation.function_arn
        return arn.split(":")[4], inputs.resolved.environment.as_dict().get("AWS_ACCOUNT_ID")

    keys = "aws_access_key_id = AKIA\naws_secret_access_key = secret\n"
    (directory / ".aws").mkdir()
    (directory / ".aws" / "credentials").write_text(
        f"[named]\n{keys}aws_account_id = 333333333333\n[nameless]\n{keys}"
    )
    nameless, named = ProjectOptions(profile="nameless"), ProjectOptions(profile="named")
    assert account(nameless) == ("123456789012", None)
    assert account(nameless, no_credentials=True) == ("123456789012", "123456789012")
    assert account(named) == ("333333333333", "333333333333")
    monkeypatch.setenv("AWS_ACCOUNT_ID", "444444444444")
    assert account(named) == ("444444444444", "444444444444")
    given = replace(nameless, account_id="555555555555")
    assert account(given) == ("555555555555", "555555555555")


@pytest.mark.usefixtures("stdin")
def test_a_stand_in_is_said_unless_the_variable_comes_from_elsewhere(directory: Path) -> None:
    """Who gives the variable a value of its own hears nothing of what the template has for it."""
    text = TEMPLATE.replace("TABLE_NAME: ratings", "API: !Ref Api")
    (directory / "template.yaml").write_text(text + "  Api: {Type: AWS::ApiGateway::RestApi}\n")
    inputs = read(InvokeOptions(no_credentials=True))
    assert inputs.resolved.environment.as_dict()["API"] == "Api"
    (diagnostic,) = inputs.resolved.diagnostics
    assert diagnostic.message.startswith("`Api` gets its id at deployment")
    assert read(InvokeOptions(no_credentials=True, env=["API=a1"])).resolved.diagnostics == ()
