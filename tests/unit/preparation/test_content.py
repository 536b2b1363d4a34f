"""The code and the layers of a function as directories."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.artifacts import layer_versions, s3
from samlocal.artifacts.layers import LayerContent
from samlocal.artifacts.symlinks import OutgoingLink
from samlocal.env_vars.environment import Environment
from samlocal.errors import CacheError, CodeNotFoundError, LayerError, Place
from samlocal.function import Code, Function, Layer, LocalCode, S3Code
from samlocal.preparation.content import Content, read_content
from samlocal.preparation.options import CodeOptions
from samlocal.preparation.resolution import ResolvedFunction
from tests.unit.preparation.host import RecordingObserver, host

if TYPE_CHECKING:
    from collections.abc import Callable

PLACE = Place(Path("template.yaml"), 3, 7)
ARN = "arn:aws:lambda:eu-west-1:123456789012:layer:tools:1"


def function(code: Code | Path, *layers: Layer) -> ResolvedFunction:
    return ResolvedFunction(
        project=Path("/shop/template.yaml"),
        function=Function(
            logical_id="Ratings",
            full_path="Ratings",
            name="Ratings",
            code=LocalCode(path=code, place=PLACE) if isinstance(code, Path) else code,
            place=PLACE,
            runtime="python3.11",
            layers=layers,
            region="eu-west-1",
        ),
        arn="arn",
        version="$LATEST",
        environment=Environment(variables={}),
        diagnostics=(),
        profile="shop",
    )


def layer(code: Code | Path | None, name: str = "Fonts") -> Layer:
    local = LocalCode(path=code, place=PLACE) if isinstance(code, Path) else code
    assert local is None or isinstance(local, LocalCode | S3Code)
    return Layer(name=name, code=local, arn=None if local else ARN, place=PLACE)


def archive(path: Path, *names: str, links_to: Path | None = None) -> Path:
    """Write an archive with empty files, and a link at its top."""
    with zipfile.ZipFile(path, "w") as zipped:
        for name in names:
            zipped.writestr(name, "")
        if links_to:
            link = zipfile.ZipInfo("link")
            link.external_attr = 0o120777 << 16
            zipped.writestr(link, str(links_to))
    return path


def content(
    resolved: ResolvedFunction,
    tmp_path: Path,
    options: CodeOptions = CodeOptions(),  # noqa: B008  # frozen
    observer: RecordingObserver | None = None,
) -> Content:
    return read_content(resolved, options, host(tmp_path), observer or RecordingObserver())


def targets(content: Content) -> list[str]:
    return [link.target for link in content.links]


def test_directory(code: Path, tmp_path: Path) -> None:
    """It is the code itself, with the links that leave it; nothing is kept in the cache."""
    link = OutgoingLink(path=code / "shared", source=code.parent / "shared", target="/var/shared")
    assert content(function(code), tmp_path) == Content(code=code, links=(link,))
    assert not (tmp_path / "cache").exists()


def test_directory_without_its_links(code: Path, tmp_path: Path) -> None:
    """A person can leave links alone."""
    options = CodeOptions(mounts_symlinks=False)
    assert content(function(code), tmp_path, options) == Content(code=code)


def test_archive(code: Path, tmp_path: Path) -> None:
    """It is unpacked in the cache of the host."""
    path = archive(tmp_path / "code.zip", "app.py")
    found = content(function(path), tmp_path)
    assert (found.code / "app.py").is_file()
    assert found.code.is_relative_to(tmp_path / "cache")
    assert (found.layers, found.links, found.diagnostics) == (None, (), ())
    assert code != found.code


def test_links_in_an_archive(code: Path, tmp_path: Path) -> None:
    """They lead nowhere on this machine, even where something is at that path."""
    path = archive(tmp_path / "code.zip", links_to=code.parent / "shared")
    found = content(function(path, layer(path)), tmp_path)
    assert found.layers is not None
    assert (found.code / "link").is_symlink()
    assert (found.layers / "link").is_symlink()
    assert found.links == ()


def test_code_that_is_missing(tmp_path: Path) -> None:
    """The error names what would build it in this project."""
    (tmp_path / "Makefile").touch()
    resolved = replace(function(tmp_path / "none"), project=tmp_path / "template.yaml")
    with pytest.raises(CodeNotFoundError, match="/none`") as caught:
        content(resolved, tmp_path)
    assert "`make -C " in (caught.value.hint or "")


def test_layer_that_is_a_directory(code: Path, tmp_path: Path) -> None:
    """It is mounted as it is, with the links that leave it and those that leave the code."""
    fonts = tmp_path / "layers" / "fonts"
    fonts.mkdir(parents=True)
    (tmp_path / "layers" / "common").mkdir()
    (fonts / "common").symlink_to("../common")
    found = content(function(code, layer(fonts)), tmp_path)
    assert (found.code, found.layers) == (code, fonts)
    assert targets(found) == ["/common", "/var/shared"]


def test_layer_that_is_an_archive(code: Path, tmp_path: Path) -> None:
    """Its own links lead nowhere, those of the code do; what Lambda would refuse of it is reported."""
    fonts = replace(layer(archive(tmp_path / "fonts.zip", "a.ttf")), runtimes=("nodejs22.x",))
    found = content(function(code, fonts), tmp_path)
    assert found.layers is not None
    assert found.layers.is_relative_to(tmp_path / "cache")
    assert targets(found) == ["/var/shared"]
    (diagnostic,) = found.diagnostics
    assert "is for nodejs22.x" in diagnostic.message


@pytest.mark.parametrize("follows", [True, False])
def test_links_of_layers_that_are_merged(
    code: Path,
    tmp_path: Path,
    follows: bool,  # noqa: FBT001  # a parameter
) -> None:
    """Such a link is what it leads to, unless a person leaves links alone."""
    fonts, more = tmp_path / "layers" / "fonts", tmp_path / "layers" / "more"
    for each in (fonts, more, tmp_path / "layers" / "common"):
        each.mkdir(parents=True)
        (each / f"{each.name}.txt").touch()
    (fonts / "common").symlink_to("../common")
    options = CodeOptions(mounts_symlinks=follows)
    found = content(function(code, layer(fonts), layer(more, "More")), tmp_path, options)
    assert found.layers is not None
    assert (found.layers / "more.txt").is_file()
    assert (found.layers / "common" / "common.txt").is_file() is follows
    assert targets(found) == (["/var/shared"] if follows else [])


def test_link_that_would_hide_what_is_the_images(code: Path, tmp_path: Path) -> None:
    """It is not mounted, and reported beside what there is to say of a layer."""
    (code / "agent").symlink_to(code.parent / "shared")
    (code / "lib").symlink_to("../runtime/lib")
    (code.parent / "runtime" / "lib").mkdir(parents=True)
    fonts = replace(layer(archive(tmp_path / "fonts.zip", "a.ttf")), runtimes=("nodejs22.x",))
    found = content(function(code, fonts), tmp_path)
    assert "/var/runtime/lib" not in targets(found)
    messages = [diagnostic.message for diagnostic in found.diagnostics]
    assert ["is for nodejs22.x" in each for each in messages] == [True, False]
    assert "`/var/runtime/lib`" in messages[1]


def test_layer_cache(code: Path, tmp_path: Path) -> None:
    """Layers are kept in the folder that a person names, code in the host's cache."""
    options = CodeOptions(layer_cache=tmp_path / "mine")
    zipped = archive(tmp_path / "code.zip", "app.py")
    fonts = layer(archive(tmp_path / "fonts.zip", "a.ttf"))
    found = content(function(zipped, fonts), tmp_path, options)
    assert found.layers is not None
    assert found.layers.is_relative_to(tmp_path / "mine")
    assert found.code.is_relative_to(tmp_path / "cache")
    merged = content(function(code, fonts, layer(code, "More")), tmp_path, options)
    assert merged.layers is not None
    assert merged.layers.is_relative_to(tmp_path / "mine")


def test_layer_cache_that_cannot_be_written(code: Path, tmp_path: Path) -> None:
    """Nothing takes the place of a folder that a person named; the option is in the hint."""
    (tmp_path / "mine").touch()
    observer = RecordingObserver()
    fonts = layer(archive(tmp_path / "fonts.zip", "a.ttf"))
    with pytest.raises(LayerError, match="mine/archives`") as caught:
        content(
            function(code, fonts), tmp_path, CodeOptions(layer_cache=tmp_path / "mine"), observer
        )
    assert "--layer-cache-basedir" in (caught.value.hint or "")
    assert isinstance(caught.value.__cause__, CacheError)
    assert observer.diagnostics == []


def test_cache_that_cannot_be_written(
    code: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A temporary one takes its place, which the observer is told."""
    (tmp_path / "cache").touch()
    (tmp_path / "temporary").mkdir(mode=0o700)
    temporary = tmp_path / "temporary"
    monkeypatch.setattr("samlocal.cache.fallback.temporary_cache", lambda: temporary)
    observer = RecordingObserver()
    fonts = layer(archive(tmp_path / "fonts.zip", "a.ttf"))
    found = content(function(code, fonts), tmp_path, observer=observer)
    assert found.layers is not None
    assert found.layers.is_relative_to(temporary)
    assert observer.messages == [
        f"the cache `{tmp_path / 'cache'}` cannot be written; using `{temporary}`"
    ]


def test_interruption(tmp_path: Path) -> None:
    """It comes when the archive has been unpacked as a whole."""
    path = archive(tmp_path / "code.zip", "app.py")
    observer = RecordingObserver(interrupt=InterruptedError())
    with pytest.raises(InterruptedError):
        content(function(path), tmp_path, observer=observer)
    assert list((tmp_path / "cache").rglob("app.py"))


def test_code_in_s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is fetched from the function's Region, with the function's profile; so is a layer."""
    asked: list[tuple[str | None, str | None, str]] = []

    def make_fetcher(*, region: str | None, profile: str | None) -> Callable[[S3Code, Path], Path]:
        def fetch(code: S3Code, directory: Path) -> Path:
            asked.append((region, profile, code.key))
            return archive(directory / f"{code.key}.zip", f"{code.key}.py")

        return fetch

    monkeypatch.setattr(s3, "make_fetcher", make_fetcher)
    code, fonts = (
        S3Code(bucket="artifacts", key=key, version=None, place=PLACE) for key in ("app", "fonts")
    )
    found = content(function(code, layer(fonts)), tmp_path)
    assert asked == [("eu-west-1", "shop", "app"), ("eu-west-1", "shop", "fonts")]
    assert (found.code / "app.py").is_file()
    assert found.layers is not None
    assert (found.layers / "fonts.py").is_file()


@pytest.mark.parametrize("again", [False, True])
def test_layer_version(
    code: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    again: bool,  # noqa: FBT001  # a parameter
) -> None:
    """It is downloaded with the function's profile, into the folder for layers, and as often as is wanted."""
    given: dict[str, object] = {}

    class Downloads:
        def __init__(self, **arguments: object) -> None:
            given.update(arguments)

        def get(self, layer: Layer) -> LayerContent:
            return LayerContent(layer=layer, directory=tmp_path)

    monkeypatch.setattr(layer_versions, "LayerDownloads", Downloads)
    observer = RecordingObserver()
    options = CodeOptions(refreshes_layers=again, layer_cache=tmp_path / "mine")
    found = content(function(code, layer(None)), tmp_path, options, observer)
    assert found.layers == tmp_path
    assert given == {
        "cache": tmp_path / "mine",
        "profile": "shop",
        "again": again,
        "print_status": observer.show_status,
        "check": observer.check,
    }
