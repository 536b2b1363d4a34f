from __future__ import annotations

from pathlib import Path

import pytest

from samlocal.cloudformation.project import CloudFormationProject, open_project
from samlocal.diagnostics import relevant_diagnostics
from samlocal.errors import AmbiguousFunctionError, FunctionNotFoundError, TemplateError

PROJECTS = Path(__file__).parents[2] / "projects"


def nested(directory: Path, **templates: str) -> CloudFormationProject:
    for name, text in templates.items():
        (directory / f"{name}.yaml").write_text(text)
    return open_project(directory / "template.yaml")


def stack(location: str, more: str = "") -> str:
    return f"""
Resources:
  Child:
    Type: AWS::CloudFormation::Stack
    Properties: {{TemplateURL: {location}{more}}}
"""


def test_a_function_in_two_stacks_is_ambiguous() -> None:
    """The error lists the full paths of the candidates, and each path works."""
    project = open_project(PROJECTS / "sam-nested" / "template.yaml")
    assert project.find("Health").full_path == "Health"
    assert project.find("Orders/Health").logical_id == "Health"
    jobs = open_project(PROJECTS / "cfn-nested" / "template.yaml")
    with pytest.raises(AmbiguousFunctionError, match="`Job` matches 2 functions") as caught:
        jobs.find("Job")
    assert caught.value.hint == "use a full path: `Jobs/Job`, `MoreJobs/Job`"


@pytest.mark.parametrize(
    "identifier", ["ModerationHandler701D4134", "Handler", "Moderation/Handler"]
)
def test_a_construct_in_two_stacks_of_an_app_is_ambiguous(identifier: str) -> None:
    """The CDK's identifiers are compared in every stack."""
    project = open_project(PROJECTS / "cdk-ratings" / "cdk.out")
    with pytest.raises(AmbiguousFunctionError) as caught:
        project.find(identifier)
    assert caught.value.hint == "use a full path: `RatingsStack/Handler`, `ThumbnailsStack/Handler`"


@pytest.mark.parametrize(
    "identifier",
    ["Ratings", "Ratings9CD1D222", "ratings-api", "RatingsStack/Ratings"],
)
def test_a_function_of_a_cdk_app_has_many_names(identifier: str) -> None:
    """The construct's id and path, the logical id and the function's name all work."""
    project = open_project(PROJECTS / "cdk-ratings" / "cdk.out")
    assert project.find(identifier).full_path == "RatingsStack/Ratings"


def test_one_template_of_an_assembly_is_a_project_too() -> None:
    """The template of one stack needs no stack name in identifiers."""
    project = open_project(PROJECTS / "cdk-ratings" / "cdk.out" / "RatingsStack.template.json")
    assert [entry.full_path for entry in project.functions] == [
        "Ratings",
        "Handler",
        "Inline",
        "Reports/Report",
    ]


@pytest.mark.parametrize(
    ("templates", "message"),
    [
        pytest.param(
            {"template": stack("none.yaml")},
            "template.yaml:5:31: no template at `none.yaml`",
            id="none",
        ),
        pytest.param(
            {"template": stack("template.yaml")},
            "template.yaml:5:31: `template.yaml` is nested in itself",
            id="itself",
        ),
        pytest.param(
            {"template": stack("a.yaml"), "a": stack("b.yaml"), "b": stack("./a.yaml")},
            "b.yaml:5:31: `./a.yaml` is nested in itself",
            id="circle",
        ),
        pytest.param(
            {"template": stack("a.yaml"), "a": "Resources: ["},
            "a.yaml:1:13: not valid YAML",
            id="yaml",
        ),
        pytest.param(
            {"template": stack("a.yaml"), "a": "{}"}, "a.yaml:1:1: the template has no", id="empty"
        ),
        pytest.param(
            {"template": stack("!Ref Nope")}, "template.yaml:5:31: no parameter", id="name"
        ),
    ],
)
def test_only_a_nested_stack_that_cannot_be_read_is_skipped(
    tmp_path: Path, templates: dict[str, str], message: str
) -> None:
    """The unread stack has the place of its error, and other functions run without a diagnostic."""
    function = "  F: {Type: AWS::Lambda::Function, Properties: {Code: .}}\n"
    project = nested(tmp_path, **{**templates, "template": templates["template"] + function})
    (left_out,) = project.unread
    reason = left_out.diagnostic.message.partition(": ")[2]
    assert message in f"{left_out.diagnostic.place}: {reason}"
    assert left_out.is_error
    entry = project.find("F")
    assert (*project.resolve(entry).diagnostics, *project.diagnostics_for(entry)) == ()


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("https://s3.amazonaws.com/b/t.yaml", "`https://s3.amazonaws.com/b/t.yaml` is not on this"),
        ("!Sub 'https://${Bucket}/t.yaml'", "parameter `Bucket` has no value"),
        ("!ImportValue Location", "the export `Location` is available only in AWS"),
        ("[a]", "`TemplateURL` is not on this machine"),
    ],
)
def test_an_unread_stack_is_reported_for_functions_that_use_its_outputs(
    tmp_path: Path, location: str, reason: str
) -> None:
    """Variables that use outputs of an unread stack are omitted; the stack is reported once, first."""
    project = nested(
        tmp_path,
        template=stack(location)
        + """
  F:
    Type: AWS::Lambda::Function
    Properties:
      Code: .
      Environment:
        Variables: {A: !GetAtt Child.Outputs.A, B: !Sub '${Child.Outputs.B}', C: c}
  Plain: {Type: AWS::Lambda::Function, Properties: {Code: .}}
Parameters: {Bucket: {Type: String}}
""",
    )
    plain, function = (project.resolve(project.find(name)) for name in ("Plain", "F"))
    assert (*plain.diagnostics, *project.diagnostics_for(project.find("Plain"))) == ()
    first, *others = relevant_diagnostics(function.diagnostics, given=())
    assert first.message.startswith(f"skipping the nested stack `Child`: {reason}")
    assert [diagnostic.message for diagnostic in others] == [
        "skipping `A`: `Child.Outputs.A` is an output of a stack that is not read",
        "skipping `B`: `Child.Outputs.B` is an output of a stack that is not read",
    ]
    assert relevant_diagnostics(function.diagnostics, given={"A", "B"}) == ()


def test_the_error_for_a_missing_function_names_unread_stacks(tmp_path: Path) -> None:
    """The error for a function that is not found names the stacks that are not read."""
    project = nested(tmp_path, template=stack("s3://b/t") + "  G: {Type: AWS::Lambda::Function}\n")
    with pytest.raises(FunctionNotFoundError, match="no function `Child/F`") as caught:
        project.find("Child/F")
    assert caught.value.hint == (
        "the template has `G`;"
        " skipping the nested stack `Child`: `s3://b/t` is not on this machine"
        " (template.yaml:5:31)"
    )


def test_a_function_has_the_diagnostics_of_its_stacks_only(tmp_path: Path) -> None:
    """A function gets the diagnostics of its own stack, its parents and the stacks whose outputs it uses."""
    twice = "Resources: {T: {Type: AWS::SNS::Topic}, T: {Type: AWS::SNS::Topic}}\n"
    project = nested(
        tmp_path,
        template=stack("a.yaml")
        + """
  Other: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: b.yaml}}
  F:
    Type: AWS::Lambda::Function
    Properties: {Code: ., Environment: {Variables: {A: !GetAtt Child.Outputs.O}}}
""",
        a=twice + "Outputs: {O: {Value: o}}",
        b=twice,
    )
    entry = project.find("F")
    assert project.resolve(entry).environment["A"].value == "o"
    (diagnostic,) = project.diagnostics_for(entry)
    assert diagnostic.place is not None
    assert diagnostic.place.path.name == "a.yaml"
    assert len(project.diagnostics) == 2


def test_too_many_nested_stacks_are_refused(tmp_path: Path) -> None:
    """Stacks that double at each of ten levels are refused."""
    twice = "Resources:\n" + "".join(
        f"  S{n}: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: NEXT}}}}\n"
        for n in range(2)
    )
    templates = {f"t{level}": twice.replace("NEXT", f"t{level + 1}.yaml") for level in range(10)}
    project = nested(tmp_path, template=stack("t0.yaml"), **templates, t10="Resources: {}")
    with pytest.raises(TemplateError, match="too many nested stacks"):
        project.find("F")


def test_a_missing_output_is_reported_with_a_suggestion(tmp_path: Path) -> None:
    """A missing output of a nested stack is reported with the most similar name."""
    project = nested(
        tmp_path,
        template=stack("a.yaml")
        + """
  F:
    Type: AWS::Lambda::Function
    Properties: {Code: ., Environment: {Variables: {A: !GetAtt Child.Outputs.Tabel}}}
""",
        a="Resources: {}\nOutputs: {Table: {Value: x}}",
    )
    (diagnostic,) = project.resolve(project.find("F")).diagnostics
    assert diagnostic.message == "skipping `A`: `a.yaml` has no output `Tabel`"
    assert diagnostic.hint == "did you mean `Table`?"


def test_stacks_that_depend_on_each_other_are_an_error(tmp_path: Path) -> None:
    """Two nested stacks with each other's outputs as parameters are an error."""
    child = """
Parameters: {P: {Type: String}}
Resources: {F: {Type: AWS::Lambda::Function, Properties: {Code: ., Handler: !Ref P}}}
Outputs: {O: {Value: !Ref P}}
"""
    project = nested(
        tmp_path,
        template=stack("a.yaml", ", Parameters: {P: !GetAtt Other.Outputs.O}")
        + stack("a.yaml", ", Parameters: {P: !GetAtt Child.Outputs.O}")
        .replace("Child:", "Other:")
        .replace("Resources:", ""),
        a=child,
    )
    with pytest.raises(TemplateError, match="refer to one another"):
        project.resolve(project.find("Child/F"))


def test_a_nested_stack_with_a_false_condition_is_not_read(tmp_path: Path) -> None:
    """The functions of a nested stack with a false condition do not exist, and its template is not read."""
    text = stack("none.yaml").replace("Type:", "Condition: Never\n    Type:")
    project = nested(tmp_path, template=text + "Conditions: {Never: !Equals [a, b]}")
    assert project.functions == ()


def test_the_error_for_a_missing_function_names_a_skipped_loop(tmp_path: Path) -> None:
    """The error names the parameter that a loop lacks, and how to give it."""
    project = nested(
        tmp_path,
        template="""
Parameters: {Names: {Type: CommaDelimitedList}}
Resources:
  Fn::ForEach::Loop: [Name, !Ref Names, {"F${Name}": {Type: AWS::Serverless::Function}}]
  G: {Type: AWS::Lambda::Function}
""",
    )
    with pytest.raises(FunctionNotFoundError, match="no function `Fa`") as caught:
        project.find("Fa")
    assert caught.value.hint == (
        "the template has `G`;"
        " skipping some entries here: parameter `Names` has no value (template.yaml:4:29);"
        " give it one: --parameter-overrides Names=…"
    )
