from __future__ import annotations

from pathlib import Path

import pytest

from samlocal.errors import AmbiguousFunctionError, TemplateError
from samlocal.project.project import Project, open_project

PROJECTS = Path(__file__).parents[2] / "projects"


def nested(directory: Path, **templates: str) -> Project:
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


def test_a_function_is_ambiguous_where_two_stacks_have_it() -> None:
    """The full paths of the candidates are listed, and each of them works."""
    project = open_project(PROJECTS / "sam-nested" / "template.yaml")
    assert project.find("Health").full_path == "Health"
    assert project.find("Orders/Health").logical_id == "Health"
    jobs = open_project(PROJECTS / "cfn-nested" / "template.yaml")
    with pytest.raises(AmbiguousFunctionError, match="`Job` names 2 functions") as caught:
        jobs.find("Job")
    assert caught.value.hint == "use a full path: `Jobs/Job`, `MoreJobs/Job`"


@pytest.mark.parametrize(
    "identifier", ["ModerationHandler701D4134", "Handler", "Moderation/Handler"]
)
def test_a_construct_is_ambiguous_where_two_stacks_of_an_app_have_it(identifier: str) -> None:
    """The CDK's identifiers are looked at in every stack."""
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
    """With `-t` on a single stack there is no stack to name."""
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
        pytest.param({"template": stack("a.yaml"), "a": "{}"}, "has no `Resources`", id="empty"),
        pytest.param({"template": stack("[a]")}, None, id="list"),
    ],
)
def test_a_nested_stack_that_cannot_be_read(
    tmp_path: Path, templates: dict[str, str], message: str | None
) -> None:
    """The place is where the nested stack is named, or in its own file."""
    project = nested(tmp_path, **templates)
    if message is None:
        assert "is left out" in project.findings[0].message
        return
    with pytest.raises(TemplateError) as caught:
        project.find("F")
    assert message in str(caught.value)


def test_a_family_of_nested_stacks_that_grows_without_end_is_refused(tmp_path: Path) -> None:
    """Ten levels of templates that each nest the next one twice are too many."""
    twice = "Resources:\n" + "".join(
        f"  S{n}: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: NEXT}}}}\n"
        for n in range(2)
    )
    templates = {f"t{level}": twice.replace("NEXT", f"t{level + 1}.yaml") for level in range(10)}
    project = nested(tmp_path, template=stack("t0.yaml"), **templates, t10="Resources: {}")
    with pytest.raises(TemplateError, match="too many nested stacks"):
        project.find("F")


def test_an_output_that_a_nested_stack_lacks_is_left_out_with_a_suggestion(tmp_path: Path) -> None:
    """An output that the nested template hasn't got is named."""
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
    (finding,) = project.resolve(project.find("F")).findings
    assert finding.message == "`A` is left out: `a.yaml` has no output `Tabel`"
    assert finding.hint == "did you mean `Table`?"


def test_stacks_that_depend_on_each_other_are_an_error(tmp_path: Path) -> None:
    """Outputs that are each other's parameters end in an error, not in a hang."""
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
    with pytest.raises(TemplateError, match="depend on one another"):
        project.resolve(project.find("Child/F"))


def test_a_nested_stack_whose_condition_fails_is_no_part(tmp_path: Path) -> None:
    """Its functions don't exist, and its template isn't even read."""
    text = stack("none.yaml").replace("Type:", "Condition: Never\n    Type:")
    project = nested(tmp_path, template=text + "Conditions: {Never: !Equals [a, b]}")
    assert project.functions == ()
