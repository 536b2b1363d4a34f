"""Layers in real containers: what functions see in `/opt`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.docker.command import CHECKOUT, Finished
from tests.docker.layer_shapes import SHAPES, File, LayerOf, Link, expected, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docker.fixtures import SamlocalIn

PROJECT = CHECKOUT / "tests" / "projects" / "layers"
RUNTIMES = {"src": "python3.11", "node": "nodejs22.x", "shell": "provided.al2023"}


class WithLayers(Protocol):
    """Invokes a function whose layers have been made; `arguments` go to the command line."""

    def __call__(
        self, handler: str, layers: list[LayerOf], event: object, *arguments: str, code: str = "src"
    ) -> Finished: ...


@pytest.fixture
def invoke(samlocal_in: SamlocalIn) -> WithLayers:
    """A project of the test's own, with layers of both resource types."""
    samlocal = samlocal_in(PROJECT, "python:3.11", "nodejs:22", "provided:al2023")
    directory = samlocal.directory

    def call(
        handler: str, layers: list[LayerOf], event: object, *arguments: str, code: str = "src"
    ) -> Finished:
        if not (directory / "layers").exists():
            places = [write(layer, directory / "layers" / str(n)) for n, layer in enumerate(layers)]
            text = json.dumps(template(handler, code, places))
            (directory / "template.json").write_text(text)
        return samlocal.invoke("Function", "--data", json.dumps(event), *arguments)

    return call


def template(handler: str, code: str, layers: list[Path]) -> object:
    """A function with layers, every second one of CloudFormation's type."""
    resources: dict[str, object] = {
        f"Layer{number}": {
            "Type": "AWS::Lambda::LayerVersion",
            "Properties": {"Content": str(path)},
        }
        if number % 2
        else {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": str(path)}}
        for number, path in enumerate(layers)
    }
    properties = {
        "Runtime": RUNTIMES[code],
        "Handler": handler,
        "CodeUri": f"{code}/",
        "Timeout": 20,
        "Layers": [{"Ref": name} for name in resources],
    }
    function = {"Type": "AWS::Serverless::Function", "Properties": properties}
    transform = "AWS::Serverless-2016-10-31"
    return {"Transform": transform, "Resources": {**resources, "Function": function}}


@pytest.mark.parametrize("shape", SHAPES)
def test_opt_is_what_lambda_makes_of_the_layers(invoke: WithLayers, shape: str) -> None:
    """Every file, link and directory is there with its content and permissions, and nothing else."""
    ended = invoke("app.tree", SHAPES[shape], {"directory": "/opt"})

    assert ended.exit_code == 0, ended.stderr
    assert json.loads(ended.stdout) == expected(SHAPES[shape])
    assert "Warning" not in ended.stderr


def test_links_out_of_a_layer_are_replaced_with_their_targets(
    invoke: WithLayers, tmp_path: Path
) -> None:
    """Links out of a layer are replaced with their targets, as in `sam package`, also in chains."""
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "module.py").write_text("answer = 42")
    (shared / "link.py").symlink_to("module.py")
    layers = [
        LayerOf({"python/shared": Link(str(shared)), "python/first.py": File("answer = 1")}),
        LayerOf({"python/second.py": Link("../../../../shared/module.py")}),
    ]
    modules = ["shared.module", "shared.link", "first", "second"]

    ended = invoke("app.imports", layers, {"modules": modules})

    assert json.loads(ended.stdout) == dict(zip(modules, [42, 42, 1, 42], strict=True)), (
        ended.stderr
    )


def test_a_changed_layer_shows_in_the_next_run(invoke: WithLayers, tmp_path: Path) -> None:
    """After any change of a file, the function sees the new content."""
    layers = [LayerOf({"python/one.py": File("answer = 1")}), LayerOf({"other": File()})]
    event = {"modules": ["one"]}
    assert json.loads(invoke("app.imports", layers, event).stdout) == {"one": 1}

    (tmp_path / "project" / "layers" / "0" / "python" / "one.py").write_text("answer = 2")

    assert json.loads(invoke("app.imports", layers, event).stdout) == {"one": 2}


def test_python_imports_from_layers(invoke: WithLayers) -> None:
    """Both of Python's folders in `/opt` are on its path."""
    layers = [
        LayerOf({"python/flat.py": File("answer = 1")}),
        LayerOf({"python/lib/python3.11/site-packages/deep.py": File("answer = 2")}, "zip"),
    ]
    ended = invoke("app.imports", layers, {"modules": ["flat", "deep"]})
    assert json.loads(ended.stdout) == {"flat": 1, "deep": 2}, ended.stderr


def test_node_requires_from_layers(invoke: WithLayers) -> None:
    """Both of Node.js's folders in `/opt` are on its path."""
    layers = [
        LayerOf({"nodejs/node_modules/flat/index.js": File("exports.answer = 1")}),
        LayerOf({"nodejs/node22/node_modules/deep/index.js": File("exports.answer = 2")}, "zip"),
    ]
    ended = invoke("index.imports", layers, {"modules": ["flat", "deep"]}, code="node")
    assert json.loads(ended.stdout) == {"flat": 1, "deep": 2}, ended.stderr


@pytest.mark.parametrize("layers", ["one directory", "the same file"])
def test_layers_are_read_only(invoke: WithLayers, layers: str) -> None:
    """A function cannot write to the user's directory or the cache."""
    ended = invoke("app.writes", SHAPES[layers], {"path": "/opt/new"})
    assert ended.stdout == b'"Read-only file system"', ended.stderr


def test_runtime_from_a_layer(invoke: WithLayers) -> None:
    """A layer's `bootstrap` is the runtime if the code has none."""
    bootstrap = (CHECKOUT / "templates" / "hello-provided" / "src" / "bootstrap").read_text()
    layers = [LayerOf({"bootstrap": File(bootstrap, 0o755)})]

    ended = invoke("function.handler", layers, {}, code="shell")

    assert ended.stdout == b'"/opt/bootstrap runs function.handler"', ended.stderr
