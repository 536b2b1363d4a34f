"""A function with its environment, as options want it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.aws_account import Account
from samlocal.cloudformation.project import CloudFormationProject, open_project
from samlocal.diagnostics import Diagnostic
from samlocal.errors import UsageError
from samlocal.preparation.options import FunctionOptions
from samlocal.preparation.resolution import ResolvedFunction, resolve_function
from samlocal.sandbox.debugging import DebugSettings
from tests.unit.preparation.host import host

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.host import Host

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Conditions: {Never: !Equals [a, b]}
Globals: {Function: {Runtime: python3.11, Handler: app.handler, CodeUri: src/, Timeout: 7}}
Resources:
  Ratings:
    Type: AWS::Serverless::Function
    Properties:
      AutoPublishAlias: live
      Environment: {Variables: {STAGE: prod, TABLE: !ImportValue Table}}
  Reports:
    Type: AWS::Serverless::Function
  Retired:
    Type: AWS::Serverless::Function
    Condition: Never
  Inference:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image, ImageUri: "inference:1", Runtime: !Ref AWS::NoValue}
"""
DEBUG = DebugSettings(ports=(5678,))
KEYS = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret"}


@pytest.fixture
def project(tmp_path: Path) -> CloudFormationProject:
    """Three functions and one that is not deployed."""
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    return open_project(tmp_path / "template.yaml")


@pytest.fixture
def machine(tmp_path: Path) -> Host:
    """A host whose shell has a variable of the function's, and credentials."""
    return host(tmp_path, STAGE="mine", **KEYS)


def variables(resolved: ResolvedFunction) -> dict[str, str]:
    return resolved.environment.as_dict()


def messages(resolved: ResolvedFunction) -> list[str]:
    return [diagnostic.message for diagnostic in resolved.diagnostics]


def test_nothing_is_chosen(project: CloudFormationProject, machine: Host) -> None:
    """The function is the template's; the shell and its credentials join its environment."""
    resolved = resolve_function(project, "Ratings", FunctionOptions(), machine)
    assert resolved.project == project.path
    assert (resolved.function.logical_id, resolved.version) == ("Ratings", "$LATEST")
    assert resolved.arn == "arn:aws:lambda:us-east-1:123456789012:function:Ratings"
    assert resolved.timeout_seconds == 7
    assert (resolved.image, resolved.profile, resolved.debug) == (None, None, None)
    seen = variables(resolved)
    assert (seen["STAGE"], seen["AWS_ACCESS_KEY_ID"]) == ("mine", "AKID")
    assert (seen["AWS_LAMBDA_FUNCTION_TIMEOUT"], seen["AWS_REGION"]) == ("7", "us-east-1")


def test_nothing_of_the_host_is_read(project: CloudFormationProject, machine: Host) -> None:
    """Neither the shell's variables nor its credentials reach a function that should have none."""
    options = FunctionOptions(reads_shell=False, reads_credentials=False)
    resolved = resolve_function(project, "Ratings", options, machine)
    seen = variables(resolved)
    assert (seen["STAGE"], seen["AWS_ACCESS_KEY_ID"]) == ("prod", "defaultkey")


@pytest.mark.parametrize(
    ("identifier", "qualifier", "version", "suffix"),
    [
        pytest.param("Ratings:live", None, "1", ":live", id="in the identifier"),
        pytest.param("Ratings", "live", "1", ":live", id="an option"),
        pytest.param("Ratings:live", "live", "1", ":live", id="the same twice"),
        pytest.param("Ratings", "$LATEST", "$LATEST", ":$LATEST", id="unpublished"),
    ],
)
def test_qualifier(
    project: CloudFormationProject,
    machine: Host,
    identifier: str,
    qualifier: str | None,
    version: str,
    suffix: str,
) -> None:
    """It selects the version and ends the ARN, wherever it is given."""
    options = FunctionOptions(qualifier=qualifier)
    resolved = resolve_function(project, identifier, options, machine)
    assert (resolved.version, resolved.arn.rpartition("Ratings")[2]) == (version, suffix)
    assert variables(resolved)["AWS_LAMBDA_FUNCTION_VERSION"] == version


def test_two_qualifiers(project: CloudFormationProject, machine: Host) -> None:
    """Nobody can tell which of two versions is meant."""
    with pytest.raises(UsageError, match=r"`Ratings:live` and `--qualifier 1` select two versions"):
        resolve_function(project, "Ratings:live", FunctionOptions(qualifier="1"), machine)


def test_version_that_no_qualifier_selects(project: CloudFormationProject, machine: Host) -> None:
    """What the function is to see as its version takes precedence, and leaves the ARN as it is."""
    options = FunctionOptions(qualifier="live", version="7")
    resolved = resolve_function(project, "Ratings", options, machine)
    assert (resolved.version, resolved.arn.rpartition(":")[2]) == ("7", "live")
    assert variables(resolved)["AWS_LAMBDA_FUNCTION_VERSION"] == "7"


def test_version_that_is_not_published(project: CloudFormationProject, machine: Host) -> None:
    """That the code here runs under another number is reported."""
    resolved = resolve_function(project, "Reports", FunctionOptions(qualifier="3"), machine)
    assert "the template publishes no version 3 of `Reports`" in messages(resolved)


def test_runtime_and_architecture(project: CloudFormationProject, machine: Host) -> None:
    """They replace the template's, whatever the case of the runtime's name."""
    options = FunctionOptions(runtime="Python3.12", architecture="arm64")
    function = resolve_function(project, "Ratings", options, machine).function
    assert (function.runtime, function.architecture) == ("python3.12", "arm64")
    function = resolve_function(project, "Ratings", FunctionOptions(), machine).function
    assert (function.runtime, function.architecture) == ("python3.11", "x86_64")


def test_runtime_of_an_image_function(project: CloudFormationProject, machine: Host) -> None:
    """An image has no runtime to choose; its architecture can be chosen."""
    options = FunctionOptions(runtime="python3.12", architecture="arm64")
    with pytest.raises(UsageError, match="`Inference` is a container image") as caught:
        resolve_function(project, "Inference", options, machine)
    assert caught.value.hint == "use `--invoke-image` to run another image"
    options = FunctionOptions(architecture="arm64")
    resolved = resolve_function(project, "Inference", options, machine)
    assert resolved.function.architecture == "arm64"


@pytest.mark.parametrize(
    ("properties", "options"),
    [
        pytest.param(
            "Runtime: !ImportValue X, Handler: a.b, CodeUri: .",
            FunctionOptions(runtime="python3.12"),
            id="runtime",
        ),
        pytest.param(
            "Architectures: [!ImportValue X], Runtime: python3.11, Handler: a.b, CodeUri: .",
            FunctionOptions(architecture="arm64"),
            id="architecture",
        ),
        pytest.param(
            "PackageType: Image, ImageUri: !ImportValue X",
            FunctionOptions(images={"": "mine:1"}),
            id="image",
        ),
    ],
)
def test_chosen_property_may_be_unknown(
    tmp_path: Path, machine: Host, properties: str, options: FunctionOptions
) -> None:
    """What the template lacks is reported, unless an option gives it."""
    (tmp_path / "template.yaml").write_text(
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  Ratings:\n"
        f"    Type: AWS::Serverless::Function\n    Properties: {{{properties}}}\n"
    )
    project = open_project(tmp_path / "template.yaml")
    assert resolve_function(project, None, options, machine).diagnostics == ()
    missing = resolve_function(project, None, FunctionOptions(), machine)
    assert [
        each.endswith("the export `X` is available only in AWS") for each in messages(missing)
    ] == [True]


def test_image(project: CloudFormationProject, machine: Host) -> None:
    """It is kept for the sandbox, as is the profile that may pull it."""
    (machine.home / ".aws").mkdir(parents=True)
    (machine.home / ".aws" / "config").write_text("[profile shop]\nregion = eu-west-1\n")
    options = FunctionOptions(images={"Ratings": "mine:1"}, profile="shop")
    resolved = resolve_function(project, "Ratings", options, machine)
    assert (resolved.image, resolved.profile) == ("mine:1", "shop")
    assert resolve_function(project, "Reports", options, machine).image is None


@pytest.mark.parametrize(
    ("debugged_function", "timeout_seconds"),
    [
        pytest.param(None, 36_000, id="whichever it is"),
        pytest.param("Ratings", 36_000, id="this one"),
        pytest.param("Reports", 7, id="another one"),
    ],
)
def test_debugged_function(
    project: CloudFormationProject,
    machine: Host,
    debugged_function: str | None,
    timeout_seconds: int,
) -> None:
    """A function under a debugger has ten hours, and is told so; every other one has its own timeout."""
    options = FunctionOptions(debug=DEBUG, debugged_function=debugged_function)
    resolved = resolve_function(project, "Ratings", options, machine)
    assert resolved.debug == (DEBUG if timeout_seconds == 36_000 else None)
    assert resolved.timeout_seconds == timeout_seconds
    assert variables(resolved)["AWS_LAMBDA_FUNCTION_TIMEOUT"] == str(timeout_seconds)


def test_function_to_debug_without_a_debugger(
    project: CloudFormationProject, machine: Host
) -> None:
    """Its name alone does nothing, even where no function has it."""
    options = FunctionOptions(debugged_function="Unknown")
    assert resolve_function(project, "Ratings", options, machine).debug is None


def test_account_of_the_credentials(tmp_path: Path, project: CloudFormationProject) -> None:
    """The function is told whose credentials it has, unless the person says another account."""
    machine = host(tmp_path, **KEYS)
    known = open_project(project.path, account=Account(of_credentials="111122223333"))
    given = open_project(project.path, account=Account(given="444455556666"))
    accounts = [
        variables(resolve_function(each, "Ratings", FunctionOptions(), machine)).get(
            "AWS_ACCOUNT_ID"
        )
        for each in (project, known, given)
    ]
    assert accounts == [None, "111122223333", "444455556666"]


def test_account_of_a_profile(tmp_path: Path, project: CloudFormationProject) -> None:
    """What the credentials themselves say takes precedence."""
    (tmp_path / "home" / ".aws").mkdir(parents=True)
    (tmp_path / "home" / ".aws" / "credentials").write_text(
        "[default]\naws_access_key_id = AKID\naws_secret_access_key = secret\n"
        "aws_account_id = 777788889999\n"
    )
    known = open_project(project.path, account=Account(of_credentials="111122223333"))
    resolved = resolve_function(known, "Ratings", FunctionOptions(), host(tmp_path))
    assert variables(resolved)["AWS_ACCOUNT_ID"] == "777788889999"


@pytest.mark.parametrize(
    ("options", "is_reported"),
    [
        pytest.param(FunctionOptions(), True, id="placeholders"),
        pytest.param(FunctionOptions(reads_credentials=False), False, id="none wanted"),
        pytest.param(FunctionOptions(variables=KEYS), False, id="command line"),
        pytest.param(FunctionOptions(env_files=("-",)), False, id="section"),
        pytest.param(FunctionOptions(container_env_file="-"), False, id="container"),
    ],
)
def test_missing_credentials(
    tmp_path: Path, project: CloudFormationProject, options: FunctionOptions, *, is_reported: bool
) -> None:
    """They are reported, unless the function has some of its own."""
    text = '{"Ratings": {"AWS_ACCESS_KEY_ID": "A"}}'
    if options.container_env_file:
        text = '{"AWS_ACCESS_KEY_ID": "A"}'
    resolved = resolve_function(project, "Ratings", options, host(tmp_path, stdin=text))
    assert any("no AWS credentials" in each for each in messages(resolved)) is is_reported


def test_env_file(tmp_path: Path, project: CloudFormationProject) -> None:
    """It refers to the shell; sections of functions that are not deployed are known, others reported."""
    text = "Parameters: {STAGE: dev}\nRetired: {A: 1}\nRating: {A: 1}\n"
    (tmp_path / "env.yaml").write_text(text)
    machine = host(tmp_path, stdin="TABLE=${ME}-table\nTABLE=${ME}-ratings\n", ME="me", **KEYS)
    options = FunctionOptions(env_files=(str(tmp_path / "env.yaml"), "-"))
    resolved = resolve_function(project, "Ratings", options, machine)
    seen = variables(resolved)
    assert (seen["STAGE"], seen["TABLE"]) == ("dev", "me-ratings")
    assert messages(resolved) == [
        "`Rating` is not a function of this template: its variables have no effect",
        "`TABLE` is given twice: the later value applies",
    ]


def test_env_file_without_the_shell(tmp_path: Path, project: CloudFormationProject) -> None:
    """What refers to a shell that is not read is empty."""
    machine = host(tmp_path, stdin="TABLE=${ME}-table\n", ME="me", **KEYS)
    options = FunctionOptions(env_files=("-",), reads_shell=False)
    assert variables(resolve_function(project, "Ratings", options, machine))["TABLE"] == "-table"
    options = FunctionOptions(container_env_file="-", reads_shell=False)
    machine = host(tmp_path, stdin="TABLE=${ME}-table\n", ME="me", **KEYS)
    assert variables(resolve_function(project, "Ratings", options, machine))["TABLE"] == "-table"


def test_container_env_file(tmp_path: Path, project: CloudFormationProject) -> None:
    """Its variables are over all others."""
    machine = host(tmp_path, stdin="STAGE=${ME}\n", ME="me", **KEYS)
    options = FunctionOptions(container_env_file="-", variables={"STAGE": "line"})
    assert variables(resolve_function(project, "Ratings", options, machine))["STAGE"] == "me"


def test_ca_bundle(project: CloudFormationProject, machine: Host) -> None:
    """It is kept for the sandbox, and the programs that the function starts find it."""
    resolved = resolve_function(project, "Ratings", FunctionOptions(ca_bundle=b"PEM"), machine)
    assert resolved.ca_bundle == b"PEM"
    assert variables(resolved)["AWS_CA_BUNDLE"] == "/etc/samlocal/ca-bundle.pem"
    assert "AWS_CA_BUNDLE" not in variables(
        resolve_function(project, "Ratings", FunctionOptions(), machine)
    )


def test_unknown_value(project: CloudFormationProject, machine: Host) -> None:
    """A variable that cannot be resolved is reported, unless something else gives it a value."""
    missing = resolve_function(project, "Ratings", FunctionOptions(), machine)
    given = resolve_function(
        project, "Ratings", FunctionOptions(variables={"TABLE": "local"}), machine
    )
    assert ["`TABLE`" in each for each in messages(missing)] == [True, False]
    assert ["`TABLE`" in each for each in messages(given)] == [False]


def test_diagnostic_comes_once(
    project: CloudFormationProject, machine: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the project and the function both report is one diagnostic, the project's first."""
    own = resolve_function(project, "Ratings", FunctionOptions(), machine).diagnostics
    more = (Diagnostic(message="of the project"), own[0])
    monkeypatch.setattr(CloudFormationProject, "diagnostics_for", lambda *_: more)
    resolved = resolve_function(project, "Ratings", FunctionOptions(), machine)
    assert resolved.diagnostics == (*more, *own[1:])
