"""A cache on a full file system: an error, without incomplete entries."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

import pytest

from tests.docker.command import CHECKOUT, Samlocal
from tests.docker.endpoint import serving
from tests.docker.layer_shapes import File, LayerOf, write
from tests.docker.test_layers import template
from tests.missing import missing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.docker.fixtures import SamlocalIn

PROJECT = CHECKOUT / "tests" / "projects" / "layers"


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for 256 KiB."""
    if os.geteuid():
        missing("a file system of the test's own needs root")
    folder = tmp_path / "full"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False).returncode:
        missing("this machine mounts no tmpfs")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("directory", "Error: the layers cannot be merged: no space left in `{cache}/layers`\n"),
        ("zip", "layers/1.zip` cannot be unpacked: no space left in `{cache}/archives/"),
    ],
)
def test_a_full_disk_is_named(
    full: Path, tmp_path: Path, kind: Literal["directory", "zip"], message: str
) -> None:
    """The error has the folder, and the hint the option for another one."""
    project = shutil.copytree(PROJECT, tmp_path / "project")
    large = "".join(map(chr, range(32, 127))) * 2000
    layers = [LayerOf({"data": File(large)}, kind), LayerOf({"more": File(large)}, kind)]
    places = [write(each, project / "layers" / str(number)) for number, each in enumerate(layers)]
    text = json.dumps(template("app.tree", "src", places))
    (project / "template.json").write_text(text)
    environment = {"HOME": str(tmp_path), "DOCKER_HOST": "unix:///nowhere/docker.sock"}
    samlocal = Samlocal(directory=project, environment=environment)

    ended = samlocal.invoke("Function", "--no-event", "--layer-cache-basedir", str(full))

    assert (ended.exit_code, ended.stdout) == (1, b"")
    assert message.format(cache=full) in ended.stderr
    assert "--layer-cache-basedir" in ended.stderr.splitlines()[-1]
    assert not [path for path in full.rglob("*") if path.name.startswith(".new-")]


def test_an_endpoint_serves_with_a_full_runtime_folder(
    full: Path, runtime_folder: Path, samlocal_in: SamlocalIn
) -> None:
    """Only other commands do not find it, which a warning says."""
    samlocal = samlocal_in(CHECKOUT / "tests" / "projects" / "lambda-endpoint", "python:3.11")
    full.chmod(0o700)
    (full / "samlocal").mkdir(mode=0o700)
    with suppress(OSError):
        (full / "filling").write_bytes(bytes(512 * 1024))
    link = runtime_folder / "full"
    link.symlink_to(full)
    with serving(samlocal.with_variables(XDG_RUNTIME_DIR=str(link))) as endpoint:
        endpoint.wait_for(r"(?m)^Warning: other commands do not find this endpoint: .*No space")
        assert endpoint.invoke("Echo", {"a": 1}).body == {"a": 1}
        assert endpoint.end(signal.SIGINT) == 0
    assert [*(full / "samlocal").iterdir()] == []
