"""Which function a URI, an ARN or a reference calls."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from samlocal.cloudformation.apis.function_targets import FunctionTargets, is_streaming_uri
from samlocal.cloudformation.project import open_project
from samlocal.diagnostics import Diagnostic
from samlocal.project.apis import FunctionTarget

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.cloudformation.stack.stack import Stack
    from samlocal.documents.node import Node

FUNCTIONS = """\
Parameters:
  Missing: {Type: String}
  Given: {Type: String, Default: named}
Conditions:
  Never: !Equals [a, b]
Resources:
  F: {Type: AWS::Serverless::Function, Properties: {AutoPublishAlias: live}}
  Plain: {Type: AWS::Lambda::Function}
  Named: {Type: AWS::Lambda::Function, Properties: {FunctionName: named}}
  Off: {Type: AWS::Lambda::Function, Condition: Never}
  Web: {Type: AWS::Serverless::WebFunction}
  Queue: {Type: AWS::SQS::Queue}
  Version: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Plain}}
  Prod:
    Type: AWS::Lambda::Alias
    Properties: {FunctionName: !GetAtt Plain.Arn, FunctionVersion: !GetAtt Version.Version, Name: prod}
  Stray: {Type: AWS::Lambda::Alias, Properties: {FunctionName: elsewhere, Name: prod}}
Outputs:
  Value:
    Value: """

PREFIX = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions"
SUB = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function"


def read(tmp_path: Path, value: str) -> tuple[FunctionTargets, Stack, Node]:
    (tmp_path / "template.yaml").write_text(FUNCTIONS + value.replace("\n", "\n      ") + "\n")
    stacks = open_project(tmp_path / "template.yaml").stacks
    outputs = stacks[0].section("Outputs")
    assert outputs is not None
    return FunctionTargets(stacks), stacks[0], outputs.entries("")["Value"].entries("")["Value"]


@pytest.mark.parametrize(
    ("value", "function", "qualifier"),
    [
        (f"{PREFIX}/{ARN}:Plain/invocations", "Plain", None),
        (f"{PREFIX}/{ARN}:named:7/invocations", "Named", "7"),
        (f"{ARN}:named:live", "Named", "live"),
        (f"!Sub '{SUB}/${{F.Arn}}/invocations'", "F", None),
        (f"!Sub '{SUB}/${{ F.Arn }}:live/invocations'", "F", "live"),
        (f"!Sub '{SUB}/${{F.Alias}}/invocations'", "F", "live"),
        (f"!Sub '{SUB}/${{FAliaslive}}/invocations'", "F", "live"),
        (f"!Sub '{SUB}/${{Prod}}/invocations'", "Plain", "prod"),
        (f"!Sub '{SUB}/${{Version}}/invocations'", "Plain", "1"),
        (f"!Sub '{SUB}/{ARN}:${{Plain}}/invocations'", "Plain", None),
        (f"!Sub '{SUB}/{ARN}:${{Plain}}:${{Version.Version}}/invocations'", "Plain", "1"),
        (f"!Sub '{SUB}/{ARN}:${{Given}}/invocations'", "Named", None),
        (f"!Sub ['{SUB}/${{X}}/invocations', {{X: !GetAtt Named.Arn}}]", "Named", None),
        (f"!Sub '{SUB}/{ARN}:${{!stageVariables.function}}/invocations'", "Named", None),
        (f"!Sub '{SUB}/${{Plain.Arn}}:${{!stageVariables.alias}}/invocations'", "Plain", "prod"),
        (f"{PREFIX}/{ARN}:${{stageVariables.function}}/invocations", "Named", None),
        (f"!Join ['', ['{PREFIX}/', !GetAtt F.Arn, /invocations]]", "F", None),
        (
            (
                "!Join ['', ['arn:', !Ref AWS::Partition, ':apigateway:', !Ref AWS::Region,"
                " ':lambda:path/2015-03-31/functions/', !Ref Prod, /invocations]]"
            ),
            "Plain",
            "prod",
        ),
        (
            f"!Join ['/', ['{PREFIX}', !Join [':', [!GetAtt F.Arn, live]], invocations]]",
            "F",
            "live",
        ),
        (f"!If [Never, nothing, !Sub '{SUB}/${{F.Arn}}/invocations']", "F", None),
        ("!GetAtt Plain.Arn", "Plain", None),
    ],
)
def test_the_function_of_a_uri(
    tmp_path: Path, value: str, function: str, qualifier: str | None
) -> None:
    """Texts, `Fn::Sub` and `Fn::Join` with references, aliases, versions and stage variables give the function."""
    targets, stack, node = read(tmp_path, value)
    target = targets.of_uri(stack, node, {"function": "named", "alias": "prod"})
    assert target == FunctionTarget(function=function, qualifier=qualifier)


@pytest.mark.parametrize(
    ("value", "function", "qualifier"),
    [
        ("F", "F", None),
        ("named:live", "Named", "live"),
        (f"{ARN}:named", "Named", None),
        ("123456789012:function:named:$LATEST", "Named", "$LATEST"),
        ("!Ref F", "F", None),
        ("!Ref F.Alias", "F", "live"),
        ("!Ref F.Version", "F", "1"),
        ("!GetAtt F.Arn", "F", None),
        ("!Ref Version", "Plain", "1"),
        ("!GetAtt Prod.AliasArn", "Plain", "prod"),
        ("!Sub '${Plain}:prod'", "Plain", "prod"),
        ("!Ref Given", "Named", None),
    ],
)
def test_the_function_of_a_reference(
    tmp_path: Path, value: str, function: str, qualifier: str | None
) -> None:
    """Names, ARNs and references give the function, with its alias or version."""
    targets, stack, node = read(tmp_path, value)
    assert targets.of_reference(stack, node) == FunctionTarget(
        function=function, qualifier=qualifier
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (f"{PREFIX}/{ARN}:Plan/invocations", "`Plan` is not a function of this project"),
        ("https://example.com/a", "`https://example.com/a` is not the URI or ARN of a function"),
        (
            f"!Sub '{SUB}/${{Missing}}/invocations'",
            "the function that is called here cannot be resolved: parameter `Missing` has no value",
        ),
        (f"!Sub '{SUB}/${{Nothing.Arn}}/invocations'", "no resource `Nothing`"),
        ("!GetAtt Off.Arn", "`Off` is not part of the stack: its condition `Never` is false"),
        (
            "!Ref Web",
            "`Web` is not a function that runs locally: its type is `AWS::Serverless::WebFunction`",
        ),
        ("!Ref Stray", "`elsewhere` is not a function of this project"),
        (f"!Sub '{ARN}:x-${{Plain}}'", f"`{ARN}:x-…` is not the URI or ARN of a function"),
        (f"{PREFIX}/{ARN}:${{stageVariables.x}}/invocations", "the stage has no variable `x`"),
        ("[a]", "a part of a function's URI must be a string, not a list"),
    ],
)
def test_what_is_no_function_of_the_project(tmp_path: Path, value: str, message: str) -> None:
    """A value that gives no function is a diagnostic with its place."""
    targets, stack, node = read(tmp_path, value)
    found = targets.of_uri(stack, node)
    assert isinstance(found, Diagnostic)
    assert found.message == message
    assert found.place is not None


@pytest.mark.parametrize(
    ("value", "streams"),
    [
        (f"!Sub '{SUB}/${{F.Arn}}/invocations'", False),
        (
            (
                "!Sub 'arn:aws:apigateway:${AWS::Region}:lambda:path/2021-11-15/functions/${F.Arn}"
                "/response-streaming-invocations'"
            ),
            True,
        ),
    ],
)
def test_a_uri_that_streams(tmp_path: Path, value: str, *, streams: bool) -> None:
    """The URI of response streaming gives the function like any other, and is told apart."""
    targets, stack, node = read(tmp_path, value)
    assert targets.of_uri(stack, node) == FunctionTarget(function="F")
    assert is_streaming_uri(stack, node) is streams


NESTED = {
    "template.yaml": """\
        Resources:
          F: {Type: AWS::Lambda::Function}
          Child:
            Type: AWS::CloudFormation::Stack
            Properties: {TemplateURL: child.yaml, Parameters: {Arn: !GetAtt F.Arn}}
          Other:
            Type: AWS::CloudFormation::Stack
            Properties: {TemplateURL: child.yaml, Parameters: {Arn: !GetAtt Child.Outputs.Own}}
        """,
    "child.yaml": """\
        Parameters:
          Arn: {Type: String}
        Resources:
          F: {Type: AWS::Lambda::Function}
        Outputs:
          Own: {Value: !GetAtt F.Arn}
          Passed: {Value: !Ref Arn}
          Name: {Value: F}
        """,
}


@pytest.mark.parametrize(
    ("stack_path", "output", "function"),
    [
        ("Child", "Own", "Child/F"),
        ("Child", "Passed", "F"),
        ("Child", "Name", "Child/F"),
        ("Other", "Own", "Other/F"),
        ("Other", "Passed", "Child/F"),
    ],
)
def test_functions_of_one_name(tmp_path: Path, stack_path: str, output: str, function: str) -> None:
    """A reference is followed through parameters and outputs; a name means the function of the same stack."""
    for name, text in NESTED.items():
        (tmp_path / name).write_text(dedent(text))
    stacks = open_project(tmp_path / "template.yaml").stacks
    stack = next(each for each in stacks if each.path == stack_path)
    outputs = stack.section("Outputs")
    assert outputs is not None
    node = outputs.entries("")[output].entries("")["Value"]
    assert FunctionTargets(stacks).of_reference(stack, node) == FunctionTarget(function=function)


def test_a_name_of_several_functions(tmp_path: Path) -> None:
    """A name that functions of other stacks share is a diagnostic."""
    templates = {
        **NESTED,
        "template.yaml": NESTED["template.yaml"]
        .replace("          F:", "          G:", 1)
        .replace("F.Arn", "G.Arn"),
    }
    for name, text in templates.items():
        (tmp_path / name).write_text(dedent(text))
    stacks = open_project(tmp_path / "template.yaml").stacks
    node = stacks[0].document.root.with_value("F")
    found = FunctionTargets(stacks).of_reference(stacks[0], node)
    assert isinstance(found, Diagnostic)
    assert found.message == "`F` may be any of 2 functions: `Child/F`, `Other/F`"


def test_values_that_refer_to_themselves(tmp_path: Path) -> None:
    """A parameter that gets the output which it makes is a diagnostic."""
    (tmp_path / "template.yaml").write_text(
        "Resources:\n  Child:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n"
        "      {TemplateURL: child.yaml, Parameters: {Arn: !GetAtt Child.Outputs.Passed}}\n"
    )
    (tmp_path / "child.yaml").write_text(dedent(NESTED["child.yaml"]))
    stacks = open_project(tmp_path / "template.yaml").stacks
    node = stacks[1].document.root.with_data({"Ref": "Arn"})
    found = FunctionTargets(stacks).of_reference(stacks[1], node)
    assert isinstance(found, Diagnostic)
    assert found.message == "this value refers to itself"
