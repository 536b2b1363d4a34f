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


def test_a_function_whose_condition_does_not_hold_does_not_exist(tmp_path: Path) -> None:
    """It isn't listed, and asking for it says why and where."""
    dev = project(tmp_path, CONDITIONAL)
    assert [entry.logical_id for entry in dev.functions] == ["Plain"]
    with pytest.raises(
        FunctionNotFoundError, match="is not part of the stack: its condition `IsProd` is false"
    ) as caught:
        dev.find("Alarm")
    assert str(caught.value.place).endswith("template.yaml:5:3")
    prod = project(tmp_path, CONDITIONAL, Stage="prod")
    assert [entry.logical_id for entry in prod.functions] == ["Alarm", "Plain"]


def test_where_all_conditions_are_false_the_only_function_is_named(tmp_path: Path) -> None:
    """Without an identifier, an excluded function is what was meant."""
    text, _, _ = CONDITIONAL.partition("  Plain:")
    with pytest.raises(FunctionNotFoundError, match="`Alarm` is not part of the stack"):
        project(tmp_path, text).find(None)


def test_a_function_whose_condition_cannot_be_known_exists(tmp_path: Path) -> None:
    """Where AWS would have to be asked, the function can be run."""
    text = CONDITIONAL.replace("!Ref Stage, prod", "!ImportValue stage, prod")
    assert [entry.logical_id for entry in project(tmp_path, text).functions] == ["Alarm", "Plain"]


def test_a_condition_that_needs_a_parameter_stops_only_its_own_function(tmp_path: Path) -> None:
    """The other functions can be run without it."""
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
    """Includes, links and all, stay inside the project, and errors in them have their own place."""
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
def test_an_include_of_itself_leaves_the_variables_out(tmp_path: Path, beside: str) -> None:
    """A file that includes itself, alone and beside other entries, isn't followed without end."""
    include = INCLUDE.replace("LOCATION", "more.yaml")
    (tmp_path / "more.yaml").write_text(f"Fn::Transform: {include}\n{beside}\n")
    variables = f"{{Variables: {{Fn::Transform: {include}}}}}"
    found = project(
        tmp_path,
        f"Resources: {{F: {{Type: AWS::Lambda::Function, Properties: {{Environment: {variables}}}}}}}",
    )
    (diagnostic,) = found.resolve(found.find("F")).diagnostics
    assert "more than 100 values depend on one another here" in diagnostic.message


def test_a_repository_is_one_project(tmp_path: Path) -> None:
    """What is shared in a repository may be included from anywhere in it."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "shared.yaml").write_text("Handler: shared.handler")
    (tmp_path / "service").mkdir()
    include = INCLUDE.replace("LOCATION", "../shared.yaml")
    text = f"Resources: {{F: {{Type: AWS::Lambda::Function, Properties: {{Fn::Transform: {include}}}}}}}"
    found = project(tmp_path / "service", text)
    assert found.resolve(found.find("F")).handler == "shared.handler"


def test_a_whole_template_may_be_included(tmp_path: Path) -> None:
    """`Transform` at the top adds the sections of another file."""
    (tmp_path / "more.yaml").write_text("Mappings: {M: {a: {b: from-include}}}")
    include = INCLUDE.replace("LOCATION", "more.yaml")
    found = project(
        tmp_path,
        f"Transform: [AWS::Serverless-2016-10-31, {include}]\n"
        "Resources: {F: {Type: AWS::Lambda::Function, Properties: {Handler: !FindInMap [M, a, b]}}}",
    )
    assert found.resolve(found.find("F")).handler == "from-include"


def test_an_include_from_s3_is_left_out_and_said(tmp_path: Path) -> None:
    """What is in a bucket isn't read."""
    include = INCLUDE.replace("LOCATION", "s3://bucket/variables.yaml")
    found = project(
        tmp_path,
        "Resources: {F: {Type: AWS::Lambda::Function, Properties: {Environment: {Variables: "
        f"{{Fn::Transform: {include}}}}}}}}}}}",
    )
    function = found.resolve(found.find("F"))
    assert function.environment == {}
    assert [diagnostic.message for diagnostic in function.diagnostics] == [
        "`Variables` is left out: `s3://bucket/variables.yaml` lives in AWS"
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
    """What a loop lacks is named where it stands."""
    with pytest.raises(TemplateError, match=message) as caught:
        project(tmp_path, f"Resources:\n  Fn::ForEach::L: {loop}").find("F")
    assert caught.value.place is not None
    assert caught.value.place.line == 2


def test_loops_that_multiply_without_end_are_refused(tmp_path: Path) -> None:
    """Five loops in each other over twenty values are stopped before they fill the memory."""
    body = "{'R${A}${B}${C}${D}${E}': {Type: AWS::SNS::Topic}}"
    values = "[" + ", ".join(str(n) for n in range(20)) + "]"
    for name in "EDCBA":
        body = f"{{'Fn::ForEach::{name}': [{name}, {values}, {body}]}}"
    with pytest.raises(TemplateError, match="loops make more than 20,000 entries"):
        project(tmp_path, f"Resources: {body}").find("F")


def test_a_loop_over_something_unknown_is_left_out_and_said(tmp_path: Path) -> None:
    """The rest of the template still works."""
    text = """
Resources:
  Fn::ForEach::Topics: [Name, !Split [",", !ImportValue names], {"${Name}": {Type: AWS::SNS::Topic}}]
  F: {Type: AWS::Lambda::Function, Properties: {Handler: app.handler}}
"""
    found = project(tmp_path, text)
    assert found.resolve(found.find("F")).handler == "app.handler"
    assert [diagnostic.message for diagnostic in found.diagnostics] == [
        "some entries are left out here: the export `names` lives in AWS"
    ]


def test_properties_may_be_an_expression(evaluate: Evaluate) -> None:
    """`Fn::If` may stand for a whole mapping."""
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


def test_globals_that_sam_refuses_do_not_count(tmp_path: Path) -> None:
    """A global `FunctionName` would give all functions one name."""
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
def test_a_function_can_do_without_globals(
    tmp_path: Path, ignored: str, handler: str | None, runtime: str | None, timeout: int
) -> None:
    """`IgnoreGlobals` is `*`, or a list of properties."""
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
def test_what_is_no_global_cannot_be_ignored(
    tmp_path: Path, ignored: str, message: str, hint: str | None
) -> None:
    """SAM refuses it as well."""
    found = project(tmp_path, IGNORING % ignored)
    with pytest.raises(TemplateError) as caught:
        found.resolve(found.find("F"))
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_a_key_that_stands_twice_is_said(tmp_path: Path) -> None:
    """The second resource of a name hides the first, and a diagnostic says so."""
    text = """
Resources:
  F: {Type: AWS::Lambda::Function, Properties: {Handler: first}}
  F: {Type: AWS::Lambda::Function, Properties: {Handler: second}}
"""
    found = project(tmp_path, text)
    assert found.resolve(found.find("F")).handler == "second"
    (diagnostic,) = found.diagnostics
    assert diagnostic.message == "`F` is here a second time; this one counts"
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
def test_a_template_of_another_shape_never_ends_in_a_traceback(tmp_path: Path, text: str) -> None:
    """Whatever has a wrong type, only samlocal's own errors come out."""
    with suppress(ProjectError):
        found = project(tmp_path, text)
        found.resolve(found.find("F"))
