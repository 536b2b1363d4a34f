from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from samlocal.cloudformation.project import CloudFormationProject, open_project
from samlocal.errors import FunctionNotFoundError, ParameterError, ProjectError, TemplateError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cloudformation.conftest import Evaluate

INCLUDE = "{Name: AWS::Include, Parameters: {Location: LOCATION}}"


def project(directory: Path, text: str, **overrides: str) -> CloudFormationProject:
    (directory / "template.yaml").write_text(text)
    return open_project(directory / "template.yaml", parameter_overrides=overrides)


CONDITIONAL = """
Parameters: {Stage: {Type: String, Default: dev}}
Conditions: {IsProd: !Equals [!Ref Stage, prod]}
Resources:
  Alarm: {Type: AWS::Serverless::Function, Condition: IsProd, Properties: {CodeUri: .}}
  Plain: {Type: AWS::Serverless::Function, Properties: {CodeUri: .}}
"""


def test_a_function_with_a_false_condition_does_not_exist(tmp_path: Path) -> None:
    """A function with a false condition is not listed, and the error for it has the reason and the place."""
    dev = project(tmp_path, CONDITIONAL)
    assert [entry.logical_id for entry in dev.functions] == ["Plain"]
    with pytest.raises(
        FunctionNotFoundError, match="is not part of the stack: its condition `IsProd` is false"
    ) as caught:
        dev.find("Alarm")
    assert str(caught.value.place).endswith("template.yaml:5:3")
    prod = project(tmp_path, CONDITIONAL, Stage="prod")
    assert [entry.logical_id for entry in prod.functions] == ["Alarm", "Plain"]


def test_the_error_names_the_only_excluded_function(tmp_path: Path) -> None:
    """Without an identifier, the error names the excluded function."""
    text, _, _ = CONDITIONAL.partition("  Plain:")
    with pytest.raises(FunctionNotFoundError, match="`Alarm` is not part of the stack"):
        project(tmp_path, text).find(None)


def test_a_function_with_an_unknown_condition_exists(tmp_path: Path) -> None:
    """A function whose condition depends on a value in AWS exists."""
    text = CONDITIONAL.replace("!Ref Stage, prod", "!ImportValue stage, prod")
    assert [entry.logical_id for entry in project(tmp_path, text).functions] == ["Alarm", "Plain"]


def test_a_condition_that_needs_a_parameter_stops_only_its_own_function(tmp_path: Path) -> None:
    """A parameter that a condition lacks stops only the functions with that condition."""
    text = CONDITIONAL.replace("{Type: String, Default: dev}", "{Type: String}")
    found = project(tmp_path, text)
    assert found.resolve(found.find("Plain")).logical_id == "Plain"
    with pytest.raises(ParameterError, match="parameter `Stage` has no value"):
        found.resolve(found.find("Alarm"))


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("none.yaml", "no file at `none.yaml`"),
        ("/etc/passwd", "`/etc/passwd` is outside the project"),
        ("../outside.yaml", "`../outside.yaml` is outside the project"),
        ("link.yaml", "`link.yaml` is outside the project"),
        ("broken.yaml", "broken.yaml:1:5: not valid YAML"),
    ],
)
def test_an_include_that_cannot_be_read(tmp_path: Path, location: str, message: str) -> None:
    """An include, also through a symlink, must be inside the project; errors in it have its own place."""
    (tmp_path / "outside.yaml").write_text("A: b")
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    (tmp_path / "inside" / "broken.yaml").write_text("a: [")
    include = INCLUDE.replace("LOCATION", location)
    text = f"Resources: {{F: {{Type: AWS::Lambda::Function, Properties: {{Fn::Transform: {include}}}}}}}"
    found = project(tmp_path / "inside", text)
    with pytest.raises(TemplateError) as caught:
        found.resolve(found.find("F"))
    assert message in str(caught.value)


@pytest.mark.parametrize("beside", ["", "A: b"])
def test_an_include_of_itself_omits_the_variables(tmp_path: Path, beside: str) -> None:
    """A file that includes itself is reported, alone or beside other entries."""
    include = INCLUDE.replace("LOCATION", "more.yaml")
    (tmp_path / "more.yaml").write_text(f"Fn::Transform: {include}\n{beside}\n")
    variables = f"{{Variables: {{Fn::Transform: {include}}}}}"
    found = project(
        tmp_path,
        f"Resources: {{F: {{Type: AWS::Lambda::Function, Properties: {{Environment: {variables}}}}}}}",
    )
    (diagnostic,) = found.resolve(found.find("F")).diagnostics
    assert "more than 100 values refer to one another here" in diagnostic.message


def test_a_repository_is_one_project(tmp_path: Path) -> None:
    """A template may include files from its whole repository."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "shared.yaml").write_text("Handler: shared.handler")
    (tmp_path / "service").mkdir()
    include = INCLUDE.replace("LOCATION", "../shared.yaml")
    text = f"Resources: {{F: {{Type: AWS::Lambda::Function, Properties: {{Fn::Transform: {include}}}}}}}"
    found = project(tmp_path / "service", text)
    assert found.resolve(found.find("F")).handler == "shared.handler"


def test_a_whole_template_may_be_included(tmp_path: Path) -> None:
    """A top-level `Transform` adds the sections of another file."""
    (tmp_path / "more.yaml").write_text("Mappings: {M: {a: {b: from-include}}}")
    include = INCLUDE.replace("LOCATION", "more.yaml")
    found = project(
        tmp_path,
        f"Transform: [AWS::Serverless-2016-10-31, {include}]\n"
        "Resources: {F: {Type: AWS::Lambda::Function, Properties: {Handler: !FindInMap [M, a, b]}}}",
    )
    assert found.resolve(found.find("F")).handler == "from-include"


def test_an_include_from_s3_is_skipped(tmp_path: Path) -> None:
    """An include from S3 is skipped with a diagnostic."""
    include = INCLUDE.replace("LOCATION", "s3://bucket/variables.yaml")
    found = project(
        tmp_path,
        "Resources: {F: {Type: AWS::Lambda::Function, Properties: {Environment: {Variables: "
        f"{{Fn::Transform: {include}}}}}}}}}}}",
    )
    function = found.resolve(found.find("F"))
    assert function.environment == {}
    assert [diagnostic.message for diagnostic in function.diagnostics] == [
        "skipping `Variables`: `s3://bucket/variables.yaml` is available only in AWS"
    ]


@pytest.mark.parametrize(
    ("loop", "message"),
    [
        ("[Name, [a]]", "`Fn::ForEach` takes an identifier, a collection and what to repeat"),
        ("[Name, abc, {}]", "the collection of a loop must be a list, not `abc`"),
        ("[Name, [[a]], {'${Name}': {}}]", "an item of a loop's collection must be a string"),
        ("[Name, [a], b]", "what a loop repeats must be a mapping, not `b`"),
        ("abc", "a loop must be a list, not `abc`"),
    ],
)
def test_a_malformed_loop_is_an_error_with_a_place(tmp_path: Path, loop: str, message: str) -> None:
    """The error for a malformed loop has the place of the fault."""
    with pytest.raises(TemplateError, match=message) as caught:
        project(tmp_path, f"Resources:\n  Fn::ForEach::L: {loop}").find("F")
    assert caught.value.place is not None
    assert caught.value.place.line == 2


def test_loops_over_the_limit_of_entries_are_refused(tmp_path: Path) -> None:
    """Five nested loops over twenty values are refused at the limit of entries."""
    body = "{'R${A}${B}${C}${D}${E}': {Type: AWS::SNS::Topic}}"
    values = "[" + ", ".join(str(n) for n in range(20)) + "]"
    for name in "EDCBA":
        body = f"{{'Fn::ForEach::{name}': [{name}, {values}, {body}]}}"
    with pytest.raises(TemplateError, match="loops generate more than 20,000 entries"):
        project(tmp_path, f"Resources: {body}").find("F")


def test_a_loop_over_an_unknown_value_is_skipped(tmp_path: Path) -> None:
    """A loop over an unknown value is skipped with a diagnostic, and the rest is read."""
    text = """
Resources:
  Fn::ForEach::Topics: [Name, !Split [",", !ImportValue names], {"${Name}": {Type: AWS::SNS::Topic}}]
  F: {Type: AWS::Lambda::Function, Properties: {Handler: app.handler}}
"""
    found = project(tmp_path, text)
    assert found.resolve(found.find("F")).handler == "app.handler"
    assert [diagnostic.message for diagnostic in found.diagnostics] == [
        "skipping some entries here: the export `names` is available only in AWS"
    ]


def test_properties_may_be_an_expression(evaluate: Evaluate) -> None:
    """`Fn::If` may give the whole mapping of properties."""
    function = evaluate(
        "!If [Yes, a, b]",
        """
        Conditions: {Yes: !Equals [a, a]}
        """,
        resources="""
        G:
          Type: AWS::Serverless::Function
          Properties:
            Environment: !If [Yes, {Variables: {A: b}}, !Ref AWS::NoValue]
        """,
    )
    assert function.environment["VALUE"].value == "a"


def test_globals_that_sam_refuses_do_not_apply(tmp_path: Path) -> None:
    """Global properties that SAM refuses, such as `FunctionName`, do not apply."""
    text = """
Globals: {Function: {FunctionName: all, Handler: app.handler, Architectures: [arm64]}}
Resources:
  F: {Type: AWS::Serverless::Function, Properties: {Architectures: [x86_64]}}
"""
    found = project(tmp_path, text)
    function = found.resolve(found.find("F"))
    assert (function.name, function.handler, function.architecture) == (
        "F",
        "app.handler",
        "x86_64",
    )


IGNORING = """
Globals: {Function: {Handler: app.handler, Timeout: 30, Runtime: python3.11}}
Resources:
  F:
    Type: AWS::Serverless::Function
    IgnoreGlobals: %s
    Properties: {Timeout: 7}
"""


@pytest.mark.parametrize(
    ("ignored", "handler", "runtime", "timeout"),
    [
        ('"*"', None, None, 7),
        ("[Handler]", None, "python3.11", 7),
        ("[Handler, Timeout, Runtime]", None, None, 7),
        ("[]", "app.handler", "python3.11", 7),
        ("", "app.handler", "python3.11", 7),
    ],
)
def test_a_function_can_ignore_globals(
    tmp_path: Path, ignored: str, handler: str | None, runtime: str | None, timeout: int
) -> None:
    """`IgnoreGlobals: "*"` ignores all global properties, a list the ones it names."""
    found = project(tmp_path, IGNORING % ignored)
    function = found.resolve(found.find("F"))
    actual = (function.handler, function.runtime, function.timeout_seconds)
    assert actual == (handler, runtime, timeout)


@pytest.mark.parametrize(
    ("ignored", "message", "hint"),
    [
        pytest.param(
            "[Handlr]",
            "`IgnoreGlobals` names `Handlr`, which `Globals.Function` does not have",
            "did you mean `Handler`?",
            id="unknown",
        ),
        pytest.param(
            "all",
            '`IgnoreGlobals` must be "*" or a list of properties, not `all`',
            None,
            id="another word",
        ),
    ],
)
def test_only_globals_can_be_ignored(
    tmp_path: Path, ignored: str, message: str, hint: str | None
) -> None:
    """`IgnoreGlobals` with a property that is not global is an error, as in SAM."""
    found = project(tmp_path, IGNORING % ignored)
    with pytest.raises(TemplateError) as caught:
        found.resolve(found.find("F"))
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_a_duplicate_key_is_reported(tmp_path: Path) -> None:
    """The later of two resources with one name applies, with a diagnostic."""
    text = """
Resources:
  F: {Type: AWS::Lambda::Function, Properties: {Handler: first}}
  F: {Type: AWS::Lambda::Function, Properties: {Handler: second}}
"""
    found = project(tmp_path, text)
    assert found.resolve(found.find("F")).handler == "second"
    (diagnostic,) = found.diagnostics
    assert diagnostic.message == "`F` is given twice: the later value applies"
    assert str(diagnostic.place).endswith("template.yaml:4:3")


@pytest.mark.parametrize(
    "text",
    [
        "Resources: [a]",
        "Resources: {F: a}",
        "Resources: {F: {Type: [a]}}",
        "Resources: {F: {Type: AWS::Lambda::Function, Properties: a}}",
        "Resources: {F: {Type: AWS::Lambda::Function, Properties: {Layers: a}}}",
        "Resources: {F: {Type: AWS::Lambda::Function, Properties: {Code: {S3Bucket: a}}}}",
        "Resources: {F: {Type: AWS::Lambda::Function, Properties: {Environment: {Variables: 1}}}}",
        "Resources: {F: {Type: AWS::Lambda::Function, Metadata: a, Condition: [b]}}",
        "Globals: a\nResources: {F: {Type: AWS::Serverless::Function}}",
        "Globals: {Function: a}\nResources: {F: {Type: AWS::Serverless::Function}}",
        "Parameters: a\nResources: {F: {Type: AWS::Lambda::Function, Properties: {Handler: !Ref A}}}",
        "Conditions: a\nResources: {F: {Type: AWS::Lambda::Function, Condition: A}}",
        "Transform: {a: b}\nResources: {F: {Type: AWS::Serverless::Function}}",
        "a",
        "[a]",
    ],
)
def test_a_malformed_template_raises_only_own_errors(tmp_path: Path, text: str) -> None:
    """A value of any wrong type raises only samlocal's own errors."""
    with suppress(ProjectError):
        found = project(tmp_path, text)
        found.resolve(found.find("F"))
