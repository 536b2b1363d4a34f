"""Function URLs of templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.project.apis import ApiKind, Cors, FunctionIntegration, FunctionTarget
from tests.unit.cloudformation.apis.outlines import outline

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cloudformation.apis.conftest import OneApi, ReadTemplate

SAM = """
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      FunctionUrlConfig: {config}
"""
PLAIN = """
Conditions: {{Never: !Equals [a, b]}}
Resources:
  F: {{Type: AWS::Lambda::Function, Properties: {{Code: {{ZipFile: ""}}}}}}
  Alias:
    Type: AWS::Lambda::Alias
    Properties: {{FunctionName: !Ref F, FunctionVersion: "1", Name: live}}
  Url:
    Type: AWS::Lambda::Url
    Properties: {config}
"""


def test_the_url_of_a_sam_function(one_api: OneApi) -> None:
    """A URL is one default route with payload 2.0, which everyone may call."""
    api = one_api(SAM.format(config="{AuthType: NONE}"))
    assert (api.kind, api.full_path, api.stage) == (ApiKind.FUNCTION_URL, "F", "$default")
    assert outline(api) == ["ANY $default -> F"]
    assert api.routes[0].integration == FunctionIntegration(
        target=FunctionTarget(function="F"), payload="2.0", timeout_ms=900_000
    )
    assert (api.takes_any_caller, api.cors) == (True, None)
    assert str(api.place).endswith("template.yaml:7:7")


def test_settings_of_a_url(one_api: OneApi) -> None:
    """Authorization, streaming and CORS are as they are written."""
    cors = (
        "{AllowOrigins: ['*'], AllowMethods: [GET], AllowHeaders: [a], ExposeHeaders: [b],"
        " AllowCredentials: true, MaxAge: 5}"
    )
    api = one_api(
        SAM.format(config=f"{{AuthType: AWS_IAM, InvokeMode: RESPONSE_STREAM, Cors: {cors}}}")
    )
    integration = api.routes[0].integration
    assert isinstance(integration, FunctionIntegration)
    assert integration.streams
    assert not api.takes_any_caller
    assert api.cors == Cors(
        origins=("*",),
        methods=("GET",),
        headers=("a",),
        exposed_headers=("b",),
        allows_credentials=True,
        max_age_seconds=5,
    )


def test_a_url_calls_the_published_alias(one_api: OneApi) -> None:
    """With `AutoPublishAlias` it belongs to the alias, as in SAM."""
    api = one_api(SAM.format(config="{AuthType: NONE}\n      AutoPublishAlias: live"))
    assert (api.full_path, outline(api)) == ("F:live", ["ANY $default -> F:live"])


def test_globals_may_give_a_url(one_api: OneApi) -> None:
    """`FunctionUrlConfig` in `Globals` makes URLs."""
    text = "Globals: {Function: {FunctionUrlConfig: {AuthType: NONE}}}"
    api = one_api(text + SAM.replace("      FunctionUrlConfig: {config}\n", ""))
    assert api.full_path == "F"


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ("{AuthType: NONE, TargetFunctionArn: !Ref F}", "F"),
        ("{AuthType: NONE, TargetFunctionArn: !GetAtt F.Arn}", "F"),
        ("{AuthType: NONE, TargetFunctionArn: F, Qualifier: live}", "F:live"),
        ("{AuthType: NONE, TargetFunctionArn: !Ref Alias}", "F:live"),
    ],
)
def test_a_url_of_cloudformation(one_api: OneApi, config: str, path: str) -> None:
    """`AWS::Lambda::Url` names its function or an alias."""
    assert one_api(PLAIN.format(config=config)).full_path == path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SAM.format(config="{AuthType: no}"), "the API `F`: `AuthType` must be NONE or AWS_IAM"),
        (SAM.format(config="yes"), "the API `F`: `FunctionUrlConfig` must be a mapping"),
        (PLAIN.format(config="{AuthType: NONE}"), "the API `Url`: `Url` needs `TargetFunctionArn`"),
        (
            PLAIN.format(config="{AuthType: NONE, TargetFunctionArn: other}"),
            "the URL of `Url`: `other` is not a function of this project",
        ),
    ],
)
def test_a_url_that_cannot_be_read(read_template: ReadTemplate, text: str, message: str) -> None:
    """It is named with its place."""
    found = read_template(text)
    assert found.apis == ()
    (diagnostic,) = found.diagnostics
    assert diagnostic.message.startswith(f"skipping {message}")
    assert diagnostic.place is not None


def test_a_url_whose_condition_is_false(read_template: ReadTemplate) -> None:
    """It is not part of the stack."""
    text = PLAIN.format(config="{AuthType: NONE, TargetFunctionArn: !Ref F}")
    text = text.replace("  Url:\n", "  Url:\n    Condition: Never\n")
    assert read_template(text).apis == ()


def test_urls_and_apis_of_nested_stacks(read_template: ReadTemplate, tmp_path: Path) -> None:
    """Their paths begin with those of the stacks, and their functions are those of the same stack."""
    (tmp_path / "child.yaml").write_text(
        SAM.format(
            config="{AuthType: NONE}\n      Events: {A: {Type: Api, Properties: {Path: /, Method: get}}}"
        )
    )
    parent = "\n  Child: {Type: AWS::Serverless::Application, Properties: {Location: child.yaml}}\n"
    found = read_template(SAM.format(config="{AuthType: NONE}") + parent)
    assert found.diagnostics == ()
    assert [(api.full_path, outline(api)) for api in found.apis] == [
        ("F", ["ANY $default -> F"]),
        ("Child/ServerlessRestApi", ["GET / -> Child/F"]),
        ("Child/F", ["ANY $default -> Child/F"]),
    ]
    assert len({api.identifier for api in found.apis}) == 3
