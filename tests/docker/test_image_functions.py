"""Image functions: built from `Metadata`, pulled or existing, and their errors."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.docker.built_images import built_images, remove_built_images
from tests.docker.command import CHECKOUT, PATIENCE_SECONDS, Finished, Samlocal
from tests.docker.leftovers import leftovers
from tests.functional.sandbox.process.local_sandbox import processes_with
from tests.missing import missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import docker

pytestmark = pytest.mark.xdist_group("image-functions")

_ARM64 = b"\xb7\x00"
_MACHINE_OFFSET = 18  # of an ELF file


@pytest.fixture(scope="module")
def project(
    engine: docker.APIClient,
    stand_in: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Path]:
    """The sample project, with a static program, and one for another architecture."""
    stand_in("python:3.11")
    stand_in("provided:al2023")
    directory = tmp_path_factory.mktemp("project") / "shop"
    shutil.copytree(CHECKOUT / "tests" / "projects" / "image-functions", directory)
    program = directory / "distroless" / "function"
    _compile(program.with_name("main.c"), program)
    foreign = directory / "foreign" / "function"
    foreign.write_bytes(
        program.read_bytes()[:_MACHINE_OFFSET]
        + _ARM64
        + program.read_bytes()[_MACHINE_OFFSET + 2 :]
    )
    foreign.chmod(0o755)
    mark = str(uuid4())
    _mark(directory, mark)
    yield directory
    remove_built_images(engine, directory / "template.yaml")
    for stage in engine.images(quiet=True, filters={"label": f"samlocal.test={mark}"}):
        engine.remove_image(stage)


def _mark(directory: Path, mark: str) -> None:
    """Remove images of earlier builds, and label the remaining stages."""
    with (directory / "python" / "app.py").open("a") as source:
        source.write(f"# {mark}\n")
    stages = directory / "broken" / "Dockerfile"
    stages.write_text(
        stages.read_text().replace(" AS base\n", f" AS base\nLABEL samlocal.test={mark}\n")
    )


def _compile(source: Path, program: Path) -> None:
    if not shutil.which("gcc"):
        missing("gcc is not installed")
    subprocess.run(["gcc", "-static", "-O1", "-o", program, source], check=True)


@pytest.fixture
def samlocal(project: Path, environment: dict[str, str]) -> Samlocal:
    return Samlocal(directory=project, environment=environment)


@pytest.fixture
def invoke(samlocal: Samlocal) -> Callable[..., Finished]:
    """Runs `samlocal local invoke FUNCTION OPTION …` in the project."""

    def run(function: str, *options: str) -> Finished:
        return samlocal.invoke(function, "-e", "event.json", *options)

    return run


def result(ended: Finished) -> Any:  # noqa: ANN401  # whatever a function returns
    assert ended.exit_code == 0, ended.stderr
    return json.loads(ended.stdout)


def test_image_is_built_once(invoke: Callable[..., Finished], *, on_podman: bool) -> None:
    """The first invocation builds the image with output; the second one reuses it."""
    first, second = invoke("Python"), invoke("Python")

    assert result(first) == result(second)
    assert result(first)["event"] == {"message": "hey"}
    assert result(first)["handler"] == "app.handler"
    number = "STEP 3/5:" if on_podman else "Step 4/6 :"  # Podman does not count what is before FROM
    assert f"{number} COPY app.py ${{LAMBDA_TASK_ROOT}}/\n" in first.stderr
    assert "Building" not in second.stderr
    assert "step" not in second.stderr.lower()


def test_changed_source_is_reported_and_not_built(
    invoke: Callable[..., Finished], project: Path
) -> None:
    """With `--build missing` a newer source is only reported; `always` rebuilds the image."""
    source = project / "python" / "app.py"
    invoke("Other")
    source.write_text(source.read_text().replace('"other"', '"another"'))
    stale, fresh, after = (invoke("Other", *options) for options in ((), ("--build=always",), ()))

    assert (result(stale), result(fresh), result(after)) == ("other", "another", "another")
    newer = f"`{source}` is newer than `samlocal/other-"
    assert newer in stale.stderr
    assert newer not in fresh.stderr + after.stderr


def test_changed_recipe_is_another_image(invoke: Callable[..., Finished], project: Path) -> None:
    """A changed Dockerfile rebuilds the image, and the previous one is removed."""
    dockerfile = project / "bootstrap" / "Dockerfile.bare"
    assert result(invoke("Bare"))["arguments"] == "three"
    dockerfile.write_text(dockerfile.read_text().replace("three", "thirty"))

    assert result(invoke("Bare"))["arguments"] == "thirty"


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        pytest.param(
            "Ric",
            # A variable of the image, with a name that no shell could set.
            {"directory": "/var/task", "handler": "app.handler", "dotted": "a b"},
            id="client",
        ),
        pytest.param("Emulated", {"arguments": "one two", "directory": "/srv"}, id="emulator"),
        pytest.param("Configured", {"arguments": "four", "directory": "/"}, id="image-config"),
    ],
)
def test_program_of_an_image(
    invoke: Callable[..., Finished], function: str, expected: dict[str, str]
) -> None:
    """`ImageConfig` overrides the image part by part, and a leading emulator is removed."""
    assert expected.items() <= result(invoke(function)).items()


def test_image_without_a_shell(invoke: Callable[..., Finished]) -> None:
    """An image with only a program works, with its memory and output."""
    ended = invoke("Distroless")

    assert result(ended) == {"message": "hey"}
    assert "no shell here\n" in ended.stderr
    assert "Max Memory Used: " in ended.stderr


def test_invocations_without_a_shell_follow_each_other(invoke: Callable[..., Finished]) -> None:
    """An image with only a program serves several invocations in one environment."""
    ended = invoke("Distroless", "--repeat", "3")

    assert [json.loads(line) for line in ended.stdout.splitlines()] == [{"message": "hey"}] * 3
    assert ended.stderr.count("END RequestId: ") == 3
    assert ended.stderr.count("no shell here\n") == 1


def test_invoke_image_replaces_the_image(invoke: Callable[..., Finished], project: Path) -> None:
    """`--invoke-image` replaces the image of a function, which is not built then."""
    invoke("Python")
    image = next(each for each in built_images(project / "template.yaml") if "/python-" in each)

    ended = invoke("NoImage", "-ii", f"NoImage={image}", "-ii", "Python=localhost/nothing")

    assert result(ended)["handler"] == "app.handler"
    assert f"Invoking NoImage in {image}\n" in ended.stderr


def test_image_that_may_not_be_built(invoke: Callable[..., Finished], project: Path) -> None:
    """`--build never` runs an existing image, and a missing image is an error."""
    invoke("Python")
    assert result(invoke("Python", "--build", "never"))

    ended = invoke("Exits", "--build", "never")

    assert (ended.exit_code, ended.stdout) == (1, b"")
    assert (
        "Error: the image of `Exits` is not built, and `--build never` prevents the build\n"
        in ended.stderr
    )
    assert project.is_dir()


def test_build_that_fails(invoke: Callable[..., Finished], *, on_podman: bool) -> None:
    """The error of a failed build has the last output of the step, if known of its stderr."""
    ended = invoke("Fails")

    assert (ended.exit_code, ended.stdout) == (1, b"")
    shown, _, message = ended.stderr.partition("Error: the image of `Fails` cannot be built: ")
    assert "\nline 1\n" in shown
    reason, *lines = message.splitlines()
    assert reason.endswith("exit status 7" if on_podman else "returned a non-zero code: 7")
    output = [f"  line {number}" for number in range(12, 21)] if on_podman else []
    assert lines == [*output, "  no such package: numpyy"]
    assert "\x1b" not in ended.stderr


def test_interrupted_build(
    engine: docker.APIClient, samlocal: Samlocal, project: Path, *, on_podman: bool
) -> None:
    """Ctrl-C ends the command at once, and Docker ends the build with its processes."""
    mark = str(uuid4())
    dockerfile = project / "slow" / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text().replace("MARK", mark))
    process = samlocal.start("local", "invoke", "Slow", "--no-credentials", "--no-event")
    assert process.stderr
    for line in process.stderr:
        if line == f"begun {mark}\n".encode():
            break
    running = processes_with(mark)
    assert running
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=PATIENCE_SECONDS)

    assert (process.returncode, stdout, stderr) == (130, b"", b"")
    if on_podman:
        # Podman 4.3 lets a step run to its end when whoever wants the build is gone, and its API has nothing
        # to stop it: https://github.com/containers/podman/blob/v4.3.1/pkg/api/handlers/compat/images_build.go
        for each in running:
            os.kill(each, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while _left(engine, mark) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _left(engine, mark)


def _left(engine: docker.APIClient, mark: str) -> list[object]:
    """The processes and containers of a build; Podman has no container to show for it."""
    containers = [each for each in engine.containers(all=True) if mark in str(each)]
    return [*processes_with(mark), *containers]


def test_image_that_exits_at_once(invoke: Callable[..., Finished]) -> None:
    """The output of an image that exits is shown, and the hint has Lambda's requirement."""
    ended = invoke("Exits")

    assert ended.exit_code == 5
    assert "\nall done\n" in ended.stderr
    assert "Error: Runtime.ExitError: " in ended.stderr
    assert "hint: the image's program ended before it requested an event" in ended.stderr


# What both engines say in words of their own.
_PODMANS_WORDS = {
    "NoTarget": 'The target "nowhere" was not found in the provided Dockerfile',
    "NoSyntax": "no FROM statement found",
}


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("Nothing", "has nothing to run: neither an ENTRYPOINT nor a CMD"),
        ("Missing", "cannot start `/no/such/program`: no such file or directory"),
        ("NotPermitted", "cannot start `/program`: permission denied"),
        ("NoInterpreter", "cannot start `/program`: its interpreter or loader is not in the image"),
        ("Foreign", "is for arm64, which the engine's machine cannot run"),
        ("NoTarget", "failed to reach build target nowhere in Dockerfile"),
        ("NoSyntax", "unknown instruction: FRM"),
        ("NoDockerfile", "python/Dockerfile.prod` cannot be read: No such file or directory"),
        ("NoContext", "no build context directory `"),
        ("NoImage", "`NoImage` is an image function without an image"),
    ],
)
def test_image_that_can_not_run(
    engine: docker.APIClient,
    invoke: Callable[..., Finished],
    project: Path,
    function: str,
    message: str,
    *,
    on_podman: bool,
) -> None:
    """An image that cannot run is one message, and no container remains."""
    ended = invoke(function)

    assert (ended.exit_code, ended.stdout) == (1, b"")
    error = ended.stderr[ended.stderr.index("Error: ") :]
    words = _PODMANS_WORDS.get(function, message) if on_podman else message
    assert words in error.splitlines()[0]
    assert not leftovers(engine, project)
