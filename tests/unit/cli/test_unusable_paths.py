"""Paths that the system does not take, wherever a project names one: errors with their place, as for missing files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from samlocal.artifacts.code import make_code_directory
from samlocal.cli.project_diagnostics import find_own_problems
from samlocal.cli.samconfig import read_config
from samlocal.cloudformation.project import open_project
from samlocal.documents.read_files import recorded_files
from samlocal.engine.images.build_context import read_dockerfile
from samlocal.errors import ConfigError, ImageBuildError, ProjectError
from samlocal.function import ImageCode
from samlocal.project.parameter_overrides import parse_parameter_overrides
from samlocal.serverless.project import open_project as open_service
from samlocal.serverless.variables.context import VariableContext

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from samlocal.errors import Place
    from samlocal.project.project import Project

Resource = dict[str, Any]

# `loop` is a link to itself.
PATHS: Final = {
    "nul": "a\0b",
    "name": "x" * 300,
    "whole": "x/" * 3000,
    "loop": "loop/x",
}
CODE: Final[Resource] = {"Runtime": "python3.13", "Handler": "app.handler"}


def function(metadata: Resource | None = None, **properties: object) -> Resource:
    resource = {"Type": "AWS::Serverless::Function", "Properties": {**CODE, **properties}}
    return resource | ({"Metadata": metadata} if metadata else {})


def image(**metadata: str) -> Resource:
    return {
        "Type": "AWS::Serverless::Function",
        "Metadata": {"Dockerfile": "Dockerfile", **metadata},
        "Properties": {"PackageType": "Image"},
    }


def asset(kind: str, property_name: str, path: str, **properties: object) -> Resource:
    metadata = {"aws:asset:path": path, "aws:asset:property": property_name}
    return {"Type": kind, "Metadata": metadata, "Properties": properties}


def include(path: str) -> Resource:
    return {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": path}}}


def templates(path: str) -> dict[str, Resource]:
    """Return the resources of a template for each of the properties that name a path."""
    layer = "AWS::Serverless::LayerVersion"
    stack = "AWS::CloudFormation::Stack"
    url = {"Fn::Sub": "https://bucket/${AWS::Region}"}
    plain = {"Runtime": "python3.13", "Handler": "app.handler", "Code": {"S3Bucket": "b"}}
    web = {"Runtime": "python3.13", "CodeUri": ".", "EntryPoint": "app.py"}
    api = {"StageName": "dev"}
    return {
        "Location": {
            "N": {"Type": "AWS::Serverless::Application", "Properties": {"Location": path}}
        },
        "TemplateURL": {"N": {"Type": stack, "Properties": {"TemplateURL": path}}},
        "TemplateURL-asset": {"N": asset(stack, "TemplateURL", path, TemplateURL=url)},
        "CodeUri": {"F": function(CodeUri=path)},
        "CodeUri-archive": {"F": function(CodeUri=f"{path}.zip")},
        "Code-asset": {"F": asset("AWS::Lambda::Function", "Code", path, **plain)},
        "DefinitionUri": {
            "A": {"Type": "AWS::Serverless::Api", "Properties": {**api, "DefinitionUri": path}}
        },
        "DefinitionUri-http": {
            "A": {"Type": "AWS::Serverless::HttpApi", "Properties": {"DefinitionUri": path}}
        },
        "BodyS3Location-asset": {"A": asset("AWS::ApiGateway::RestApi", "BodyS3Location", path)},
        "Include-body": {
            "A": {
                "Type": "AWS::Serverless::Api",
                "Properties": {**api, "DefinitionBody": include(path)},
            }
        },
        "Include-property": {"F": function(Environment=include(path))},
        "ContentUri": {
            "F": function(Layers=[{"Ref": "L"}]),
            "L": {"Type": layer, "Properties": {"ContentUri": path}},
        },
        "Content-asset": {
            "F": function(Layers=[{"Ref": "L"}]),
            "L": asset("AWS::Lambda::LayerVersion", "Content", path),
        },
        "DockerContext": {"F": image(DockerContext=path)},
        "Dockerfile": {"F": image(DockerContext=".", Dockerfile=path)},
        "CodeUri-web": {
            "W": {"Type": "AWS::Serverless::WebFunction", "Properties": {**web, "CodeUri": path}}
        },
    }


def services(path: str) -> dict[str, Resource]:
    """Return a service for each of the settings that name a path."""

    def of(
        setting: Resource | None = None, runtime: str = "python3.13", **more: object
    ) -> Resource:
        provider = {"name": "aws", "runtime": runtime}
        functions = {"f": {"handler": "app.handler", **(setting or {})}}
        return {"service": "s", "provider": provider, "functions": functions, **more}

    images = {"ecr": {"images": {"main": {"path": path}}}}
    return {
        "file-text": of({"environment": {"A": f"${{file({path})}}"}}),
        "file-data": of({"environment": {"A": f"${{file({path}.yml):a}}"}}),
        "file-program": of({"environment": {"A": f"${{file({path}.js):a}}"}}),
        "resources": of(resources=[f"${{file({path}.yml)}}"]),
        "handler": of({"handler": f"{path}.handler"}),
        "handler-node": of({"handler": f"{path}.handler"}, runtime="nodejs22.x"),
        "artifact": of({"package": {"artifact": path}}, runtime="java21"),
        "layer": of({"layers": [{"Ref": "LLambdaLayer"}]}, layers={"l": {"path": path}}),
        "image": {
            "service": "s",
            "provider": {"name": "aws", **images},
            "functions": {"f": {"image": "main"}},
        },
        "dotenv": of(frameworkVersion="4", useDotenv=[path]),
    }


def places(project: Project) -> Iterator[Place | None]:
    """Yield the places of all that is wrong with a project, its code and its images included."""
    for problem in find_own_problems(project):
        yield problem.place
    for diagnostic in (*project.read_apis().diagnostics, *project.read_web_functions().diagnostics):
        yield diagnostic.place
    for api in project.read_apis().apis:
        yield from (each.place for each in api.failures)
    for entry in project.functions:
        try:
            code = project.resolve(entry).code
            if isinstance(code, ImageCode):
                assert code.build is not None
                read_dockerfile(code.build)
            else:
                make_code_directory(code, runtime=None, cache=project.path.parent / "cache")
        except ProjectError as error:
            yield error.place
        except ImageBuildError:
            yield entry.place


def prepare(directory: Path, name: str, content: Resource) -> Path:
    (directory / "loop").symlink_to("loop")
    (directory / "app.py").write_text("handler = None\n")
    (directory / "Dockerfile").write_text("FROM scratch\n")
    path = directory / name
    path.write_text(json.dumps(content, indent=1))
    return path


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
@pytest.mark.parametrize("name", templates(""))
def test_paths_in_templates(tmp_path: Path, name: str, path: str) -> None:
    """Each property that names a path is an error with its place in the template, and its file is not watched in vain."""
    resources = templates(path)[name]
    template = prepare(tmp_path, "template.json", {"Resources": resources})
    with recorded_files() as files:
        found = [place for place in places(open_project(template)) if place]
    assert found
    assert {place.path for place in found} == {template}
    assert not [file for file in files if "\0" in str(file)]


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
@pytest.mark.parametrize("name", services(""))
def test_paths_in_services(tmp_path: Path, name: str, path: str) -> None:
    """So is each setting of a service."""
    service = prepare(tmp_path, "serverless.json", services(path)[name])
    with recorded_files() as files:
        try:
            project = open_service(service, context=VariableContext(options={}))
            found = [place for place in places(project) if place]
        except ProjectError as error:
            found = [error.place] if error.place else []
    assert found
    assert {place.path for place in found} == {service}
    assert not [file for file in files if "\0" in str(file)]


@pytest.mark.parametrize("name", ["Handler", "FunctionName"])
def test_nul_in_a_variable_of_the_runtime(tmp_path: Path, name: str) -> None:
    """What becomes a variable of the runtime has no NUL: no program would start."""
    properties: Resource = {name: "a\0.b"}
    template = prepare(tmp_path, "template.json", {"Resources": {"F": function(**properties)}})
    project = open_project(template)
    with pytest.raises(ProjectError, match=f"`{name}` has a NUL character") as caught:
        project.resolve(project.find("F"))
    assert caught.value.place is not None


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::ApiGateway::RestApi", {"Name": "a\0b"}),
        ("AWS::ApiGateway::RestApi", {"Body": {"info": {"title": "a\0b"}, "paths": {"/": {}}}}),
        ("AWS::ApiGatewayV2::Api", {"ProtocolType": "HTTP", "Name": "a\0b", "Body": {"paths": {}}}),
        ("AWS::Serverless::Api", {"StageName": "dev", "Variables": {"a": "a\0b"}}),
        ("AWS::Serverless::HttpApi", {"StageVariables": {"a": "a\0b"}}),
    ],
    ids=["name", "title", "name-http", "variable-rest", "variable-http"],
)
def test_nul_in_a_text_of_an_api(tmp_path: Path, kind: str, properties: Resource) -> None:
    """An API whose texts no process gets is served whole."""
    resources = {"A": {"Type": kind, "Properties": properties}}
    template = prepare(tmp_path, "template.json", {"Resources": resources})
    (api,) = open_project(template).read_apis().apis
    assert not [each.message for each in api.failures if "NUL" in each.message]


@pytest.mark.parametrize("option", ["static_dir", "template_file", "env_vars", "jwks"])
def test_nul_in_samconfig(tmp_path: Path, option: str) -> None:
    """No option has a NUL: samconfig is the only place where one could."""
    path = tmp_path / "samconfig.toml"
    path.write_text(f'[default.global.parameters]\n{option} = "a\\u0000b"\n')
    with pytest.raises(ConfigError, match=f"`{option}`") as caught:
        read_config(path, "default", ["local", "start-api"], known={option: option})
    assert str(caught.value.place) == f"{path}:2:1"


def test_parameter_file_of_too_long_a_name() -> None:
    """A file of parameters that cannot exist is missing."""
    with pytest.raises(ProjectError, match="no parameter file"):
        parse_parameter_overrides([f"file://{PATHS['name']}"])
