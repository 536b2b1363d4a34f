"""Functions for another architecture than the engine's machine."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tarfile
from contextlib import suppress
from platform import machine
from typing import TYPE_CHECKING
from uuid import uuid4

import docker.errors
import pytest

from tests.docker.command import Finished, Samlocal
from tests.docker.fixtures import STAND_INS
from tests.missing import missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.docker.registry import Registry

# Where an ELF file says for which machine it is, and what two machines are called there:
# https://www.sco.com/developers/gabi/latest/ch4.eheader.html
MACHINE = slice(18, 20)
MACHINES = {"amd64": b"\x3e\x00", "arm64": b"\xb7\x00"}
LAMBDAS_NAMES = {"amd64": "x86_64", "arm64": "arm64"}
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Globals: {{Function: {{Architectures: [{architecture}], Timeout: 20}}}}
Resources:
  Foreign:
    Type: AWS::Serverless::Function
    Properties: {{Runtime: provided.al2023, CodeUri: code/}}
  Script:
    Type: AWS::Serverless::Function
    Properties: {{Runtime: python3.11, Handler: app.handler, CodeUri: code/}}
  Image:
    Type: AWS::Serverless::Function
    Properties: {{PackageType: Image, ImageConfig: {{Command: [app.handler]}}}}
    Metadata: {{DockerContext: code, DockerTag: "{tag}"}}
"""
SCRIPT = "import platform\n\ndef handler(event, context):\n    return platform.machine()\n"
STAND_IN = f"{STAND_INS}/python:3.11"


@pytest.fixture(scope="module")
def own(engine: docker.APIClient) -> str:
    """The engine's name of its architecture."""
    return str(engine.version()["Arch"])


@pytest.fixture(scope="module")
def foreign(own: str) -> str:
    """The engine's name of another architecture than its own."""
    return next(each for each in MACHINES if each != own)


@pytest.fixture
def project(tmp_path: Path, foreign: str) -> Path:
    """Functions for that architecture: a `bootstrap` that is a program for it, a script, an image."""
    if not shutil.which("gcc"):
        missing("gcc is not installed")
    code = tmp_path / "project" / "code"
    code.mkdir(parents=True)
    (code / "main.c").write_text("int main(void) { return 0; }\n")
    subprocess.run(["gcc", "-static", "-o", "bootstrap", "main.c"], cwd=code, check=True)
    program = bytearray((code / "bootstrap").read_bytes())
    program[MACHINE] = MACHINES[foreign]
    (code / "bootstrap").write_bytes(program)
    (code / "app.py").write_text(SCRIPT)
    (code / "Dockerfile").write_text(f"FROM {STAND_IN}\nCOPY app.py ./\n")
    template = TEMPLATE.format(architecture=LAMBDAS_NAMES[foreign], tag=uuid4())
    (tmp_path / "project" / "template.yaml").write_text(template)
    return tmp_path / "project"


def build(engine: docker.APIClient, image: str, architecture: str, program: bytes) -> str:
    """An image for that architecture, whose entry point is a program; its name."""
    dockerfile = f'# {uuid4()}\nFROM scratch\nCOPY . /\nENTRYPOINT ["/program"]\n'.encode()
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        for name, content in (("Dockerfile", dockerfile), ("program", program)):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            archive.addfile(entry, io.BytesIO(content))
    context.seek(0)
    platform = f"linux/{architecture}"
    for event in engine.build(
        fileobj=context, custom_context=True, tag=image, platform=platform, rm=True, decode=True
    ):
        assert "error" not in event, event
    assert engine.inspect_image(image)["Architecture"] == architecture  # type: ignore[no-untyped-call]  # docker's
    return image


@pytest.fixture
def image_for(engine: docker.APIClient, project: Path) -> Iterator[Callable[[str, str], str]]:
    """Makes an image of a name, for an architecture; none of them is left."""
    made: list[str] = []
    program = (project / "code" / "bootstrap").read_bytes()

    def make(image: str, architecture: str) -> str:
        made.append(build(engine, image, architecture, program))
        return image

    yield make
    for image in made:
        engine.remove_image(image, force=True)


@pytest.fixture
def repository() -> str:
    """The name of a repository in which nothing is yet."""
    return f"localhost/samlocal-test-{uuid4()}"


@pytest.fixture
def invoke(project: Path, environment: dict[str, str]) -> Callable[..., Finished]:
    """Invokes a function with the images of a repository, else with the stand-ins."""

    def run(function: str, *options: str, repository: str = STAND_INS) -> Finished:
        variables = environment | {"SAMLOCAL_IMAGE_REPOSITORY": repository}
        command = Samlocal(directory=project, environment=variables)
        return command.invoke(function, "--no-event", *options)

    return run


def test_image_that_the_engine_cannot_run_is_reported(
    invoke: Callable[..., Finished],
    image_for: Callable[[str, str], str],
    repository: str,
    foreign: str,
) -> None:
    """An image that the engine cannot run is one message."""
    image = image_for(f"{repository}/provided:al2023-{LAMBDAS_NAMES[foreign]}", foreign)

    ended = invoke("Foreign", repository=repository)

    assert (ended.exit_code, ended.stdout) == (1, b"")
    refusal = f"Error: `{image}` is for {foreign}, which the engine's machine cannot run\n"
    assert refusal in ended.stderr
    emulation = f"hint: run `docker run --privileged --rm tonistiigi/binfmt --install {foreign}`"
    assert emulation in ended.stderr
    assert "choose this machine's own architecture with `--architecture`" in ended.stderr


def test_image_without_architecture_in_its_name_is_used(
    invoke: Callable[..., Finished],
    image_for: Callable[[str, str], str],
    repository: str,
    foreign: str,
) -> None:
    """An image for the function's architecture is used under the general name, as `docker pull --platform` tags it."""
    image = image_for(f"{repository}/provided:al2023", foreign)
    ended = invoke("Foreign", repository=repository)
    assert f"Error: `{image}` is for {foreign}, which" in ended.stderr


def test_image_under_the_general_name_may_be_wrong(
    invoke: Callable[..., Finished],
    image_for: Callable[[str, str], str],
    repository: str,
    own: str,
    foreign: str,
) -> None:
    """After a function failed in an image for another architecture, the hint reports that."""
    image = image_for(f"{repository}/python:3.11", foreign)
    here, wanted = LAMBDAS_NAMES[foreign], LAMBDAS_NAMES[own]

    ended = invoke("Script", "--architecture", wanted, repository=repository)

    assert ended.exit_code == 5
    assert f"hint: `{image}` is for {here}, but the function is for {wanted}: " in ended.stderr


def test_existing_image_is_in_the_error(
    invoke: Callable[..., Finished], stand_in: Callable[[str], str], own: str, foreign: str
) -> None:
    """The error for a missing image names an existing one for this machine, and the option for it."""
    stand_in("provided:al2023")
    image, here = f"{STAND_INS}/provided:al2023-{LAMBDAS_NAMES[foreign]}", LAMBDAS_NAMES[own]

    for options in ((), ("--pull", "never")):
        ended = invoke("Foreign", *options)
        assert (ended.exit_code, ended.stdout) == (1, b"")
        assert f"Error: no image `{image}` on this machine" in ended.stderr
        assert f"; `{STAND_INS}/provided:al2023` is available for {here}\n" in ended.stderr
        assert f"hint: `--architecture {here}` runs the function in it" in ended.stderr


def test_no_image_exists(invoke: Callable[..., Finished], repository: str) -> None:
    """The hint for a missing stand-in of another architecture does not suggest to build it."""
    ended = invoke("Foreign", repository=repository)
    assert "hint: stand-ins exist only for this machine's architecture" in ended.stderr


def test_architecture_can_be_chosen(
    invoke: Callable[..., Finished], stand_in: Callable[[str], str], own: str
) -> None:
    """`--architecture` runs a function for another architecture on this machine's own."""
    stand_in("python:3.11")
    ended = invoke("Script", "--architecture", LAMBDAS_NAMES[own])
    assert (ended.exit_code, ended.stdout) == (0, f'"{machine()}"'.encode())


def test_built_image_is_for_the_architecture_that_is_chosen(
    engine: docker.APIClient,
    invoke: Callable[..., Finished],
    stand_in: Callable[[str], str],
    own: str,
) -> None:
    """A function's image is built for the chosen architecture."""
    stand_in("python:3.11")
    ended = invoke("Image", "--architecture", LAMBDAS_NAMES[own])
    for image in re.findall(r"^Building (\S+) from", ended.stderr, re.MULTILINE):
        engine.remove_image(image, force=True)
    assert (ended.exit_code, ended.stdout) == (0, f'"{machine()}"'.encode()), ended.stderr


def test_chosen_image_runs_for_any_architecture(
    invoke: Callable[..., Finished], stand_in: Callable[[str], str], own: str, foreign: str
) -> None:
    """A chosen image for another architecture runs, with one line about that."""
    image = stand_in("python:3.11")

    ended = invoke("Script", "--invoke-image", image)

    assert (ended.exit_code, ended.stdout) == (0, f'"{machine()}"'.encode())
    here, wanted = LAMBDAS_NAMES[own], LAMBDAS_NAMES[foreign]
    assert f"`{image}` is for {here}, but the function is for {wanted}\n" in ended.stderr


def test_chosen_image_that_can_not_run_is_named(
    invoke: Callable[..., Finished],
    image_for: Callable[[str, str], str],
    repository: str,
    foreign: str,
) -> None:
    """The error for a chosen image that the engine cannot run names the image, not the function."""
    image = image_for(f"{repository}/mine:1", foreign)

    ended = invoke("Foreign", "--invoke-image", image)

    assert ended.exit_code == 1
    refusal = f"Error: `{image}` is for {foreign}, which the engine's machine cannot run\n"
    assert refusal in ended.stderr
    assert "or name an image for this machine's own architecture" in ended.stderr


def test_pulled_image_is_for_the_function(
    invoke: Callable[..., Finished],
    machines_engine: docker.APIClient,
    registry: Registry,
    stand_in: Callable[[str], str],
    own: str,
    foreign: str,
) -> None:
    """A pulled image for another architecture than its name says is an error."""
    name = f"provided:al2023-{LAMBDAS_NAMES[foreign]}"
    image = registry.push(stand_in("provided:al2023"), f"wrong/{name}")
    try:
        ended = invoke("Foreign", repository=f"{registry.address}/wrong")
    finally:
        with suppress(docker.errors.ImageNotFound):
            machines_engine.remove_image(image, force=True)

    assert ended.exit_code == 1
    here, wanted = LAMBDAS_NAMES[own], LAMBDAS_NAMES[foreign]
    assert f"Error: `{image}` is for {here}, but the function is for {wanted}\n" in ended.stderr
    assert f"hint: `--architecture {here}` runs the function in it" in ended.stderr


def test_chosen_image_is_pulled_for_what_there_is(
    invoke: Callable[..., Finished],
    machines_engine: docker.APIClient,
    registry: Registry,
    stand_in: Callable[[str], str],
    own: str,
) -> None:
    """A chosen multi-platform image without the function's architecture is pulled for the engine's."""
    registry.push(stand_in("python:3.11"), "mine/python:one")
    image = registry.offer("mine/python", "one", as_tag="some", architectures=[own])
    try:
        ended = invoke("Script", "--invoke-image", image)
    finally:
        with suppress(docker.errors.ImageNotFound):
            machines_engine.remove_image(image, force=True)

    assert (ended.exit_code, ended.stdout) == (0, f'"{machine()}"'.encode()), ended.stderr
