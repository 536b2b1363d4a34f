"""How code and layers get into the container: mounts, copies and outgoing symlinks."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.docker.command import CHECKOUT, PATIENCE_SECONDS, Finished, Samlocal
from tests.docker.layer_shapes import SHAPES, write
from tests.docker.test_layers import template

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import docker

    from tests.docker.fixtures import SamlocalIn

PROJECT = CHECKOUT / "tests" / "projects" / "layers"


@pytest.fixture
def samlocal(samlocal_in: SamlocalIn, engine: docker.APIClient) -> Iterator[Samlocal]:
    """The command in a project of the test's own; no container or volume of it may be left."""
    command = samlocal_in(PROJECT, "python:3.11", "nodejs:22")
    yield command
    assert left(engine, command.directory) == []


def left(engine: docker.APIClient, project: Path) -> list[str]:
    """The containers and volumes of a project; the engine removes the last ones on its own time."""
    filters = {"label": f"samlocal.project={project / 'template.json'}"}
    deadline = time.monotonic() + 10
    while True:
        containers = [each["Id"] for each in engine.containers(all=True, filters=filters)]
        volumes = [each["Name"] for each in engine.volumes(filters=filters)["Volumes"] or ()]
        if not containers + volumes or time.monotonic() > deadline:
            return containers + volumes
        time.sleep(0.1)


def prepare(
    samlocal: Samlocal, shape: str = "one directory", handler: str = "app.tree", code: str = "src"
) -> None:
    directory = samlocal.directory
    places = [
        write(layer, directory / "layers" / str(number))
        for number, layer in enumerate(SHAPES[shape])
    ]
    text = json.dumps(template(handler, code, places))
    (directory / "template.json").write_text(text)


def invoke(samlocal: Samlocal, event: object, *options: str) -> Finished:
    return samlocal.invoke("Function", "--data", json.dumps(event), *options)


def messy(directory: Path) -> None:
    """Create files in a directory that are hard to copy."""
    (directory / "empty").mkdir(mode=0o711)
    (directory / "large").write_bytes(os.urandom(1_000_001))
    (directory / "nothing").touch(mode=0o600)
    (directory / "hard").hardlink_to(directory / "large")
    (directory / "link").symlink_to("app.py")
    (directory / "dangling").symlink_to("/nowhere/at/all")
    (directory / ("long" * 50)).write_text("a name of 200 bytes")
    (directory / "deep" / ("x" * 100) / ("y" * 100)).mkdir(parents=True)
    (directory / "deep" / ("x" * 100) / ("y" * 100) / "süß").write_text("a path of 300 bytes")
    os.chown(directory / "nothing", 1234, 5678)


@pytest.mark.parametrize(
    "shape", ["one directory", "a zip over a directory", "names of every kind"]
)
@pytest.mark.parametrize("directory", ["/opt", "/var/task"])
def test_a_copy_is_equal_to_a_mount(samlocal: Samlocal, shape: str, directory: str) -> None:
    """A copy has the same files, links and directories as a mount, with their permissions."""
    prepare(samlocal, shape)
    messy(samlocal.directory / "src")

    mounted, copied = (
        invoke(samlocal, {"directory": directory}, "--mount", mode)
        for mode in ("read-only", "copy")
    )

    assert copied.exit_code == 0, copied.stderr
    assert json.loads(copied.stdout) == json.loads(mounted.stdout)
    assert len(json.loads(copied.stdout)) > 2


@pytest.mark.parametrize("path", ["/opt/new", "/var/task/new"])
def test_a_copy_is_read_only(samlocal: Samlocal, path: str) -> None:
    """A copy is read-only, like a mount, and like code and layers in Lambda."""
    prepare(samlocal, handler="app.writes")
    ended = invoke(samlocal, {"path": path}, "--mount", "copy")
    assert ended.stdout == b'"Read-only file system"', ended.stderr


def test_a_strict_sandbox_takes_copies(samlocal: Samlocal) -> None:
    """Copies work in a strict sandbox, where nothing is writable."""
    prepare(samlocal)
    ended = invoke(samlocal, {"directory": "/opt"}, "--mount", "copy", "--strict")
    assert "python/a.py" in json.loads(ended.stdout), ended.stderr


def test_delegated_is_a_mount(samlocal: Samlocal) -> None:
    """Sam's `delegated` is the same as a mount on Linux."""
    prepare(samlocal, handler="app.writes")
    ended = invoke(samlocal, {"path": "/var/task/x"}, "--mount", "delegated")
    assert ended.stdout == b'"Read-only file system"', ended.stderr


@pytest.mark.parametrize("mode", ["read-only", "copy"])
def test_links_out_of_the_code_have_the_same_targets(samlocal: Samlocal, mode: str) -> None:
    """A directory and a file beside the function's own can be imported, relative or absolute."""
    prepare(samlocal, handler="app.imports")
    code = samlocal.directory / "src"
    (samlocal.directory / "shared").mkdir()
    for name in ("shared/one.py", "two.py", "shared/three.py"):
        (samlocal.directory / name).write_text(f"answer = '{name}'")
    (code / "shared").symlink_to("../shared")
    (code / "two.py").symlink_to("../two.py")
    (code / "three.py").symlink_to(samlocal.directory / "shared" / "three.py")
    modules = ["shared.one", "two", "three"]

    ended = invoke(samlocal, {"modules": modules}, "--mount", mode)

    assert ended.exit_code == 0, ended.stderr
    assert json.loads(ended.stdout) == dict(
        zip(modules, ["shared/one.py", "two.py", "shared/three.py"], strict=True)
    )


def test_packages_of_a_workspace_are_found(samlocal: Samlocal) -> None:
    """Workspace packages that npm, pnpm and yarn link into `node_modules` are found."""
    prepare(samlocal, handler="index.imports", code="node")
    modules = samlocal.directory / "node" / "node_modules"
    (modules / "@shop").mkdir(parents=True)
    for name in ("plain", "scoped"):
        package = samlocal.directory / "packages" / name
        package.mkdir(parents=True)
        (package / "index.js").write_text(f"exports.answer = '{name}'")
    (modules / "plain").symlink_to("../../packages/plain")
    (modules / "@shop" / "scoped").symlink_to("../../../packages/scoped")

    ended = invoke(samlocal, {"modules": ["plain", "@shop/scoped"]})

    assert ended.exit_code == 0, ended.stderr
    assert json.loads(ended.stdout) == {"plain": "plain", "@shop/scoped": "scoped"}


def test_links_out_of_a_single_layer_are_mounted(samlocal: Samlocal) -> None:
    """Links out of a single layer, as from `sam build --build-in-source`, are mounted."""
    prepare(samlocal, handler="index.imports", code="node")
    source = samlocal.directory / "source" / "node_modules" / "tool"
    source.mkdir(parents=True)
    (source / "index.js").write_text("exports.answer = 42")
    (samlocal.directory / "layers" / "0" / "nodejs").mkdir()
    link = samlocal.directory / "layers" / "0" / "nodejs" / "node_modules"
    link.symlink_to(samlocal.directory / "source" / "node_modules")

    assert json.loads(invoke(samlocal, {"modules": ["tool"]}).stdout) == {"tool": 42}
    without = invoke(samlocal, {"modules": ["tool"]}, "--no-mount-symlinks")
    assert "Cannot find module" in without.stdout.decode()


def test_a_link_that_would_hide_the_runtime_is_named(samlocal: Samlocal) -> None:
    """`runtime -> ../runtime` leads to Lambda's own folder in the container."""
    prepare(samlocal)
    (samlocal.directory / "runtime").mkdir()
    (samlocal.directory / "src" / "runtime").symlink_to("../runtime")

    ended = invoke(samlocal, {"directory": "/opt"})

    assert ended.exit_code == 0, ended.stderr
    assert "mounting it would hide `/var/runtime` in the container\n" in ended.stderr


def test_the_engines_own_path_of_the_project(samlocal: Samlocal, tmp_path: Path) -> None:
    """`-v`, or sam's variable, gives the template directory on the engine's machine."""
    prepare(samlocal, handler="app.imports")
    elsewhere = shutil.copytree(samlocal.directory, tmp_path / "engine's")
    (elsewhere / "src" / "place.py").write_text("answer = 'the engine'")
    event = {"modules": ["place"]}

    ended = invoke(samlocal, event, "-v", str(elsewhere), "--mount", "copy")

    assert json.loads(ended.stdout) == {"place": "the engine"}, ended.stderr


def test_ctrl_c_while_copying(samlocal: Samlocal, engine: docker.APIClient) -> None:
    """Ctrl-C cancels a large copy, and nothing of it remains."""
    prepare(samlocal)
    with (samlocal.directory / "src" / "huge").open("wb") as file:
        file.truncate(4 * 1024**3)
    arguments = ["local", "invoke", "--no-credentials", "--no-event", "--mount", "copy"]
    process = samlocal.start(*arguments, "Function")
    filters = {"label": f"samlocal.project={samlocal.directory / 'template.json'}"}
    while not engine.containers(all=True, filters=filters):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130


def test_a_copy_of_a_killed_command_is_removed(
    samlocal: Samlocal, engine: docker.APIClient
) -> None:
    """The next command removes the carrier of a killed command, with its volumes."""
    prepare(samlocal)
    with (samlocal.directory / "src" / "huge").open("wb") as file:
        file.truncate(4 * 1024**3)
    arguments = ["local", "invoke", "--no-credentials", "--no-event", "--mount", "copy"]
    process = samlocal.start(*arguments, "Function")
    filters = {"label": f"samlocal.project={samlocal.directory / 'template.json'}"}
    while not engine.containers(all=True, filters=filters):
        time.sleep(0.01)
    process.kill()
    process.communicate()
    (samlocal.directory / "src" / "huge").unlink()

    assert invoke(samlocal, {"directory": "/opt"}).exit_code == 0
