"""Web functions in templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.cloudformation.apis.web_functions import read_web_functions
from samlocal.cloudformation.project import open_project
from samlocal.function import InlineCode, LocalCode, S3Code
from samlocal.project.apis import ApiKind

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.project.web_functions import WebFunctions


def read(tmp_path: Path, resources: str) -> WebFunctions:
    template = tmp_path / "template.yaml"
    template.write_text(f"Resources:\n{resources}")
    return read_web_functions(open_project(template).stacks)


def test_sam(tmp_path: Path) -> None:
    """A web function of SAM has its code, its program, its variables and its limits."""
    found = read(
        tmp_path,
        """
  Site:
    Type: AWS::Serverless::WebFunction
    Properties:
      FunctionName: site
      Runtime: nodejs24.x
      AuthType: IamAuth
      CodeUri: src/
      EntryPoint: server.js
      EndpointName: live
      EnvironmentVariables: {STAGE: !Ref AWS::Region}
      Timeout: 60
      MaxConcurrencyPerEnvironment: 8
    """,
    )
    (function,) = found.functions
    assert found.diagnostics == function.diagnostics == ()
    assert (function.name, function.runtime, function.entry_point) == (
        "site",
        "nodejs24.x",
        "server.js",
    )
    assert isinstance(function.code, LocalCode)
    assert function.code.path == tmp_path / "src"
    assert function.environment["STAGE"].value == "us-east-1"
    assert (function.timeout_seconds, function.concurrency) == (60, 8)
    api = function.api
    assert (api.kind, api.full_path, api.stage) == (ApiKind.WEB_FUNCTION, "Site", "live")
    assert not api.takes_any_caller


def test_defaults(tmp_path: Path) -> None:
    """What the template does not say has the service's defaults."""
    found = read(
        tmp_path,
        """
  Site:
    Type: AWS::Serverless::WebFunction
    Properties: {Runtime: nodejs24.x, AuthType: ApplicationManaged, InlineCode: 'x'}
    """,
    )
    (function,) = found.functions
    assert isinstance(function.code, InlineCode)
    assert (function.name, function.entry_point) == ("Site", "index.js")
    assert (function.timeout_seconds, function.concurrency, function.environment) == (30, 64, {})
    assert (function.api.stage, function.api.takes_any_caller) == ("default", True)


PLAIN = """
  Site: {Type: AWS::Lambda::WebFunction, Properties: {FunctionName: site}}
  Endpoint:
    Type: AWS::Lambda::WebFunctionEndpoint
    Properties: {FunctionName: !Ref Site, EndpointName: live, EndpointType: HomeRegion, AuthType: ApplicationManaged}
  Revision:
    Type: AWS::Lambda::WebFunctionRevision
    Properties:
      FunctionName: !Ref Site
      BuildConfig:
        CodeConfig: {S3Object: {Bucket: b, Key: k, VersionId: v}}
        RuntimeConfig: {Runtime: nodejs24.x}
      ServiceConfig: {ExecutionRoleArn: arn, EnvironmentVariables: {A: b}, TimeoutSeconds: 9}
"""


def test_cloudformation(tmp_path: Path) -> None:
    """A web function of CloudFormation is told by its revision and its endpoint."""
    (function,) = read(tmp_path, PLAIN).functions
    assert isinstance(function.code, S3Code)
    assert (function.code.bucket, function.code.key, function.code.version) == ("b", "k", "v")
    assert (function.name, function.runtime, function.timeout_seconds) == ("site", "nodejs24.x", 9)
    assert function.environment["A"].value == "b"
    assert function.api.stage == "live"


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        (
            "  Site: {Type: AWS::Lambda::WebFunction}",
            "`Site` has no `AWS::Lambda::WebFunctionRevision`",
        ),
        (
            "  Site: {Type: AWS::Serverless::WebFunction, Properties: {InlineCode: x}}",
            "`Site` needs `Runtime`",
        ),
        (
            PLAIN.replace("TimeoutSeconds: 9", "TimeoutSeconds: 1"),
            "`TimeoutSeconds` must be a whole number from 3 to 900, not `1`",
        ),
        (PLAIN.replace("BuildConfig", "Build"), "`Site` needs `BuildConfig` and `ServiceConfig`"),
    ],
)
def test_a_web_function_that_cannot_be_read(tmp_path: Path, resources: str, message: str) -> None:
    """It is told with its place."""
    found = read(tmp_path, resources)
    assert found.functions == ()
    assert [each.message for each in found.diagnostics] == [
        f"skipping the web function `Site`: {message}"
    ]
    assert found.diagnostics[0].place is not None


def test_a_web_function_whose_condition_is_false(tmp_path: Path) -> None:
    """It is not part of the stack."""
    text = "  Site: {Type: AWS::Lambda::WebFunction, Condition: Never}\nConditions: {Never: !Equals [a, b]}\n"
    found = read(tmp_path, text)
    assert (found.functions, found.diagnostics) == ((), ())
