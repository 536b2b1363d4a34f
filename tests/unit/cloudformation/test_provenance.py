"""SSM parameters, and the sources of variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.cloudformation.intrinsics.dynamic_references import GivenValues
from samlocal.cloudformation.project import open_project

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.cloudformation.intrinsics.dynamic_references import ValueSource
    from samlocal.function import Function

TEMPLATE = """
Parameters:
  Url: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /url, AllowedPattern: '/.*'}
  Zones: {Type: 'AWS::SSM::Parameter::Value<List<String>>', Default: /zones}
  Bare: {Type: 'AWS::SSM::Parameter::Value<String>'}
  Stage: {Type: String, Default: dev}
Conditions: {IsProd: !Equals [!Ref Stage, prod]}
Resources:
  T: {Type: AWS::DynamoDB::Table, Properties: {TableName: !Sub 'orders-${Stage}'}}
  F:
    Type: AWS::Serverless::Function
    Properties: {Environment: {Variables: {VALUE: EXPRESSION}}}
"""
STORE = GivenValues({"ssm": {"/url": "https://a", "/zones": ["a", "b"], "/other": "https://b"}})


def resolve(
    directory: Path,
    expression: str,
    *,
    file: ValueSource | None = None,
    account: ValueSource | None = None,
    overrides: dict[str, str] | None = None,
) -> Function:
    (directory / "template.yaml").write_text(TEMPLATE.replace("EXPRESSION", expression))
    project = open_project(
        directory / "template.yaml",
        parameter_overrides=overrides,
        given_values=file,
        remote_values=account,
    )
    return project.resolve(project.find("F"))


@pytest.mark.parametrize(
    ("expression", "overrides", "value"),
    [
        ("!Ref Url", {"Url": "https://mine"}, "https://mine"),
        ("!Ref Url", {"Url": "/other"}, "/other"),
        ("!Ref Bare", {"Bare": ""}, ""),
        ("!Select [1, !Ref Zones]", {"Zones": "x, y"}, "y"),
    ],
)
def test_an_override_for_an_ssm_parameter_is_its_value(
    tmp_path: Path, expression: str, overrides: dict[str, str], value: str
) -> None:
    """An override for an SSM parameter type is the value, as in sam; constraints apply to names only."""
    variable = resolve(tmp_path, expression, overrides=overrides).environment["VALUE"]
    assert variable.value == value
    assert variable.sources == (f"--parameter-overrides {next(iter(overrides))}",)


@pytest.mark.parametrize(
    ("file", "account", "label"),
    [
        pytest.param(None, STORE, "AWS", id="--resolve-remote"),
        pytest.param(STORE, None, "--resolve-file", id="--resolve-file"),
    ],
)
def test_an_override_is_a_name_if_a_source_has_it(
    tmp_path: Path, file: ValueSource | None, account: ValueSource | None, label: str
) -> None:
    """With an account, or a file that has the name, an override is a name, as in CloudFormation."""
    function = resolve(
        tmp_path, "!Ref Url", file=file, account=account, overrides={"Url": "/other"}
    )
    assert function.environment["VALUE"].value == "https://b"
    assert function.environment["VALUE"].sources == (
        "--parameter-overrides Url",
        f"the SSM parameter `/other` ({label})",
    )


def test_an_override_that_the_file_lacks_is_a_value(tmp_path: Path) -> None:
    """An override that a file of values does not have as a name is a value."""
    function = resolve(tmp_path, "!Ref Url", file=STORE, overrides={"Url": "https://mine"})
    assert function.environment["VALUE"].value == "https://mine"


def test_the_hint_for_an_ssm_parameter_names_all_options(tmp_path: Path) -> None:
    """The hint names all options that give the value."""
    (diagnostic,) = resolve(tmp_path, "!Ref Url").diagnostics
    assert (
        diagnostic.message == "skipping `VALUE`: the SSM parameter `/url` is available only in AWS"
    )
    assert diagnostic.hint == (
        "give the value: --parameter-overrides Url=…; or give it in a file with --resolve-file,"
        " or read it from AWS with --resolve-remote"
    )


def test_an_ssm_parameter_without_default_is_a_parameter_without_value(tmp_path: Path) -> None:
    """An SSM parameter type without a default is reported like any other parameter."""
    (diagnostic,) = resolve(tmp_path, "!Ref Bare").diagnostics
    assert diagnostic.message == "skipping `VALUE`: parameter `Bare` has no value"
    assert diagnostic.hint == "give it one: --parameter-overrides Bare=…"


@pytest.mark.parametrize(
    ("expression", "sources"),
    [
        ("plain", ()),
        ("!Ref Stage", ("--parameter-overrides Stage",)),
        ("!Ref T", ("--parameter-overrides Stage",)),
        ("!Join ['-', [!Ref T, !Ref T]]", ("--parameter-overrides Stage",)),
        ("!If [IsProd, a, b]", ()),
        ("!If [!Equals [!Ref Stage, x], a, !Ref Url]", ("the SSM parameter `/url` (AWS)",)),
        (
            "!Sub '${Stage}{{resolve:ssm:/other}}'",
            ("--parameter-overrides Stage", "the SSM parameter `/other` (AWS)"),
        ),
    ],
)
def test_the_sources_of_a_variable(
    tmp_path: Path, expression: str, sources: tuple[str, ...]
) -> None:
    """Each source is listed once, also for a cached value; conditions are not sources."""
    function = resolve(
        tmp_path, f"{expression}, AGAIN: {expression}", account=STORE, overrides={"Stage": "prod"}
    )
    assert {v.sources for v in function.environment.values()} == {sources}


def test_a_nested_stack_gets_names_of_ssm_parameters(tmp_path: Path) -> None:
    """A value from a parent stack is a name, as in CloudFormation."""
    (tmp_path / "child.yaml").write_text(TEMPLATE.replace("EXPRESSION", "!Ref Url"))
    (tmp_path / "template.yaml").write_text("""
Resources:
  Child:
    Type: AWS::Serverless::Application
    Properties: {Location: child.yaml, Parameters: {Url: /other}}
""")
    project = open_project(tmp_path / "template.yaml", given_values=STORE)
    assert project.resolve(project.find("F")).environment["VALUE"].value == "https://b"
