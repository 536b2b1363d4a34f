from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.cli.commands.validate import find_problems, validate
from samlocal.cli.options.project import ProjectOptions
from samlocal.errors import TemplateNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

PROJECTS = Path(__file__).parents[2] / "projects"

TEMPLATE = """\
Parameters:
  Stage: {Type: String}
Resources:
  F:
    Type: AWS::Lambda::Function
    Properties:
      Role: !Sub arn:aws:iam::${AWS::AccountId}:role/lambda
      Runtime: python3.13
      Handler: app.handler
      Code: {S3Bucket: artifacts, S3Key: code.zip}
      MemorySize: 64
  G:
    Type: AWS::Lambda::Function
    Properties:
      Role: !Sub arn:aws:iam::${AWS::AccountId}:role/lambda
      Runtime: python3.13
      Handler: app.handler
      Code: {S3Bucket: artifacts, S3Key: code.zip}
      Environment: {Variables: {URL: !GetAtt Url.FunctionUrl, STAGE: !Ref Stage}}
  Url:
    Type: AWS::Lambda::Url
    Properties: {AuthType: NONE, TargetFunctionArn: !Ref F}
"""


def problems(path: Path, *overrides: str, lint: bool = True) -> Sequence[tuple[object, ...]]:
    chosen = ProjectOptions(template=path, parameter_overrides=list(overrides))
    found = find_problems(chosen, lint=lint)
    return [
        (problem.severity, problem.rule, problem.place and problem.place.line, problem.message)
        for problem in found
    ]


@pytest.fixture
def template(tmp_path: Path) -> Path:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    return tmp_path / "template.yaml"


def test_the_report_has_our_problems_and_those_of_cfn_lint(template: Path) -> None:
    """Every problem has a severity and a place; cfn-lint's have rules."""
    assert problems(template, "Stage=dev") == [
        ("error", "E3034", 11, "64 is less than the minimum of 128"),
        ("error", None, 11, "`MemorySize` must be a whole number from 128 to 10240, not `64`"),
        (
            "warning",
            None,
            19,
            "skipping `URL`: `Url.FunctionUrl` is known only after deployment",
        ),
    ]


def test_a_missing_parameter_is_a_note(template: Path) -> None:
    """A missing parameter is one note at its declaration, not an error."""
    text = template.read_text().replace("MemorySize: 64", "Layers: [!Ref Stage]")
    template.write_text(text.replace("{URL:", "{STAGE_TOO: !Sub '${Stage}', URL:"))
    found = problems(template, lint=False)
    assert found[0] == ("informational", None, 2, "parameter `Stage` has no value")
    assert [severity for severity, *_ in found] == ["informational", "warning"]


def test_without_lint_only_our_own_are_found(template: Path) -> None:
    """`--no-lint` does not import cfn-lint."""
    assert all(rule is None for _, rule, _, _ in problems(template, "Stage=dev", lint=False))


def test_a_template_that_cannot_be_read_is_one_problem(tmp_path: Path) -> None:
    """A syntax error is reported once, not by samlocal and cfn-lint."""
    (tmp_path / "t.yaml").write_text("Resources:\n\tF: 1\n")
    assert problems(tmp_path / "t.yaml") == [
        (
            "error",
            None,
            2,
            "not valid YAML: found character that cannot start any token",
        )
    ]


def test_given_values_are_not_reported(capfd: pytest.CaptureFixture[str]) -> None:
    """Values in `--resolve-file` are not reported; missing ones are."""
    template = PROJECTS / "sam-ssm" / "template.yaml"
    with pytest.raises(SystemExit) as exited:
        validate(template=template, resolve_file=template.with_name("values.yaml"), lint=False)
    assert exited.value.code == 0
    assert capfd.readouterr() == ("", "No problems found\n")
    assert len(problems(template, lint=False)) == 8


def test_nested_templates_are_checked() -> None:
    """cfn-lint checks every nested template once."""
    found = find_problems(ProjectOptions(template=PROJECTS / "sam-nested" / "template.yaml"))
    paths = {problem.place.path.parent.name for problem in found if problem.place}
    assert {"sam-nested", "workers"} <= paths


@pytest.mark.parametrize(
    ("location", "severity"),
    [
        ("none.yaml", "error"),
        ("!Ref Nope", "error"),
        ("https://example.com/t.yaml", "warning"),
        ("!Ref Location", "informational"),
    ],
)
def test_a_skipped_nested_stack(tmp_path: Path, location: str, severity: str) -> None:
    """A skipped nested stack is an error if its template is wrong, and a note if parameters are missing."""
    (tmp_path / "template.yaml").write_text(f"""
Parameters: {{Location: {{Type: String}}}}
Resources:
  Child: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: {location}}}}}
""")
    ((found, _, line, message),) = problems(tmp_path / "template.yaml", lint=False)
    assert (found, line) == (severity, 4)
    assert str(message).startswith("skipping the nested stack `Child`: ")


def test_no_template_at_all_is_an_error(tmp_path: Path) -> None:
    """A missing template is an error."""
    with pytest.raises(TemplateNotFoundError):
        find_problems(ProjectOptions(template=tmp_path / "none.yaml"))


def test_the_report_for_people(
    template: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report has one line for each problem, its hint below, a summary on stderr, and exit status 1."""
    monkeypatch.chdir(template.parent)
    with pytest.raises(SystemExit) as exited:
        validate(template=template, lint=False)
    assert exited.value.code == 1
    out, err = capfd.readouterr()
    assert out == (
        "template.yaml:2:10: note: parameter `Stage` has no value\n"
        "  hint: give it one: --parameter-overrides Stage=…\n"
        "template.yaml:11:19: error: `MemorySize` must be a whole number from 128 to 10240,"
        " not `64`\n"
        "template.yaml:19:38: warning: skipping `URL`: `Url.FunctionUrl` is known only after"
        " deployment\n"
    )
    assert err == "1 error, 1 warning, 1 note\n"


def test_the_report_for_scripts(template: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """JSON has the same problems with absolute paths."""
    with pytest.raises(SystemExit):
        validate(template=template, lint=False, output="json")
    first, second, _ = json.loads(capfd.readouterr().out)
    assert first == {
        "severity": "informational",
        "rule": None,
        "message": "parameter `Stage` has no value",
        "hint": "give it one: --parameter-overrides Stage=…",
        "path": str(template),
        "line": 2,
        "column": 10,
    }
    assert second["line"] == 11


def test_nothing_to_report(capfd: pytest.CaptureFixture[str]) -> None:
    """A valid template leaves stdout empty and exits with 0."""
    with pytest.raises(SystemExit) as exited:
        validate(template=PROJECTS / "sam-queues" / "template.yaml", lint=False)
    assert exited.value.code == 0
    assert capfd.readouterr() == ("", "No problems found\n")


def test_what_is_not_emulated_is_a_warning() -> None:
    """Features that are not emulated are warnings; unused ones are not mentioned."""
    found = problems(PROJECTS / "unsupported" / "template.yaml", lint=False)
    assert [
        (severity, line, str(message).split(":")[0]) for severity, _, line, message in found
    ] == [
        ("warning", 15, "`DurableConfig` is not emulated"),
    ]
