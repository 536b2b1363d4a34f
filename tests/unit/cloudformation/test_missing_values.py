"""Values that a function lacks: what stops it, what it does without, and what nobody notices."""

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
def test_what_a_function_cannot_run_without(tmp_path: Path, properties: str) -> None:
    """Code, handler, runtime, image, layers and conditions stop a function for want of a parameter."""
    with pytest.raises(MissingParameterError) as caught:
        resolve(tmp_path, properties)
    assert str(caught.value) == f"{tmp_path}/template.yaml:3:6: parameter `P` has no value"
    assert caught.value.hint == "give it one: --parameter-overrides P=…"


def test_what_comes_from_elsewhere_is_not_missed(tmp_path: Path) -> None:
    """A runtime or an image that somebody chooses makes up for one that has no value."""
    for name in ("Runtime", "ImageUri"):
        (tmp_path / "template.yaml").write_text(TEMPLATE.replace("PROPERTIES", f"{name}: !Ref P"))
        project = open_project(tmp_path / "template.yaml")
        assert project.resolve(project.find("F"), replaced=[name]).diagnostics == ()


def test_all_parameters_that_a_function_lacks_are_named_at_once(tmp_path: Path) -> None:
    """Those that it can't run without come first; the line has those of its variables as well."""
    variables = "Variables: {A: !Ref AWS::Region, B: !Sub '${Q}'}"
    with pytest.raises(MissingParameterError) as caught:
        resolve(
            tmp_path,
            f"{{Handler: !Sub '${{P}}.${{Wrong}}', Runtime: !Ref P, Environment: {{{variables}}}}}",
        )
    assert caught.value.message == ("parameter `P` has no value; parameter `Wrong` can't be empty")
    assert caught.value.hint == (
        "give them values: --parameter-overrides P=… Wrong=… Q=…; `Wrong`: must not be empty"
    )
    assert [parameter.name for parameter in caught.value.parameters] == ["P", "Wrong"]


@pytest.mark.parametrize(
    ("properties", "name", "value", "message"),
    [
        ("Timeout: !Ref P", "timeout_seconds", 3, "`Timeout` is 3, its default"),
        ("MemorySize: !Ref P", "memory_mb", 128, "`MemorySize` is 128, its default"),
        ("EphemeralStorage: {Size: !Ref P}", "ephemeral_storage_mb", 512, "`Size` is 512, its"),
        ("EphemeralStorage: !If [C, {}, {}]", "ephemeral_storage_mb", 512, "`EphemeralStorage` is"),
        ("Architectures: [!Ref P]", "architecture", "x86_64", "`Architectures` is x86_64, its"),
        ("FunctionName: !Sub '${P}-f'", "name", "F", "`FunctionName` is left out"),
        ("FileSystemConfigs: [!Ref P]", "file_systems", (), "`FileSystemConfigs` is left out"),
        ("{ImageUri: i, Handler: !Ref P}", "handler", None, "`Handler` is left out"),
        ("Environment: !If [C, {}, {}]", "environment", {}, "`Environment` is left out"),
        ("Environment: {Variables: !Ref P}", "environment", {}, "`Variables` is left out"),
    ],
)
def test_what_a_function_can_do_without(
    tmp_path: Path, properties: str, name: str, value: object, message: str
) -> None:
    """Any other property has its default, and a diagnostic says so."""
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
def test_what_is_of_no_use_here_is_not_missed(tmp_path: Path, properties: str) -> None:
    """A property that nothing reads on this machine leaves nothing to say."""
    assert resolve(tmp_path, properties).diagnostics == ()


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ("Timeout: !Ref Nope", "`Timeout` is 3, its default: nothing is named `Nope`"),
        ("FunctionName: !Sub '${Nope}'", "`FunctionName` is left out: nothing is named `Nope`"),
        ("LoggingConfig: {LogGroup: !Ref Nope}", "`LogGroup` is left out: nothing is named `Nope`"),
        ("Environment: !Ref Nope", "`Environment` is left out: nothing is named `Nope`"),
    ],
)
def test_a_name_that_the_template_lacks_stops_nothing_but_what_needs_it(
    tmp_path: Path, properties: str, message: str
) -> None:
    """A template may be a fragment, or one that a build completes."""
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
        ("!Ref Wrong", "parameter `Wrong` can't be empty"),
        ("!Ref Nope", "nothing is named `Nope`"),
        ("!Sub '${Nope.Arn}'", "no resource `Nope`"),
    ],
)
def test_a_variable_is_left_out_and_its_neighbours_stay(
    tmp_path: Path, expression: str, reason: str
) -> None:
    """What only a variable needs is never fatal: it has no value, and a diagnostic says why."""
    variables = f"{{A: a, VALUE: {expression}, Z: z}}"
    function = resolve(tmp_path, f"Environment: {{Variables: {variables}}}")
    values = {name: variable.value for name, variable in function.environment.items()}
    assert values == {"A": "a", "VALUE": None, "Z": "z"}
    (diagnostic,) = function.diagnostics
    assert diagnostic.message == f"`VALUE` is left out: {reason}"
    assert diagnostic.variables == ("VALUE",)
    assert diagnostic.place is not None


def test_a_parameter_of_a_nested_stack_comes_from_its_parent(tmp_path: Path) -> None:
    """`--parameter-overrides` doesn't reach it, so the hint doesn't name that."""
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


def test_the_condition_of_the_stack_around_a_function_counts(tmp_path: Path) -> None:
    """A nested stack may not exist at all without its parameter."""
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
        ("{C: !Equals [!ImportValue Shared, x]}", "the export `Shared` lives in AWS"),
    ],
)
def test_a_condition_that_cannot_be_decided_counts_as_true(
    tmp_path: Path, conditions: str, reason: str
) -> None:
    """A part of a template, which a pipeline completes, has functions that run."""
    (tmp_path / "template.yaml").write_text(f"""
Conditions: {conditions}
Resources:
  F:
    Type: AWS::Serverless::Function
    Condition: C
""")
    project = open_project(tmp_path / "template.yaml")
    (diagnostic,) = project.resolve(project.find("F")).diagnostics
    assert diagnostic.message == f"the condition of `F` counts as true: {reason}"


def test_what_is_said_of_a_value_is_said_of_the_variables_that_have_it(tmp_path: Path) -> None:
    """Nobody hears of it where all of them have their values from elsewhere; it is said once."""
    names = "Variables: {A: !Ref Pool, B: !Sub '${Pool}/x', C: !Ref P}"
    function = resolve(
        tmp_path, f"Environment: {{{names}}}\n  Pool: {{Type: AWS::ApiGatewayV2::Api}}"
    )
    missing, note = function.diagnostics
    assert note.message.startswith("`Pool` gets its id when it is deployed")
    assert relevant_diagnostics(function.diagnostics, given={"A"}) == (missing, note)
    assert relevant_diagnostics(function.diagnostics, given={"A", "B"}) == (missing,)
