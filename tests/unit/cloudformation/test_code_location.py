from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from samlocal.cloudformation.project import open_project
from samlocal.errors import CodeNotFoundError
from samlocal.function import Function, ImageBuild, ImageCode, LocalCode, S3Code

if TYPE_CHECKING:
    from pathlib import Path


def function_with(directory: Path, properties: str, more: str = "") -> Function:
    (directory / "template.yaml").write_text(
        "Resources:\n  F:\n    Type: AWS::Serverless::Function\n"
        f"    Properties: {{{properties}}}\n{more}"
    )
    project = open_project(directory / "template.yaml")
    return project.resolve(project.find("F"))


@pytest.mark.parametrize(
    ("properties", "path"),
    [
        ("Handler: a.b", "."),
        ("CodeUri: src", "src"),
        ("CodeUri: ./src/", "src"),
        ("CodeUri: ../src", "../src"),
        ("CodeUri: /opt/src", "/opt/src"),
        ("CodeUri: !Sub 'src/${AWS::Region}'", "src/us-east-1"),
        ("CodeUri: !Ref AWS::NoValue", "."),
        ("CodeUri: build/f.jar", "build/f.jar"),
        ("Code: {}", "."),
        ("CodeUri: ''", "."),
        ("CodeUri: 'file://src'", "src"),
    ],
)
def test_code_on_this_machine(tmp_path: Path, properties: str, path: str) -> None:
    """Relative paths start from the template's directory, which is also the default."""
    code = function_with(tmp_path, properties).code
    assert isinstance(code, LocalCode)
    assert code.path == (tmp_path / path).resolve()


@pytest.mark.parametrize(
    ("properties", "version"),
    [
        ("CodeUri: 's3://b/k/x.zip'", None),
        ("CodeUri: 's3://b/k/x.zip?versionId=v1'", "v1"),
        ("CodeUri: {Bucket: b, Key: k/x.zip, Version: 3}", "3"),
        ("CodeUri: {S3Bucket: b, S3Key: !Join ['/', [k, x.zip]]}", None),
    ],
)
def test_code_in_s3(tmp_path: Path, properties: str, version: str | None) -> None:
    """SAM's and CloudFormation's properties for an object in S3 are equivalent."""
    code = function_with(tmp_path, properties).code
    assert isinstance(code, S3Code)
    assert (code.bucket, code.key, code.version) == ("b", "k/x.zip", version)


@pytest.mark.parametrize(
    "properties",
    [
        "PackageType: Image, ImageUri: repository/image:tag",
        "ImageUri: repository/image:tag",
        "Code: {ImageUri: repository/image:tag}",
    ],
)
def test_code_in_an_image(tmp_path: Path, properties: str) -> None:
    """An image URI makes a function an image function."""
    code = function_with(tmp_path, properties).code
    assert isinstance(code, ImageCode)
    assert code.uri == "repository/image:tag"


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ("CodeUri: 's3://bucket'", "`s3://bucket` is not an S3 object"),
        ("CodeUri: {Bucket: b}", "the function's code location is missing"),
        (
            "CodeUri: !ImportValue place",
            "the function's code location cannot be resolved locally: the export `place` is available only in AWS",
        ),
        (
            "CodeUri: {Bucket: !ImportValue bucket, Key: k}",
            "the function's code location cannot be resolved locally: the export `bucket` is available only in AWS",
        ),
    ],
)
def test_code_without_a_location_is_an_error(tmp_path: Path, properties: str, message: str) -> None:
    """Code without a valid location is an error with a place."""
    with pytest.raises(CodeNotFoundError) as caught:
        function_with(tmp_path, properties)
    assert caught.value.message == message
    assert caught.value.place is not None
    assert caught.value.place.line == 4


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ("", "the template does not give its location"),
        ("Content: {S3Bucket: b}", "the layer's content location is missing"),
        (
            "ContentUri: !ImportValue place",
            "the layer's content location cannot be resolved locally: the export `place` is available only in AWS",
        ),
    ],
)
def test_a_layer_without_a_location_is_skipped(
    tmp_path: Path, properties: str, message: str
) -> None:
    """The function is resolved without the layer, with a diagnostic."""
    layer = f"  L: {{Type: AWS::Lambda::LayerVersion, Properties: {{{properties}}}}}\n"
    function = function_with(tmp_path, "Layers: [!Ref L]", layer)
    assert function.layers == ()
    (diagnostic,) = function.diagnostics
    assert diagnostic.message == f"skipping the layer `L`: {message}"


def test_image_of_a_cdk_app_without_metadata(tmp_path: Path) -> None:
    """The asset manifest gives the build of an image by its tag in ECR."""
    uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/assets:0a1b"
    template = {
        "Resources": {
            "F": {
                "Type": "AWS::Lambda::Function",
                "Properties": {"PackageType": "Image", "Code": {"ImageUri": uri}},
            }
        }
    }
    source = {
        "directory": "asset.0a1b",
        "dockerFile": "docker/Dockerfile",
        "dockerBuildArgs": {"MODEL": "small"},
        "dockerBuildTarget": "run",
    }
    image = {"source": source, "destinations": {"here": {"imageTag": "0a1b"}}}
    (tmp_path / "Shop.template.json").write_text(json.dumps(template))
    (tmp_path / "Shop.assets.json").write_text(json.dumps({"dockerImages": {"0a1b": image}}))
    project = open_project(tmp_path / "Shop.template.json")

    code = project.resolve(project.find("F")).code

    assert isinstance(code, ImageCode)
    assert code.uri == uri
    assert code.build == ImageBuild(
        context=tmp_path / "asset.0a1b",
        dockerfile="docker/Dockerfile",
        target="run",
        build_args={"MODEL": "small"},
    )


def test_arguments_for_the_docker_cli_are_skipped(tmp_path: Path) -> None:
    """`DockerBuildExtraParams` has no effect, and a diagnostic reports it."""
    more = "    Metadata:\n      Dockerfile: Dockerfile\n      DockerBuildExtraParams: [--ssh, default]\n"
    function = function_with(tmp_path, "PackageType: Image", more)
    (diagnostic,) = function.diagnostics
    assert diagnostic.message.startswith("skipping `DockerBuildExtraParams`")
    assert (diagnostic.place and diagnostic.place.line, diagnostic.hint) == (
        7,
        "build the image with `sam build`",
    )
