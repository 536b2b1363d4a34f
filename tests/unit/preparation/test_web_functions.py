"""Web functions with their environment, as options want it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.cloudformation.project import CloudFormationProject, open_project
from samlocal.errors import FunctionNotFoundError
from samlocal.preparation.options import FunctionOptions
from samlocal.preparation.web_functions import resolve_web_function
from tests.unit.preparation.host import host

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.preparation.resolution import ResolvedFunction

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Site:
    Type: AWS::Serverless::WebFunction
    Properties:
      CodeUri: src/
      Runtime: nodejs24.x
      EntryPoint: server.mjs
      FunctionName: shop-site
      Timeout: 60
      MaxConcurrencyPerEnvironment: 5
      AuthType: ApplicationManaged
      EnvironmentVariables: {STAGE: prod, COLOUR: blue, AWS_REGION: eu-west-1}
"""


@pytest.fixture
def project(tmp_path: Path) -> CloudFormationProject:
    """One web function."""
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    return open_project(tmp_path / "template.yaml")


def _resolve(
    project: CloudFormationProject, tmp_path: Path, options: FunctionOptions, **variables: str
) -> ResolvedFunction:
    (web,) = project.read_web_functions().functions
    return resolve_web_function(project, web, options, host(tmp_path, **variables))


def test_variables(project: CloudFormationProject, tmp_path: Path) -> None:
    """The sources of variables are those of other functions; Lambda sets none about functions and invocations."""
    (tmp_path / "env.json").write_text('{"Site": {"COLOUR": "red"}}')
    options = FunctionOptions(
        env_files=(str(tmp_path / "env.json"),), variables={"EXTRA": "1"}, reads_credentials=False
    )
    resolved = _resolve(project, tmp_path, options, STAGE="dev")
    variables = resolved.environment.as_dict()
    assert {name: variables[name] for name in ("STAGE", "COLOUR", "EXTRA")} == {
        "STAGE": "dev",
        "COLOUR": "red",
        "EXTRA": "1",
    }
    assert variables["AWS_LAMBDA_INITIALIZATION_TYPE"] == "native-http"
    assert variables["AWS_EXECUTION_ENV"] == "AWS_Lambda_nodejs24.x"
    assert variables["AWS_REGION"] == "us-east-1"
    assert not {"AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "_HANDLER"} & {*variables}
    said = [each.message for each in resolved.diagnostics]
    assert any("AWS_REGION" in each for each in said)
    assert not any("`Site`" in each and "section" in each for each in said)


def test_facts(project: CloudFormationProject, tmp_path: Path) -> None:
    """It has AWS's memory, its own ARN, and the program and the limits of the template."""
    options = FunctionOptions(images={"": "mine:1"}, reads_credentials=False)
    resolved = _resolve(project, tmp_path, options)
    assert (resolved.entry_point, resolved.image, resolved.debug) == ("server.mjs", "mine:1", None)
    assert resolved.arn.endswith(":web-function/shop-site")
    assert (resolved.max_concurrency, resolved.timeout_seconds) == (5, 60)
    assert resolved.function.memory_mb == 2048


def test_invocation(project: CloudFormationProject) -> None:
    """Who looks for a function of its name learns what it is, and what serves it."""
    with pytest.raises(FunctionNotFoundError) as raised:
        project.find("Site")
    assert "is a web function" in raised.value.message
    assert "`samlocal local start-api`" in (raised.value.hint or "")
