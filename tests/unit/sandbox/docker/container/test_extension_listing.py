from __future__ import annotations

import io
import tarfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from samlocal.sandbox.container_spec import ContainerSpec, ImageRequest
from samlocal.sandbox.docker.container.extension_listing import (
    command_of,
    list_extensions,
    may_have_extensions,
)
from samlocal.sandbox.sandbox import Mount, SandboxSpec
from tests.unit.engine.fakes import fake_engine

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def layers(tmp_path: Path) -> Path:
    (tmp_path / "extensions").mkdir()
    return tmp_path


def spec(*mounts: Mount, is_function: bool = False, **options: object) -> ContainerSpec:
    sandbox = SandboxSpec(
        function="F", project=Path(), environment={}, memory_mb=None, mounts=mounts
    )
    image = ImageRequest(name="image", is_function=is_function)
    return ContainerSpec(sandbox=sandbox, image=image, engine_options=options)


def test_which_containers_may_have_extensions(layers: Path, tmp_path: Path) -> None:
    """AWS's runtime images have none, nor have layers without that folder; it is known for nothing else."""
    with_some = Mount(source=layers, target="/opt")
    without = Mount(source=tmp_path / "nothing", target="/opt")
    below = Mount(source=tmp_path, target="/opt/extensions/linked")
    beside = Mount(source=tmp_path, target="/optional")
    assert not may_have_extensions(spec())
    assert not may_have_extensions(spec(without))
    assert not may_have_extensions(spec(beside))
    assert may_have_extensions(spec(with_some))
    assert may_have_extensions(spec(without, below))
    assert may_have_extensions(spec(is_function=True))
    assert may_have_extensions(spec(without, volumes=["/my:/opt"]))
    off = spec(with_some)
    assert not may_have_extensions(replace(off, sandbox=replace(off.sandbox, extensions=False)))


def test_variables_that_an_extension_does_not_get() -> None:
    """Variables of the runtime are unset: in the shell, or by `env` where it knows no such name."""
    variables = {"_HANDLER": "a", "_my-own": "b", "my.dotted": "c", "PLAIN": "d"}
    *_, script, path, env, option, name, dotted = command_of("a.sh", "token", variables)
    assert "unset -v AWS_EXECUTION_ENV " in script
    assert script.count("_HANDLER") == 1
    assert (path, env, option, name) == ("/opt/extensions/a.sh", "env", "-u", "_my-own")
    assert dotted == "my.dotted=c"


def test_command_without_a_shell() -> None:
    """Without a shell, the extension itself is the command."""
    assert command_of("a", None, {"_HANDLER": "a"}) == ["/opt/extensions/a"]


@pytest.mark.parametrize(
    ("files", "names"),
    [
        pytest.param({"/opt/extensions"}, ("a", "b"), id="some"),
        pytest.param(set(), (), id="none"),
        pytest.param({"/opt/extensions", "/opt/disable-extensions-jwigqn8j"}, (), id="disabled"),
    ],
)
def test_extensions_of_an_image_without_a_shell(files: set[str], names: tuple[str, ...]) -> None:
    """The engine's archive of the folder has the names of all files at its top."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, kind in (
            ("extensions/", tarfile.DIRTYPE),
            ("extensions/b", tarfile.REGTYPE),
            ("extensions/a", tarfile.SYMTYPE),
            ("extensions/folder/", tarfile.DIRTYPE),
            ("extensions/folder/c", tarfile.REGTYPE),
        ):
            entry = tarfile.TarInfo(name)
            entry.type = kind
            archive.addfile(entry)

    def pieces() -> Iterator[bytes]:
        content.seek(0)
        while piece := content.read(700):
            yield piece

    engine = fake_engine(
        api=SimpleNamespace(has_file=lambda _, path: path in files),
        sdk=SimpleNamespace(get_archive=lambda _id, _path: (pieces(), {})),
    )
    assert list_extensions(engine, "0a1b") == names
