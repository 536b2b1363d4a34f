"""The project that options name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.cloudformation.intrinsics.aws_values import RemoteValues
from samlocal.documents.node import Unknown
from samlocal.preparation.options import ProjectOptions
from samlocal.preparation.project import open_project, with_region
from tests.unit.preparation.host import host

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.cloudformation.intrinsics.dynamic_references import Reference

TEMPLATE = """
Parameters: {Stage: {Type: String, Default: dev}}
Resources:
  Ratings:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Handler: app.handler
      CodeUri: src/
      Environment:
        Variables:
          STAGE: !Ref Stage
          REGION: !Ref AWS::Region
          ACCOUNT: !Ref AWS::AccountId
          TABLE: !ImportValue Table
"""


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A template in the host's directory."""
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE)
    return path


def variables(options: ProjectOptions, tmp_path: Path, **shell: str) -> dict[str, str | None]:
    project = open_project(options, host(tmp_path, **shell))
    function = project.resolve(project.find(None))
    return {name: variable.value for name, variable in function.environment.items()}


@pytest.fixture
def from_aws(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What AWS says of each name; it does not know other names."""
    values: dict[str, str] = {}

    def look_up(_self: RemoteValues, reference: Reference) -> str | Unknown:
        found = values.get(reference.name)
        return found if found is not None else Unknown(reason="AWS does not answer")

    monkeypatch.setattr(RemoteValues, "look_up", look_up)
    return values


def test_nothing_is_chosen(template: Path, tmp_path: Path) -> None:
    """The template is that of the host's directory, with its own defaults."""
    assert open_project(ProjectOptions(), host(tmp_path)).path == template
    assert variables(ProjectOptions(), tmp_path) == {
        "STAGE": "dev",
        "REGION": "us-east-1",
        "ACCOUNT": "123456789012",
        "TABLE": None,
    }


def test_everything_is_chosen(template: Path, tmp_path: Path) -> None:
    """Every option reaches the template, wherever it is."""
    (tmp_path / "values.yaml").write_text("exports: {Table: local}\n")
    (tmp_path / "elsewhere").mkdir()
    options = ProjectOptions(
        template=template,
        parameter_overrides={"Stage": "prod"},
        values_file=tmp_path / "values.yaml",
        region="eu-west-1",
        account_id="111122223333",
    )
    assert variables(options, tmp_path / "elsewhere") == {
        "STAGE": "prod",
        "REGION": "eu-west-1",
        "ACCOUNT": "111122223333",
        "TABLE": "local",
    }


@pytest.mark.usefixtures("template")
def test_account_of_the_shell(tmp_path: Path) -> None:
    """It is that of the host where no option names one."""
    seen = variables(ProjectOptions(), tmp_path, AWS_ACCOUNT_ID="444455556666")
    assert seen["ACCOUNT"] == "444455556666"


@pytest.mark.usefixtures("template")
def test_account_of_a_profile(tmp_path: Path) -> None:
    """It is that of the chosen profile in the host's home."""
    (tmp_path / "home" / ".aws").mkdir(parents=True)
    (tmp_path / "home" / ".aws" / "config").write_text(
        "[profile shop]\naws_account_id = 777788889999\n"
    )
    assert variables(ProjectOptions(profile="shop"), tmp_path)["ACCOUNT"] == "777788889999"
    assert variables(ProjectOptions(), tmp_path)["ACCOUNT"] == "123456789012"


@pytest.mark.usefixtures("template")
def test_values_of_aws(tmp_path: Path, from_aws: dict[str, str]) -> None:
    """They are read where that is chosen, and the account is asked for where nobody names it."""
    from_aws |= {"Table": "deployed", "AWS::AccountId": "999900001111"}
    options = ProjectOptions(resolve_remote=True)
    seen = variables(options, tmp_path)
    assert (seen["TABLE"], seen["ACCOUNT"]) == ("deployed", "999900001111")
    seen = variables(options, tmp_path, AWS_ACCOUNT_ID="444455556666")
    assert (seen["TABLE"], seen["ACCOUNT"]) == ("deployed", "444455556666")
    assert variables(ProjectOptions(), tmp_path)["TABLE"] is None


@pytest.mark.usefixtures("template", "from_aws")
def test_account_that_aws_does_not_tell(tmp_path: Path) -> None:
    """The diagnostic gives the reason, and what stands for the account."""
    project = open_project(ProjectOptions(resolve_remote=True), host(tmp_path))
    diagnostic = project.account.diagnostic
    assert diagnostic is not None
    assert diagnostic.message == "AWS does not answer; `AWS::AccountId` is 123456789012"
    assert diagnostic.hint == "give the account with --account-id"
    assert project.account.known is None


def test_region(tmp_path: Path) -> None:
    """It is the chosen one, else that of the host's shell, else that of its profile."""
    (tmp_path / "home" / ".aws").mkdir(parents=True)
    (tmp_path / "home" / ".aws" / "config").write_text("[profile shop]\nregion = eu-west-2\n")
    shell = host(tmp_path, AWS_REGION="eu-west-1")
    assert with_region(ProjectOptions(region="eu-west-3"), shell).region == "eu-west-3"
    assert with_region(ProjectOptions(profile="shop"), shell).region == "eu-west-1"
    of_profile = with_region(ProjectOptions(profile="shop"), host(tmp_path))
    assert of_profile == ProjectOptions(profile="shop", region="eu-west-2")


SERVICE = """
service: shop
provider: {name: aws, runtime: python3.13, stage: test, profile: shop}
params: {default: {who: all}}
functions:
  hello:
    handler: app.handler
    environment: {WHO: "${param:who}", STAGE: "${sls:stage}", SHELL_: "${env:SHELL_}", KEY: "${opt:key, 'none'}"}
"""


@pytest.fixture
def service(tmp_path: Path) -> Path:
    """A Serverless service in the host's directory."""
    path = tmp_path / "serverless.yml"
    path.write_text(SERVICE)
    return path


@pytest.mark.parametrize("template", [None, ".", "serverless.yml"])
def test_service(service: Path, tmp_path: Path, template: str | None) -> None:
    """Stage, params, options and the shell reach the variables of a service, wherever it is found."""
    chosen = None if template is None else tmp_path / template
    options = ProjectOptions(
        template=chosen, stage="prod", params={"who": "you"}, options={"key": "k"}
    )
    found = {"WHO": "you", "STAGE": "prod", "SHELL_": "s", "KEY": "k"}
    shell = {"SHELL_": "s"}
    project = open_project(options, host(tmp_path, **shell))
    assert project.path == service
    assert (project.stage, project.profile) == ("prod", "shop")
    function = project.resolve(project.find(None))
    assert {name: each.value for name, each in function.environment.items()} == found


def test_region_of_a_service(service: Path, tmp_path: Path) -> None:
    """A service names its own Region; only the option comes over it, not the shell."""
    shell = host(tmp_path, AWS_REGION="eu-west-1", AWS_DEFAULT_REGION="eu-west-1")
    assert with_region(ProjectOptions(), shell) == ProjectOptions()
    assert open_project(ProjectOptions(), shell).region == "us-east-1"
    chosen = ProjectOptions(region="eu-west-3")
    assert with_region(chosen, shell) == chosen
    assert open_project(chosen, shell).region == "eu-west-3"
    service.unlink()
    assert with_region(ProjectOptions(), shell).region == "eu-west-1"
