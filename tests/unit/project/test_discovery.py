from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from samlocal.cloudformation.project import open_project
from samlocal.errors import TemplateError, TemplateNotFoundError
from samlocal.project.discovery import SERVERLESS_NAMES, find_template, is_serverless

TEMPLATE = "Resources: {F: {Type: AWS::Serverless::Function, Properties: {CodeUri: src}}}"

MISSING_TEMPLATE = """{"artifacts": {"S": {
  "type": "aws:cloudformation:stack", "properties": {"templateFile": "none.json"}
}}}"""
IN_ITSELF = """{"artifacts": {"A": {
  "type": "cdk:cloud-assembly", "properties": {"directoryName": "."}
}}}"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose build is newer than all its sources."""
    for name in ("template.yaml", "src/app.py", ".aws-sam/build/template.yaml", "README.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TEMPLATE if name.endswith("yaml") else "")
        os.utime(path, (1000, 1000))
    os.utime(tmp_path / ".aws-sam/build/template.yaml", (2000, 2000))
    return tmp_path


def test_a_build_is_used_and_reported(project: Path) -> None:
    """The output of `sam build` is preferred, and one diagnostic reports it."""
    found = open_project(directory=project)
    assert found.path == project / ".aws-sam/build/template.yaml"
    (diagnostic,) = found.diagnostics
    assert (diagnostic.message, diagnostic.hint) == ("using the build in `.aws-sam/build`", None)


@pytest.mark.parametrize("name", ["src/app.py", "src/lib/new.py", "template.yaml"])
def test_a_build_older_than_its_source_is_reported(project: Path, name: str) -> None:
    """The diagnostic names the newer file, and the hint two remedies."""
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).touch()
    (diagnostic,) = open_project(directory=project).diagnostics
    assert (
        diagnostic.message == f"using the build in `.aws-sam/build`, which is older than `{name}`"
    )
    assert diagnostic.hint == "run `sam build` again, or use the source: -t template.yaml"


@pytest.mark.parametrize(
    "name", ["README.md", "src/node_modules/x.js", "src/.cache/x", "event.json"]
)
def test_other_files_do_not_make_a_build_outdated(project: Path, name: str) -> None:
    """A changed event or installed package does not make a build outdated."""
    (project / name).parent.mkdir(parents=True, exist_ok=True)
    (project / name).touch()
    (diagnostic,) = open_project(directory=project).diagnostics
    assert diagnostic.message == "using the build in `.aws-sam/build`"


def test_the_source_is_used_when_it_is_named(project: Path) -> None:
    """`-t template.yaml` reads that file, without a diagnostic about the build."""
    found = open_project(project / "template.yaml")
    assert found.path == project / "template.yaml"
    assert found.diagnostics == ()


def test_a_broken_source_does_not_hide_a_build(project: Path) -> None:
    """A source that cannot be read does not prevent the use of the build."""
    (project / "template.yaml").write_text("Resources: [")
    os.utime(project / "template.yaml", (1000, 1000))
    assert open_project(directory=project).find("F").logical_id == "F"


def test_a_cdk_app_is_found_by_its_output(tmp_path: Path) -> None:
    """Without a template, `cdk.out` is read."""
    (tmp_path / "cdk.out").symlink_to(
        Path(__file__).parents[2] / "projects" / "cdk-ratings" / "cdk.out"
    )
    assert open_project(directory=tmp_path).path == tmp_path / "cdk.out"


def test_a_directory_with_a_template_is_a_project(project: Path) -> None:
    """`-t DIRECTORY` searches that directory for the template."""
    assert open_project(project / "src" / "..").find("F").logical_id == "F"


def test_a_directory_without_a_template_is_an_error(tmp_path: Path) -> None:
    """An empty directory is an error."""
    with pytest.raises(TemplateNotFoundError, match="no template in"):
        open_project(tmp_path)


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ("{", "manifest.json:1:2: not valid JSON"),
        ("{}", "manifest.json` has no stacks"),
        ('{"artifacts": []}', "`artifacts` must be a mapping, not a list"),
        (
            '{"artifacts": {"S": {"type": "aws:cloudformation:stack", "properties": {}}}}',
            "manifest.json:1:21: stack `S` has no `templateFile`",
        ),
        (MISSING_TEMPLATE, "no template at"),
        (IN_ITSELF, "the assemblies are nested too deeply"),
    ],
)
def test_a_malformed_assembly_is_an_error(tmp_path: Path, manifest: str, message: str) -> None:
    """The error for a malformed manifest has a place."""
    (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises((TemplateError, TemplateNotFoundError)) as caught:
        open_project(tmp_path)
    assert message in str(caught.value)


def test_a_stack_without_resources_is_ignored(tmp_path: Path) -> None:
    """A CDK stack without resources is ignored, because the CDK does not deploy it."""
    names = ("Empty", "App")
    artifacts = {
        name: {
            "type": "aws:cloudformation:stack",
            "properties": {"templateFile": f"{name}.template.json"},
        }
        for name in names
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    (tmp_path / "Empty.template.json").write_text('{"Parameters": {}, "Rules": {}}')
    (tmp_path / "App.template.json").write_text(
        '{"Resources": {"F": {"Type": "AWS::Lambda::Function"}}}'
    )
    project = open_project(tmp_path)
    assert [entry.full_path for entry in project.functions] == ["App/F"]


def test_a_stage_is_a_nested_assembly(tmp_path: Path) -> None:
    """The stacks of a stage are found, with the account and region of their environment."""
    (tmp_path / "manifest.json").write_text(
        '{"artifacts": {"assembly-Prod": {"type": "cdk:cloud-assembly",'
        ' "properties": {"directoryName": "assembly-Prod"}}}}'
    )
    (tmp_path / "assembly-Prod").mkdir()
    (tmp_path / "assembly-Prod" / "manifest.json").write_text(
        '{"artifacts": {"ProdApp": {"type": "aws:cloudformation:stack",'
        ' "environment": "aws://210987654321/eu-west-1",'
        ' "properties": {"templateFile": "ProdApp.template.json", "stackName": "Prod-App"}}}}'
    )
    (tmp_path / "assembly-Prod" / "ProdApp.template.json").write_text(
        '{"Resources": {"F": {"Type": "AWS::Lambda::Function"}}}'
    )
    project = open_project(tmp_path)
    function = project.resolve(project.find("F"))
    assert function.full_path == "Prod-App/F"
    assert (function.region, function.account_id) == ("eu-west-1", "210987654321")
    assert (
        open_project(tmp_path, region="us-west-2").resolve(project.find("F")).region == "us-west-2"
    )


def test_a_service_is_found_after_all_others(tmp_path: Path) -> None:
    """SAM comes first, then the CDK, then the names of Serverless in its order."""
    for name in reversed(SERVERLESS_NAMES):
        (tmp_path / name).touch()
        assert find_template(tmp_path) == tmp_path / name
    (tmp_path / "cdk.out").mkdir()
    (tmp_path / "cdk.out/manifest.json").touch()
    assert find_template(tmp_path) == tmp_path / "cdk.out"
    (tmp_path / "template.json").touch()
    assert find_template(tmp_path) == tmp_path / "template.json"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("serverless.yml", "", True),
        ("other.ts", "", True),
        ("other.yml", "service: a\nprovider: aws\n", True),
        ("other.yml", "'service' : a\n\"provider\": aws\n", True),
        ("other.json", '{"service": "a", "provider": "aws"}', True),
        ("other.yml", "# c\n{service: a, provider: aws}\n", True),
        ("other.yml", "provider: aws\nfunctions: {}\n", True),
        (
            "other.json",
            '{"service": "a", "provider": "aws", "resources": {"Resources": {}}}',
            True,
        ),
        ("other.json", '{"service": "a", "provider": "aws",}', True),
        ("other.json", '{"Resources": {"A": {"service": "a", "provider": "aws"}}}', False),
        ("other.yml", "service: a\nprovider: aws\nResources: {}\n", False),
        ("other.yml", TEMPLATE, False),
        ("other.yml", "service: a\n", False),
        ("template.yml", "service: a\nprovider: aws\n", False),
        ("other.yml", None, False),
    ],
)
def test_a_service_is_told_by_name_or_content(
    tmp_path: Path, name: str, text: str | None, expected: object
) -> None:
    """A file of any name that has a service and a provider is a service."""
    if text is not None:
        (tmp_path / name).write_text(text)
    assert is_serverless(tmp_path / name) is expected
