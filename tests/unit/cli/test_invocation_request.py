from __future__ import annotations

import io
import json
import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from samlocal.cli.invocation_request import read_request
from samlocal.cli.options.container import ContainerOptions
from samlocal.cli.options.debugging import DebugOptions
from samlocal.cli.options.environment import EnvironmentOptions
from samlocal.cli.options.invocation import InvokeOptions
from samlocal.cli.options.project import ProjectOptions
from samlocal.errors import MissingParameterError, UsageError
from samlocal.frozen_dataclass import frozen
from samlocal.function import ImageCode
from samlocal.host import current_host
from samlocal.preparation.new_invocation import new_invocation
from samlocal.preparation.resolution import ResolvedFunction, resolve_function

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from samlocal.invocation import Invocation

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
    """Create a project in the current directory, without AWS settings, variables or stdin."""
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


@frozen
class Options(InvokeOptions, EnvironmentOptions):
    """The options about the function, the event and the environment."""


@frozen
class Request:
    """What becomes of a request: the function, all diagnostics, and the invocation."""

    resolved: ResolvedFunction
    invocation: Invocation


def read(
    options: Options, *, region: str | None = None, overrides: list[str] | None = None
) -> Request:
    return read_with(options, ProjectOptions(region=region, parameter_overrides=overrides))


def read_with(
    options: Options,
    project: ProjectOptions | None = None,
    container: ContainerOptions | None = None,
) -> Request:
    host = current_host()
    request = read_request(
        options,
        options,
        project or ProjectOptions(),
        DebugOptions(),
        container or ContainerOptions(),
        host,
    )
    resolved = resolve_function(request.project, request.function_identifier, request.options, host)
    return Request(
        resolved=replace(resolved, diagnostics=(*resolved.diagnostics, *request.diagnostics)),
        invocation=new_invocation(resolved, request.payload, request.context),
    )


@pytest.mark.usefixtures("stdin")
def test_every_option_has_a_default() -> None:
    """The defaults are the only function, an empty event, $LATEST, and new IDs."""
    request = read(Options(no_credentials=True))

    invocation = request.invocation
    assert (request.resolved.function.logical_id, invocation.payload) == ("Ratings", b"{}")
    assert invocation.function_arn == "arn:aws:lambda:us-east-1:123456789012:function:Ratings"
    assert invocation.version == "$LATEST"
    assert str(UUID(invocation.request_id)) == invocation.request_id
    assert re.fullmatch(
        r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0", invocation.trace_id
    )
    assert request.resolved.diagnostics == ()
    assert request.resolved.environment.variables["STAGE"].value == "dev"


@pytest.mark.usefixtures("stdin")
def test_two_invocations_have_two_ids() -> None:
    """Each invocation has a new request ID and trace ID."""
    first, second = (read(Options(no_credentials=True)).invocation for _ in range(2))
    assert first.request_id != second.request_id
    assert first.trace_id != second.trace_id


@pytest.mark.usefixtures("stdin")
def test_options_reach_the_function_and_its_invocation() -> None:
    """Event, parameters, variables, Region and alias reach the function and its invocation."""
    request = read(
        Options(
            function_identifier="Ratings",
            data="5",
            env=["TABLE_NAME=mine"],
            qualifier="live",
            no_credentials=True,
        ),
        region="eu-west-1",
        overrides=["Stage=prod"],
    )

    variables = request.resolved.environment.as_dict()
    assert request.invocation.payload == b"5"
    assert (variables["STAGE"], variables["TABLE_NAME"]) == ("prod", "mine")
    assert request.invocation.function_arn.endswith("eu-west-1:123456789012:function:Ratings:live")
    assert (request.invocation.version, variables["AWS_LAMBDA_FUNCTION_VERSION"]) == ("1", "1")


@pytest.mark.usefixtures("stdin")
def test_an_alias_in_the_identifier_is_the_qualifier() -> None:
    """`Ratings:live` runs the version of the alias, and the ARN has the alias."""
    for identifier in ("Ratings:live", "123456789012:function:Ratings:live"):
        request = read(Options(function_identifier=identifier, no_credentials=True))
        assert request.invocation.function_arn.endswith(":function:Ratings:live")
        assert request.resolved.environment.as_dict()["AWS_LAMBDA_FUNCTION_VERSION"] == "1"


@pytest.mark.usefixtures("stdin")
def test_context_overrides_the_functions_own() -> None:
    """Context overrides reach the invocation; the version also reaches the environment."""
    context = {
        "awsRequestId": "mine",
        "functionVersion": "7",
        "invokedFunctionArn": "arn:mine",
        "traceId": "Root=1",
        "deadlineMs": 5,
        "custom": {"a": 1},
        "identity": {"cognitoIdentityId": "me"},
    }
    request = read(Options(context=json.dumps(context), no_credentials=True))

    invocation = request.invocation
    assert (invocation.request_id, invocation.version) == ("mine", "7")
    assert (invocation.function_arn, invocation.trace_id) == ("arn:mine", "Root=1")
    assert (invocation.deadline_ms, invocation.remaining_time_ms) == (5, None)
    assert json.loads(invocation.client_context or "") == {"custom": {"a": 1}}
    assert json.loads(invocation.cognito_identity or "") == {"cognitoIdentityId": "me"}
    assert request.resolved.environment.as_dict()["AWS_LAMBDA_FUNCTION_VERSION"] == "7"


@pytest.mark.usefixtures("stdin")
def test_the_trace_is_chosen() -> None:
    """`--trace-id` completes the trace header, beside other members of the context."""
    root = "1-5759e988-bd862e3fe1be46a994272793"
    options = Options(trace_id=root, context='{"awsRequestId": "mine"}', no_credentials=True)
    invocation = read(options).invocation
    assert invocation.request_id == "mine"
    assert re.fullmatch(rf"Root={root};Parent=[0-9a-f]{{16}};Sampled=1", invocation.trace_id)


def test_an_event_beside_no_event(stdin: Callable[[str], None]) -> None:
    """`-e - --no-event` reads the event, as in sam; without `-e` stdin is not read."""
    stdin("5")
    for event, payload in ((None, b"{}"), ("-", b"5")):
        request = read(Options(event=event, no_event=True, no_credentials=True))
        assert request.invocation.payload == payload


def test_stdin_goes_to_the_option_that_names_it(stdin: Callable[[str], None]) -> None:
    """Stdin that an env file reads is not the event."""
    stdin('{"Parameters": {"STAGE": "test"}}')
    request = read(Options(env_vars=["-"], no_credentials=True))

    assert request.resolved.environment.variables["STAGE"].value == "test"
    assert request.invocation.payload == b"{}"


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(Options(event="-", context_path="-"), id="event and context"),
        pytest.param(Options(path="-", env_vars=["-"]), id="path and env file"),
        pytest.param(Options(env_vars=["-", "env.json", "-"]), id="two env files"),
    ],
)
@pytest.mark.usefixtures("stdin")
def test_stdin_is_read_once(options: Options) -> None:
    """Two options that read stdin are a usage error."""
    with pytest.raises(UsageError, match=r"stdin can be read once, not by `--.* -` and `--.* -`"):
        read(options)


@pytest.mark.usefixtures("stdin")
def test_diagnostics_of_every_step_are_kept(directory: Path) -> None:
    """Diagnostics of parameters, qualifier, credentials, environment and context are all kept."""
    (directory / "env.json").write_text('{"Parameters": {"STAR": "1"}}')
    request = read(
        Options(qualifier="9", context='{"functionName": "x"}', env_vars=["env.json"]),
        overrides=["Colour=red"],
    )

    messages = " | ".join(diagnostic.message for diagnostic in request.resolved.diagnostics)
    assert re.search(
        "no parameter `Colour`.*no version 9.*no AWS credentials.*`STAR` does not reach"
        ".*`functionName` of the context",
        messages,
    )


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(Options(env=["STAGE=test", "TABLE_NAME=t"]), id="--env"),
        pytest.param(Options(env_vars=["parameters.json"]), id="parameters"),
        pytest.param(Options(env_vars=["section.json"]), id="section"),
        pytest.param(Options(), id="shell"),
    ],
)
@pytest.mark.usefixtures("stdin")
def test_a_variable_from_another_source_is_not_reported_as_missing(
    directory: Path, monkeypatch: pytest.MonkeyPatch, options: Options
) -> None:
    """A variable from another source causes no diagnostic about the template's value."""
    text = TEMPLATE.replace(", Default: dev", "").replace(
        "TABLE_NAME: ratings", "TABLE_NAME: !Ref No"
    )
    (directory / "template.yaml").write_text(text)
    values = '{"STAGE": "test", "TABLE_NAME": "t"}'
    (directory / "parameters.json").write_text(f'{{"Parameters": {values}}}')
    (directory / "section.json").write_text(f'{{"Ratings": {values}}}')
    if options == Options():
        monkeypatch.setenv("STAGE", "test")
        monkeypatch.setenv("TABLE_NAME", "t")

    request = read(replace(options, no_credentials=True))

    assert request.resolved.environment.as_dict()["STAGE"] == "test"
    assert request.resolved.diagnostics == ()


@pytest.mark.usefixtures("stdin")
def test_one_hint_names_all_missing_parameters(directory: Path) -> None:
    """Each omitted variable has a diagnostic; the hint of the last one sets all parameters."""
    text = TEMPLATE.replace(", Default: dev}", "}\n  Table: {Type: String}\n  Key: {Type: String}")
    text = text.replace("TABLE_NAME: ratings", "TABLE_NAME: !Ref Table, KEY: !Ref Key")
    (directory / "template.yaml").write_text(text)

    request = read(Options(env=["KEY=k"], no_credentials=True))

    assert [
        (diagnostic.message, diagnostic.hint) for diagnostic in request.resolved.diagnostics
    ] == [
        ("skipping `STAGE`: parameter `Stage` has no value", None),
        (
            "skipping `TABLE_NAME`: parameter `Table` has no value",
            "give them values: --parameter-overrides Stage=… Table=…",
        ),
    ]


@pytest.mark.usefixtures("stdin")
def test_a_shared_env_file(directory: Path) -> None:
    """Sections for functions of other templates are a diagnostic, not an error."""
    (directory / "env.json").write_text('{"Ratngs": {"STAGE": "a"}, "Ratings": {"STAGE": "b"}}')
    request = read(Options(env_vars=["env.json"], no_credentials=True))

    assert request.resolved.environment.as_dict()["STAGE"] == "b"
    [diagnostic] = request.resolved.diagnostics
    assert (str(diagnostic.place), diagnostic.hint) == ("env.json:1:2", "did you mean `Ratings`?")


@pytest.mark.usefixtures("stdin")
def test_a_function_with_its_own_credentials() -> None:
    """A function with its own credentials causes no diagnostic about missing ones."""
    keys = ["AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test"]
    assert read(Options(env=keys)).resolved.diagnostics == ()
    assert "no AWS credentials found" in read(Options()).resolved.diagnostics[0].message


@pytest.mark.usefixtures("stdin")
def test_without_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--no-shell-env` keeps the template's values."""
    monkeypatch.setenv("STAGE", "of the shell")
    values = [
        read(Options(no_shell_env=no_shell_env, no_credentials=True)).resolved.environment.as_dict()
        for no_shell_env in (False, True)
    ]
    assert [value["STAGE"] for value in values] == ["of the shell", "dev"]


@pytest.mark.parametrize(
    ("options", "architecture"),
    [
        pytest.param(Options(), "x86_64", id="default"),
        pytest.param(Options(architecture="arm64"), "arm64", id="--architecture"),
    ],
)
def test_architecture_that_is_chosen(options: Options, architecture: str) -> None:
    """`--architecture` replaces `Architectures`."""
    assert read(options).resolved.function.architecture == architecture


def test_architecture_without_value_can_be_chosen(directory: Path) -> None:
    """With `--architecture`, a missing parameter of `Architectures` is not an error."""
    wanting = TEMPLATE.replace("Stage:", "Machine: {Type: String}\n  Stage:", 1).replace(
        "AutoPublishAlias: live", "Architectures: [!Ref Machine]"
    )
    (directory / "template.yaml").write_text(wanting)

    chosen = Options(architecture="arm64", no_credentials=True)
    request = read(chosen)

    assert request.resolved.function.architecture == "arm64"
    assert not request.resolved.diagnostics


@pytest.mark.usefixtures("stdin")
def test_overridden_values_need_no_parameter(directory: Path) -> None:
    """`--runtime` and `--invoke-image` replace a runtime and an image without value."""
    text = TEMPLATE.replace(", Default: dev", "").replace("python3.11", "!Ref Stage")
    (directory / "template.yaml").write_text(text)
    options = Options(runtime="python3.13", env=["STAGE=x"], no_credentials=True)
    assert (read(options).resolved.function.runtime, read(options).resolved.diagnostics) == (
        "python3.13",
        (),
    )

    (directory / "template.yaml").write_text(text.replace("Handler:", "ImageUri: !Ref Stage #"))
    chosen = replace(options, runtime=None)
    request = read_with(chosen, container=ContainerOptions(invoke_image=["Ratings=mine:1"]))
    assert isinstance(request.resolved.function.code, ImageCode)
    with pytest.raises(MissingParameterError):
        read(chosen)


@pytest.mark.usefixtures("stdin")
def test_the_account(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The account in the ARN and the variable comes from `--account-id`, AWS_ACCOUNT_ID or the profile."""

    def account(options: ProjectOptions, *, no_credentials: bool = False) -> tuple[str, str | None]:
        request = read_with(Options(no_credentials=no_credentials), options)
        arn = request.invocation.function_arn
        return arn.split(":")[4], request.resolved.environment.as_dict().get("AWS_ACCOUNT_ID")

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
def test_a_placeholder_is_reported_unless_another_source_sets_the_variable(directory: Path) -> None:
    """A variable set by another source causes no diagnostic about the template's placeholder."""
    text = TEMPLATE.replace("TABLE_NAME: ratings", "API: !Ref Api")
    (directory / "template.yaml").write_text(text + "  Api: {Type: AWS::ApiGateway::RestApi}\n")
    request = read(Options(no_credentials=True))
    assert request.resolved.environment.as_dict()["API"] == "Api"
    (diagnostic,) = request.resolved.diagnostics
    assert diagnostic.message.startswith("`Api` gets its id at deployment")
    assert read(Options(no_credentials=True, env=["API=a1"])).resolved.diagnostics == ()
