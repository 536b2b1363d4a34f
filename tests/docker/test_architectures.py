"""Functions for another architecture than that of the engine's machine."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.docker.command import Samlocal
from tests.docker.conftest import STAND_INS, missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import docker

# Where an ELF file says for which machine it is, and what two machines are called there:
# https://www.sco.com/developers/gabi/latest/ch4.eheader.html
MACHINE = slice(18, 20)
MACHINES = {"amd64": b"\x3e\x00", "arm64": b"\xb7\x00"}
LAMBDAS_NAMES = {"amd64": "x86_64", "arm64": "arm64"}
TEMPLATE = """
Resources:
  Foreign:
    Type: AWS::Serverless::Function
    Properties: {{Runtime: provided.al2023, CodeUri: code/, Architectures: [{architecture}]}}
"""


@pytest.fixture(scope="module")
def foreign(engine: docker.APIClient) -> str:
    """What the engine calls an architecture that isn't its machine's."""
    own = engine.version()["Arch"]
    return next(each for each in MACHINES if each != own)


@pytest.fixture
def project(tmp_path: Path, foreign: str) -> Path:
    """A function whose `bootstrap` is a program for that architecture."""
    if not shutil.which("gcc"):
        missing("gcc isn't installed")
    code = tmp_path / "project" / "code"
    code.mkdir(parents=True)
    (code / "main.c").write_text("int main(void) { return 0; }\n")
    subprocess.run(["gcc", "-static", "-o", "bootstrap", "main.c"], cwd=code, check=True)
    program = bytearray((code / "bootstrap").read_bytes())
    program[MACHINE] = MACHINES[foreign]
    (code / "bootstrap").write_bytes(program)
    template = TEMPLATE.format(architecture=LAMBDAS_NAMES[foreign])
    (tmp_path / "project" / "template.yaml").write_text(template)
    return tmp_path / "project"


@pytest.fixture
def repository(engine: docker.APIClient, foreign: str) -> Iterator[str]:
    """A repository with an image for that architecture alone, under the tag that AWS gives it."""
    name = f"localhost/samlocal-test-{uuid4()}"
    image = f"{name}/provided:al2023-{LAMBDAS_NAMES[foreign]}"
    dockerfile = b"FROM scratch\nCOPY Dockerfile /\n"
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(dockerfile)
        archive.addfile(entry, io.BytesIO(dockerfile))
    context.seek(0)
    platform = f"linux/{foreign}"
    for event in engine.build(
        fileobj=context, custom_context=True, tag=image, platform=platform, rm=True, decode=True
    ):
        assert "error" not in event, event
    assert engine.inspect_image(image)["Architecture"] == foreign  # type: ignore[no-untyped-call]  # docker's
    yield name
    engine.remove_image(image, force=True)


@pytest.fixture
def invoke(project: Path, environment: dict[str, str]) -> Callable[[str], tuple[int, str]]:
    """Invokes the function with the images of a repository; gives the exit code and stderr."""

    def run(repository: str) -> tuple[int, str]:
        variables = environment | {"SAMLOCAL_IMAGE_REPOSITORY": repository}
        ended = Samlocal(directory=project, environment=variables).invoke("Foreign", "--no-event")
        assert ended.stdout == b""
        return ended.exit_code, ended.stderr

    return run


def test_engine_that_can_not_emulate_is_named(
    invoke: Callable[[str], tuple[int, str]], repository: str, foreign: str
) -> None:
    """The image for the function's architecture is taken; that it can't run is one message."""
    exit_code, stderr = invoke(repository)

    image = f"{repository}/provided:al2023-{LAMBDAS_NAMES[foreign]}"
    assert exit_code == 1
    assert f"Error: `{image}` is for {foreign}, and the engine's machine can't run that\n" in stderr
    assert f"hint: `docker run --privileged --rm tonistiigi/binfmt --install {foreign}`" in stderr
    assert "or set `Architectures` to that of this machine" in stderr


def test_stand_in_for_another_architecture_is_missing(
    invoke: Callable[[str], tuple[int, str]], stand_in: Callable[[str], str]
) -> None:
    """Stand-ins are built for this machine; the hint doesn't send anyone to build another."""
    stand_in("provided:al2023")

    exit_code, stderr = invoke(STAND_INS)

    assert exit_code == 1
    assert "Error: no image `localhost/samlocal/provided:al2023-" in stderr
    assert "hint: stand-ins are for this machine's own architecture" in stderr
