from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.cli.commands.list_functions import list_functions
from tests.unit.cli.golden import check_golden

if TYPE_CHECKING:
    from tests.unit.cli.conftest import InProject

PROJECTS = Path(__file__).parents[2] / "projects"


def test_a_cdk_app_as_a_table(capfd: pytest.CaptureFixture[str]) -> None:
    """The table shows paths relative to the app's output."""
    list_functions(template=PROJECTS / "cdk-ratings" / "cdk.out")
    lines = capfd.readouterr().out.splitlines()
    assert lines[0].split() == ["FUNCTION", "NAME", "RUNTIME", "HANDLER", "CODE", "DEFINED", "AT"]
    assert [line.split()[0] for line in lines[1:]] == [
        "RatingsStack/Ratings",
        "RatingsStack/Handler",
        "RatingsStack/Inline",
        "RatingsStack/Reports/Report",
        "ThumbnailsStack/Thumbnails",
        "ThumbnailsStack/Handler",
    ]
    assert lines[1].split()[1:4] == ["ratings-api", "python3.11", "app.handler"]
    assert lines[1].split()[4].startswith("asset.")
    assert lines[1].split()[5] == "RatingsStack.template.json:107"
    assert "(in the template)" in lines[3]


def test_a_function_that_cannot_be_read_is_listed_with_the_reason(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A function with a missing parameter is listed with the reason, beside the others."""
    text = (PROJECTS / "sam-basic" / "template.yaml").read_text()
    (tmp_path / "template.yaml").write_text(text.replace("S3Key: reviews.zip", "S3Key: !Ref Token"))
    list_functions(template=tmp_path / "template.yaml")
    assert capfd.readouterr().out == (
        "FUNCTION  NAME         RUNTIME     HANDLER      CODE                              DEFINED AT\n"
        "Ratings   dev-ratings  python3.11  app.handler  src                               template.yaml:23\n"
        "Reviews   Reviews      -           -            (parameter `Token` has no value)  template.yaml:37\n"
    )


def test_a_template_nested_twice_has_one_diagnostic(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The diagnostic of a template that is nested twice is shown once."""
    (tmp_path / "template.yaml").write_text(
        "Resources:\n"
        "  A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: child.yaml}}\n"
        "  B: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: child.yaml}}\n"
    )
    (tmp_path / "child.yaml").write_text(
        "Resources:\n"
        "  C: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: https://x/c.yaml}}\n"
    )
    list_functions(template=tmp_path / "template.yaml")
    assert capfd.readouterr().err.count("skipping the nested stack `C`") == 1


def test_a_function_whose_condition_is_false_is_listed_with_the_reason(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A function whose condition is false is listed last, with its condition."""
    template = PROJECTS / "sam-stages" / "template.yaml"
    list_functions(template=template, parameter_overrides=["Stage=prod"])
    assert capfd.readouterr().out == (
        "FUNCTION  NAME  RUNTIME     HANDLER      CODE                              DEFINED AT\n"
        "Web       Web   python3.11  web.handler  src                               template.yaml:17\n"
        "Seed      Seed  -           -            (its condition `IsDev` is false)  template.yaml:32\n"
    )


def test_a_function_whose_variable_lacks_a_parameter_is_listed(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A function whose variable needs a missing parameter is listed, with a diagnostic."""
    list_functions(template=PROJECTS / "sam-basic" / "template.yaml", output="json")
    reviews = json.loads(capfd.readouterr().out)[1]
    assert reviews["handler"] == "index.handler"
    assert reviews["diagnostics"] == ["skipping `TOKEN`: parameter `Token` has no value"]


def test_a_function_whose_condition_is_false_has_an_error_for_scripts(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """In JSON, an excluded function has its identifiers and an `error`."""
    template = PROJECTS / "sam-stages" / "template.yaml"
    list_functions(template=template, parameter_overrides=["Stage=prod"], output="json")
    _, seed = json.loads(capfd.readouterr().out)
    assert (seed["full_path"], seed["error"]) == ("Seed", "its condition `IsDev` is false")


@pytest.mark.parametrize(("output", "stdout"), [("text", b""), ("json", b"[]\n")])
def test_a_template_without_functions_is_reported(
    project: InProject, output: str, stdout: bytes
) -> None:
    """A template without functions has no table, but a line on stderr."""
    ended = project("broken-no-functions")("list", "functions", "--output", output)
    assert (ended.exit_code, ended.stdout) == (0, stdout)
    assert ended.stderr == "The template has no functions\n"


def test_functions_for_scripts(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """JSON has all identifiers and absolute paths."""
    text = (PROJECTS / "sam-basic" / "template.yaml").read_text()
    path = tmp_path / "template.yaml"
    path.write_text(text.replace("S3Key: reviews.zip", "S3Key: !Ref Token"))
    list_functions(template=path, output="json")
    ratings, reviews = json.loads(capfd.readouterr().out)
    assert ratings == {
        "full_path": "Ratings",
        "logical_id": "Ratings",
        "function_id": None,
        "function_name": "dev-ratings",
        "construct_path": None,
        "place": {"path": str(path), "line": 23, "column": 3},
        "runtime": "python3.11",
        "handler": "app.handler",
        "architecture": "x86_64",
        "memory_mb": 512,
        "timeout_seconds": 10,
        "code": {"path": str(path.parent / "src")},
        "diagnostics": [],
    }
    assert reviews["error"] == f"{path}:10:5: parameter `Token` has no value"


@pytest.mark.parametrize(
    ("project", "code"),
    [
        (
            "sam-image",
            {"image": None, "build": {"context": "inference", "dockerfile": "Dockerfile"}},
        ),
        ("sam-packaged", {"bucket": "artifacts", "key": "5f2d9c/uploaded.zip", "version": None}),
        ("cfn-inline", {"inline": "exports.handler = async () => 'us-east-1';\n"}),
    ],
)
def test_every_kind_of_code(
    project: str, code: dict[str, object], capfd: pytest.CaptureFixture[str]
) -> None:
    """Images, S3 objects and inline code each have their own form."""
    list_functions(template=PROJECTS / project, output="json")
    first = json.loads(capfd.readouterr().out)[0]["code"]
    if isinstance(first.get("build"), dict):
        first["build"]["context"] = Path(first["build"]["context"]).name
    assert first == code


@pytest.mark.parametrize(
    ("name", "command"),
    [
        pytest.param("help-list", ["list"], id="list"),
        pytest.param("help-list-functions", ["list", "functions"], id="list functions"),
        pytest.param("help-validate", ["validate"], id="validate"),
    ],
)
def test_help(project: InProject, name: str, command: list[str]) -> None:
    """The help has the expected text on a terminal of 80 columns."""
    ended = project("sam-basic")(*command, "--help")
    assert (ended.exit_code, ended.stderr) == (0, "")
    check_golden(name, ended.stdout.decode())
