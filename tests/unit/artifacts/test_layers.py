from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from samlocal.artifacts import layers as layers_module
from samlocal.artifacts.layer_merge import MergedTree
from samlocal.artifacts.layers import (
    LayerContent,
    LayerSource,
    check_layers,
    make_layers_directory,
)
from samlocal.errors import CacheError, LayerError, Place
from samlocal.function import Function, Layer, LocalCode

PLACE = Place(Path("template.yaml"), 3, 7)


def layer(path: Path, name: str = "Fonts", line: int = 3) -> Layer:
    place = Place(Path("template.yaml"), line, 7)
    return Layer(name=name, code=LocalCode(path=path, place=place), arn=None, place=place)


def function(*layers: Layer, code: Path) -> Function:
    return Function(
        logical_id="Reports",
        full_path="Reports",
        name="Reports",
        code=LocalCode(path=code, place=PLACE),
        place=PLACE,
        runtime="python3.11",
        layers=layers,
    )


def diagnostics(*layers: Layer, code: Path, size: int | None = 0) -> list[str]:
    assert isinstance(layers[0].code, LocalCode)
    directory = layers[0].code.path
    contents = [LayerContent(layer=each, directory=directory) for each in layers]
    tree = MergedTree(path=directory, size_bytes=size)
    found = check_layers(function(*layers, code=code), contents, tree, code)
    return [f"{diagnostic.place}: {diagnostic.message}" for diagnostic in found]


def test_a_single_layer_is_mounted_as_it_is(tmp_path: Path) -> None:
    """The directory of a single layer is used as it is, without a copy."""
    content = LayerSource(cache=tmp_path / "cache").read(layer(tmp_path))
    tree = make_layers_directory([content], cache=tmp_path / "cache")
    assert tree == MergedTree(path=tmp_path)
    assert not (tmp_path / "cache").exists()


def test_a_function_without_layers_has_no_opt(tmp_path: Path) -> None:
    """Without layers there is no directory to mount in /opt."""
    assert make_layers_directory([], cache=tmp_path) is None
    assert check_layers(function(code=tmp_path), [], None, tmp_path) == ()


def test_a_missing_layer(tmp_path: Path) -> None:
    """The error names the layer and its place in the template."""
    with pytest.raises(LayerError, match=r"the layer `.*none` does not exist") as caught:
        LayerSource(cache=tmp_path).read(layer(tmp_path / "none"))
    assert caught.value.place == PLACE
    assert caught.value.hint == "did you run `sam build`, or your bundler?"


def test_a_cache_that_cannot_be_created(tmp_path: Path) -> None:
    """A layer cache that cannot be created is an error whose hint names the option."""
    (tmp_path / "layer.zip").write_bytes(b"")
    (tmp_path / "cache").touch()
    with pytest.raises(CacheError, match=r"`.*cache/archives` cannot be written: not a") as caught:
        LayerSource(cache=tmp_path / "cache").read(layer(tmp_path / "layer.zip"))
    assert caught.value.hint == "set XDG_CACHE_HOME to a directory that you can write to"


def test_more_layers_than_lambda_takes(tmp_path: Path) -> None:
    """A sixth layer is a diagnostic at its place."""
    layers = [layer(tmp_path, line=number) for number in range(1, 7)]
    assert diagnostics(*layers, code=tmp_path) == [
        "template.yaml:6:7: `Reports` has 6 layers; Lambda allows 5"
    ]
    assert diagnostics(*layers[:5], code=tmp_path) == []


@pytest.mark.parametrize(("known", "code_bytes"), [(600, 401), (0, 1001), (None, 501)])
def test_more_bytes_than_lambda_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: int | None, code_bytes: int
) -> None:
    """Code and layers count together; a tree of unknown size is measured."""
    monkeypatch.setattr(layers_module, "MAX_UNPACKED_BYTES", 1000)
    for name, size in {"layer": 500, "code": code_bytes}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(b"x" * size)
    (found,) = diagnostics(layer(tmp_path / "layer"), code=tmp_path / "code", size=known)
    assert found == (
        "template.yaml:3:7: `Reports` and its layers unpack to 1 MB or more; Lambda allows 250 MB"
    )
    (tmp_path / "code" / "file").write_bytes(b"x" * (code_bytes - 1))
    assert diagnostics(layer(tmp_path / "layer"), code=tmp_path / "code", size=known) == []


def test_layers_for_something_else(tmp_path: Path) -> None:
    """A layer for other runtimes or architectures is a diagnostic."""
    fitting = replace(layer(tmp_path), runtimes=("python3.11",), architectures=("x86_64", "arm64"))
    assert diagnostics(fitting, code=tmp_path) == []
    other = replace(
        layer(tmp_path), runtimes=("nodejs22.x", "nodejs24.x"), architectures=("arm64",)
    )
    assert diagnostics(other, code=tmp_path) == [
        "template.yaml:3:7: the layer `Fonts` is for nodejs22.x, nodejs24.x, not for python3.11",
        "template.yaml:3:7: the layer `Fonts` is for arm64, not for x86_64",
    ]
