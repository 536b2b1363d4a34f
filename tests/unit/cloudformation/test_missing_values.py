"""Values that a function lacks: those that stop it, those with a default, and those without effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.cloudformation.project import open_project
from samlocal.diagnostics import relevant_diagnostics
from samlocal.errors import MissingParameterError

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.function import Function

TEMPLATE = """
Parameters:
  P: {Type: String}
  Q: {Type: String}
  Wrong: {Type: String, Default: "", AllowedPattern: ".+", ConstraintDescription: must not be empty}
Conditions: {C: !Equals [!Ref P, x]}
Mappings: {M: {a: {b: c}}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      PROPERTIES
  L: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: !Ref P}}
  M: {Type: AWS::Serverless::LayerVersion, Properties: {LayerName: !Ref P, ContentUri: m,
      CompatibleRuntimes: [!Ref P], CompatibleArchitectures: !Ref P}}
  T: {Type: AWS::DynamoDB::Table, Properties: {TableName: !Sub '${P}-table'}}
  A: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref Nope, Name: live}}
"""


def resolve(directory: Path, properties: str, **overrides: str) -> Function:
    (directory / "template.yaml").write_text(TEMPLATE.replace("PROPERTIES", properties))
    project = open_project(directory / "template.yaml", parameter_overrides=overrides)
    return project.resolve(project.find("F"))


@pytest.mark.parametrize(
    "properties",
    [
        "Handler: !Ref P",
        "Handler: !If [C, a, b]",
        "Handler: !FindInMap [M, !Ref P, b]",
        "Runtime: !Ref P",
        "CodeUri: !Ref P",
        "CodeUri: {Bucket: b, Key: !Sub 'a/${P}.zip'}",
        "InlineCode: !Sub 'print(${P})'",
        "PackageType: !Ref P",
        "ImageUri: !Ref P",
        "{ImageUri: i, ImageConfig: {Command: [!Ref P]}}",
        "{ImageUri: i, ImageConfig: !Ref P}",
        "Layers: [!Ref P]",
        "Layers: [!Ref L]",
        "Layers: !If [C, [a], [b]]",
        "Fn::If: [C, {}, {}]",
        "{}\n    Condition: C",
    ],
)
def test_a_function_cannot_run_without_a_needed_parameter(tmp_path: Path, properties: str) -> None:
    """A missing parameter for code, handler, runtime, image, layers or a condition stops the function."""
    with pytest.raises(MissingParameterError) as caught:
        resolve(tmp_path, properties)
    assert str(caught.value) == f"{tmp_path}/template.yaml:3:6: parameter `P` has no value"
    assert caught.value.hint == "give it one: --parameter-overrides P=…"


def test_a_replaced_property_is_not_needed(tmp_path: Path) -> None:
    """A given runtime or image replaces one without a value."""
    for name in ("Runtime", "ImageUri"):
        (tmp_path / "template.yaml").write_text(TEMPLATE.replace("PROPERTIES", f"{name}: !Ref P"))
        project = open_project(tmp_path / "template.yaml")
        assert project.resolve(project.find("F"), replaced=[name]).diagnostics == ()


def test_the_error_names_all_missing_parameters(tmp_path: Path) -> None:
    """The error names the needed parameters; the hint has those of the variables too."""
    variables = "Variables: {A: !Ref AWS::Region, B: !Sub '${Q}'}"
    with pytest.raises(MissingParameterError) as caught:
        resolve(
            tmp_path,
            f"{{Handler: !Sub '${{P}}.${{Wrong}}', Runtime: !Ref P, Environment: {{{variables}}}}}",
        )
    assert caught.value.message == ("parameter `P` has no value; parameter `Wrong` cannot be empty")
    assert caught.value.hint == (
        "give them values: --parameter-overrides P=… Wrong=… Q=…; `Wrong`: must not be empty"
    )
    assert [parameter.name for parameter in caught.value.parameters] == ["P", "Wrong"]


@pytest.mark.parametrize(
    ("properties", "name", "value", "message"),
    [
        ("Timeout: !Ref P", "timeout_seconds", 3, "using the default 3 for `Timeout`"),
        ("MemorySize: !Ref P", "memory_mb", 128, "using the default 128 for `MemorySize`"),
        (
            "EphemeralStorage: {Size: !Ref P}",
            "ephemeral_storage_mb",
            512,
            "using the default 512 for `Size`",
        ),
        (
            "EphemeralStorage: !If [C, {}, {}]",
            "ephemeral_storage_mb",
            512,
            "skipping `EphemeralStorage`",
        ),
        (
            "Architectures: [!Ref P]",
            "architecture",
            "x86_64",
            "using the default x86_64 for `Architectures`",
        ),
        ("FunctionName: !Sub '${P}-f'", "name", "F", "skipping `FunctionName`"),
        ("FileSystemConfigs: [!Ref P]", "file_systems", (), "skipping `FileSystemConfigs`"),
        ("{ImageUri: i, Handler: !Ref P}", "handler", None, "skipping `Handler`"),
        ("Environment: !If [C, {}, {}]", "environment", {}, "skipping `Environment`"),
        ("Environment: {Variables: !Ref P}", "environment", {}, "skipping `Variables`"),
    ],
)
def test_other_properties_get_their_defaults(
    tmp_path: Path, properties: str, name: str, value: object, message: str
) -> None:
    """Any other property gets its default, with a diagnostic."""
    function = resolve(tmp_path, properties)
    assert getattr(function, name) == value
    (diagnostic,) = function.diagnostics
    assert diagnostic.message.startswith(message)
    assert diagnostic.message.endswith(": parameter `P` has no value")
    assert diagnostic.hint == "give it one: --parameter-overrides P=…"


@pytest.mark.parametrize(
    "properties",
    [
        "Tags: {a: !Ref P}",
        "Policies: [!Ref P]",
        "Events: !Ref P",
        "VpcConfig: {SubnetIds: !Ref P}",
        "Role: !Sub '${P}'",
        "AutoPublishAlias: !Ref P",
        "KmsKeyArn: !Ref Nope",
        "Layers: [!Ref M]",
    ],
)
def test_an_unused_property_causes_no_diagnostic(tmp_path: Path, properties: str) -> None:
    """A missing value in a property that samlocal does not use causes no diagnostic."""
    assert resolve(tmp_path, properties).diagnostics == ()


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        (
            "Timeout: !Ref Nope",
            "using the default 3 for `Timeout`: no parameter or resource `Nope`",
        ),
        (
            "FunctionName: !Sub '${Nope}'",
            "skipping `FunctionName`: no parameter or resource `Nope`",
        ),
        (
            "LoggingConfig: {LogGroup: !Ref Nope}",
            "skipping `LogGroup`: no parameter or resource `Nope`",
        ),
        ("Environment: !Ref Nope", "skipping `Environment`: no parameter or resource `Nope`"),
    ],
)
def test_a_missing_name_is_reported_for_its_property_only(
    tmp_path: Path, properties: str, message: str
) -> None:
    """A name that the template lacks causes a diagnostic for the property, not an error."""
    (diagnostic,) = resolve(tmp_path, properties).diagnostics
    assert diagnostic.message == message


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("!Ref P", "parameter `P` has no value"),
        ("!Sub '${P}/${Q}/${P}'", "parameters `P` and `Q` have no value"),
        ("!Join ['-', [!Ref P, !Ref Q]]", "parameters `P` and `Q` have no value"),
        ("!If [C, a, b]", "parameter `P` has no value"),
        ("!If [!Equals [!Ref P, !Ref Q], a, b]", "parameters `P` and `Q` have no value"),
        ("!FindInMap [M, !Ref P, !Ref Q]", "parameters `P` and `Q` have no value"),
        ("!FindInMap [M, a, nope]", "the mappings have no `M.a.nope`"),
        ("!Ref T", "parameter `P` has no value"),
        ("!GetAtt T.Arn", "parameter `P` has no value"),
        ("!Ref Wrong", "parameter `Wrong` cannot be empty"),
        ("!Ref Nope", "no parameter or resource `Nope`"),
        ("!Sub '${Nope.Arn}'", "no resource `Nope`"),
    ],
)
def test_an_unknown_variable_is_omitted_and_others_stay(
    tmp_path: Path, expression: str, reason: str
) -> None:
    """A variable with an unknown value is omitted with a reason; the other variables stay."""
    variables = f"{{A: a, VALUE: {expression}, Z: z}}"
    function = resolve(tmp_path, f"Environment: {{Variables: {variables}}}")
    values = {name: variable.value for name, variable in function.environment.items()}
    assert values == {"A": "a", "VALUE": None, "Z": "z"}
    (diagnostic,) = function.diagnostics
    assert diagnostic.message == f"skipping `VALUE`: {reason}"
    assert diagnostic.variables == ("VALUE",)
    assert diagnostic.place is not None


def test_a_parameter_of_a_nested_stack_comes_from_its_parent(tmp_path: Path) -> None:
    """The hint names the parent stack, because `--parameter-overrides` does not apply to nested stacks."""
    child = TEMPLATE.replace("PROPERTIES", "{Handler: !Ref P, Runtime: !Ref Q}")
    (tmp_path / "child.yaml").write_text(child)
    (tmp_path / "template.yaml").write_text("""
Parameters: {Outer: {Type: String}}
Resources:
  Child:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: child.yaml, Parameters: {Q: !Ref Outer}}
""")
    project = open_project(tmp_path / "template.yaml")
    with pytest.raises(MissingParameterError) as caught:
        project.resolve(project.find("F"))
    assert caught.value.message == "parameters `Outer` and `P` have no value"
    assert caught.value.hint == (
        "give them values: --parameter-overrides Outer=…;"
        " the nested stack `Child` must be given `P`"
    )


def test_the_condition_of_a_functions_stack_needs_its_parameter(tmp_path: Path) -> None:
    """A function needs the parameter in the condition of its nested stack."""
    (tmp_path / "child.yaml").write_text("Resources: {F: {Type: AWS::Serverless::Function}}")
    (tmp_path / "template.yaml").write_text("""
Parameters: {P: {Type: String}}
Conditions: {C: !Equals [!Ref P, x]}
Resources:
  Child:
    Type: AWS::Serverless::Application
    Condition: C
    Properties: {Location: child.yaml}
""")
    project = open_project(tmp_path / "template.yaml")
    with pytest.raises(MissingParameterError, match="parameter `P` has no value"):
        project.resolve(project.find("F"))
    given = open_project(tmp_path / "template.yaml", parameter_overrides={"P": "x"})
    assert given.resolve(given.find("F")).diagnostics == ()


@pytest.mark.parametrize(
    ("conditions", "reason"),
    [
        ("{}", "no condition `C`"),
        ("{C: !Equals [!ImportValue Shared, x]}", "the export `Shared` is available only in AWS"),
    ],
)
def test_a_condition_that_cannot_be_resolved_is_assumed_true(
    tmp_path: Path, conditions: str, reason: str
) -> None:
    """A function runs if its condition cannot be resolved locally, with a diagnostic."""
    (tmp_path / "template.yaml").write_text(f"""
Conditions: {conditions}
Resources:
  F:
    Type: AWS::Serverless::Function
    Condition: C
""")
    project = open_project(tmp_path / "template.yaml")
    (diagnostic,) = project.resolve(project.find("F")).diagnostics
    assert diagnostic.message == f"the condition of `F` is assumed to be true: {reason}"


def test_a_shared_diagnostic_has_all_its_variables(tmp_path: Path) -> None:
    """The diagnostic of a shared value is shown once, and not if all its variables are overridden."""
    names = "Variables: {A: !Ref Pool, B: !Sub '${Pool}/x', C: !Ref P}"
    function = resolve(
        tmp_path, f"Environment: {{{names}}}\n  Pool: {{Type: AWS::ApiGatewayV2::Api}}"
    )
    missing, note = function.diagnostics
    assert note.message.startswith("`Pool` gets its id at deployment")
    assert relevant_diagnostics(function.diagnostics, given={"A"}) == (missing, note)
    assert relevant_diagnostics(function.diagnostics, given={"A", "B"}) == (missing,)
