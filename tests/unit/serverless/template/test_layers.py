"""Layers of a service and of its functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.errors import LayerError, ProjectError
from samlocal.function import LocalCode, S3Code
from tests.unit.serverless.services import resolved, write_service

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.function import Function

ARN = "arn:aws:lambda:eu-west-1:111122223333:layer:public:4"


def function(directory: Path, layers: str, *, own: str = "", provider: str = "") -> Function:
    """Return a function of a service with these layers."""
    directory.joinpath("deps").mkdir(exist_ok=True)
    project = write_service(
        directory,
        f"""
service: shop
provider: {{name: aws, runtime: python3.13 {provider}}}
functions: {{hello: {{handler: app.handler {own}}}}}
layers: {layers}
""",
        app="",
    )
    return resolved(project, "hello")


def test_the_list_of_the_function_replaces_the_providers(tmp_path: Path) -> None:
    """Without a list of its own, the function has the provider's; an empty list is one."""
    provider = f", layers: ['{ARN}']"
    other = ARN.replace("public", "other")
    (layer,) = function(tmp_path, "{}", provider=provider).layers
    assert layer.arn == ARN
    (layer,) = function(tmp_path, "{}", own=f", layers: ['{other}']", provider=provider).layers
    assert layer.arn == other
    assert function(tmp_path, "{}", own=", layers: []", provider=provider).layers == ()


def test_layers_are_found_by_their_logical_ids(tmp_path: Path) -> None:
    """A layer is a directory, an archive, or an object in S3."""
    tmp_path.joinpath("deps.zip").touch()
    layers = """
  shared-lib: {path: deps, name: other-name, retain: true}
  my_archive: {package: {artifact: deps.zip}}
  remote: {package: {artifact: s3://bucket/layer.zip}}
"""
    ids = ("SharedDashlibLambdaLayer", "MyUnderscorearchiveLambdaLayer", "RemoteLambdaLayer")
    own = f", layers: [{', '.join(f'{{Ref: {each}}}' for each in ids)}]"
    one, two, three = (each.code for each in function(tmp_path, layers, own=own).layers)
    assert isinstance(one, LocalCode)
    assert isinstance(two, LocalCode)
    assert isinstance(three, S3Code)
    assert (one.path, two.path) == (tmp_path / "deps", tmp_path / "deps.zip")
    assert (three.bucket, three.key) == ("bucket", "layer.zip")


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("{path: nope}", "the layer `one` has no content"),
        ("{name: one}", "the layer `one` has no `path`"),
    ],
)
def test_a_layer_without_content_is_refused(tmp_path: Path, layer: str, message: str) -> None:
    """Only for the functions that use it."""
    assert function(tmp_path, f"{{one: {layer}}}").layers == ()
    with pytest.raises(ProjectError, match=message) as caught:
        function(tmp_path, f"{{one: {layer}}}", own=", layers: [{Ref: OneLambdaLayer}]")
    assert caught.value.place is not None


def test_an_unknown_layer_has_a_suggestion(tmp_path: Path) -> None:
    """A misspelt logical id is an error with the one that is close."""
    with pytest.raises(ProjectError, match="no parameter or resource") as caught:
        function(tmp_path, "{one: {path: deps}}", own=", layers: [{Ref: OnLambdaLayer}]")
    assert caught.value.hint == "did you mean `OneLambdaLayer`?"


def test_python_requirements_may_be_a_layer(tmp_path: Path) -> None:
    """serverless-python-requirements packages them; until then the error says what to run."""
    layers = (
        "{}\nplugins: [serverless-python-requirements]\ncustom: {pythonRequirements: {layer: true}}"
    )
    own = ", layers: [{Ref: PythonRequirementsLambdaLayer}]"
    with pytest.raises(LayerError, match="the Python requirements is not built") as caught:
        function(tmp_path, layers, own=own)
    assert caught.value.hint == "run `serverless package`"
    built = tmp_path / ".serverless/pythonRequirements.zip"
    built.parent.mkdir()
    built.touch()
    (layer,) = function(tmp_path, layers, own=own).layers
    assert isinstance(layer.code, LocalCode)
    assert layer.code.path == built
