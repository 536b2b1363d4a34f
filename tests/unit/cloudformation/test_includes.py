"""Transforms of a whole template, and `AWS::Include` at every place where it is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.cloudformation.project import open_project
from samlocal.errors import FunctionNotFoundError, TemplateError

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.cloudformation.intrinsics.dynamic_references import Reference
    from samlocal.cloudformation.project import CloudFormationProject

FUNCTION = "Resources: {F: {Type: AWS::Serverless::Function, Properties: {Handler: app.handler}}}\n"


class Bucket:
    """Objects in S3 by their URIs."""

    def __init__(self, **objects: str) -> None:
        self.objects = objects

    def look_up(self, reference: Reference) -> str | None:
        assert reference.service == "s3"
        return self.objects.get(reference.name.removeprefix("s3://shared/"))


def project(directory: Path, text: str, **objects: str) -> CloudFormationProject:
    (directory / "template.yaml").write_text(text)
    return open_project(directory / "template.yaml", remote_values=Bucket(**objects))


def include(name: str) -> str:
    return f"{{Name: AWS::Include, Parameters: {{Location: 's3://shared/{name}'}}}}"


@pytest.mark.parametrize(
    "transform",
    [
        pytest.param("{Name: Datadog, Parameters: {site: x}}", id="alone"),
        pytest.param("[{Name: Datadog}]", id="in a list"),
        pytest.param("[{Name: AWS::Serverless-2016-10-31}, Datadog]", id="SAM as a mapping"),
        pytest.param("[AWS::LanguageExtensions, {Name: Datadog, Parameters: {}}]", id="beside one"),
    ],
)
def test_a_transform_may_be_a_mapping(tmp_path: Path, transform: str) -> None:
    """A macro with parameters is skipped with a diagnostic, like one that is only a name."""
    found = project(tmp_path, f"Transform: {transform}\n{FUNCTION}")
    assert found.resolve(found.find("F")).handler == "app.handler"
    (diagnostic,) = found.diagnostics
    assert diagnostic.message == "skipping the macro `Datadog`: it runs only in AWS"
    assert str(diagnostic.place).startswith(f"{tmp_path / 'template.yaml'}:1:")


TEMPLATE = f"""\
Transform: {include("top")}
Parameters: {{Fn::Transform: {include("parameters")}}}
Globals: {{Fn::Transform: {include("globals")}, Function: {{Handler: app.handler}}}}
Resources:
  Fn::Transform: {include("resources")}
  F:
    Fn::Transform: {include("resource")}
    Type: AWS::Serverless::Function
    Properties:
      Fn::Transform: {include("properties")}
      Environment:
        Variables:
          Fn::Transform: {include("variables")}
          STAGE: !Ref Stage
          TABLE: !FindInMap [Tables, !Ref Stage, Name]
          ORDERS: !Ref Orders
"""
OBJECTS = {
    "top": "Mappings: {Tables: {dev: {Name: orders-dev}}}\nResources: {G: {Type: AWS::SNS::Topic}}",
    "parameters": '{"Stage": {"Type": "String", "Default": "dev"}}',
    "globals": "Api: {}",
    "resources": "Orders: {Type: AWS::DynamoDB::Table, Properties: {TableName: orders}}",
    "resource": "Metadata: {SamResourceId: Function}",
    "properties": "MemorySize: 512",
    "variables": "LEVEL: debug",
}


def test_includes_from_s3_are_read_everywhere(tmp_path: Path) -> None:
    """The included entries are added to the existing ones."""
    found = project(tmp_path, TEMPLATE, **OBJECTS)
    function = found.resolve(found.find("Function"))
    assert (function.memory_mb, function.handler) == (512, "app.handler")
    assert {name: variable.value for name, variable in function.environment.items()} == {
        "LEVEL": "debug",
        "STAGE": "dev",
        "TABLE": "orders-dev",
        "ORDERS": "orders",
    }
    assert (found.diagnostics, function.diagnostics) == ((), ())


@pytest.mark.parametrize("missing", list(OBJECTS))
def test_a_missing_include_is_skipped_with_its_place(tmp_path: Path, missing: str) -> None:
    """A diagnostic names the missing include, and all other entries are kept."""
    text = TEMPLATE.partition("          STAGE")[0] + "          OWN: !Sub '${AWS::Region}'\n"
    objects = {name: text for name, text in OBJECTS.items() if name != missing}
    found = project(tmp_path, text, **objects)
    function = found.resolve(found.find("F"))
    assert function.environment["OWN"].value == "us-east-1"
    assert function.handler == "app.handler"
    (diagnostic,) = dict.fromkeys((*found.diagnostics, *function.diagnostics))
    assert (
        diagnostic.message
        == f"skipping some entries here: `s3://shared/{missing}` is available only in AWS"
    )
    line = next(n for n, each in enumerate(text.splitlines(), 1) if f"shared/{missing}'" in each)
    assert diagnostic.place
    assert diagnostic.place.line == line
    assert diagnostic.hint == "read it from AWS with --resolve-remote"


def test_global_and_own_variables_that_are_included_are_merged(tmp_path: Path) -> None:
    """A lone include under `Variables`, global or own, is merged with the other variables."""
    text = f"""\
Globals: {{Function: {{Environment: {{Variables: {{Fn::Transform: {include("global")}}}}}}}}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {{Environment: {{Variables: {{Fn::Transform: {include("own")}}}}}}}
"""
    found = project(tmp_path, text, **{"global": "{A: global, B: global}", "own": "{B: own}"})
    function = found.resolve(found.find("F"))
    assert {name: v.value for name, v in function.environment.items()} == {
        "A": "global",
        "B": "own",
    }
    found = project(tmp_path, text, **{"global": "{A: global}"})
    function = found.resolve(found.find("F"))
    assert {name: v.value for name, v in function.environment.items()} == {"A": "global"}


@pytest.mark.parametrize("content", ["a: [", "[a]", ""])
def test_an_object_of_another_shape_is_an_error_with_a_place(tmp_path: Path, content: str) -> None:
    """An error in an object in S3 has the place of its include."""
    text = f"Resources: {{Fn::Transform: {include('resources')}}}\n"
    with pytest.raises(TemplateError) as caught:
        _ = project(tmp_path, text, resources=content).functions
    assert str(caught.value.place).startswith(f"{tmp_path / 'template.yaml'}:1:")


def test_the_error_for_no_functions_names_a_skipped_include(tmp_path: Path) -> None:
    """The error about a template without functions names the include that was skipped."""
    text = f"Resources: {{Fn::Transform: {include('resources')}}}\n"
    with pytest.raises(FunctionNotFoundError) as caught:
        project(tmp_path, text).find("F")
    assert caught.value.hint
    assert "`s3://shared/resources` is available only in AWS" in caught.value.hint
