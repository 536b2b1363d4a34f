"""What it means that a container does not start."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from samlocal.errors import EngineError, UnusableImageError
from samlocal.sandbox.container_spec import ContainerSpec, ImageRequest
from samlocal.sandbox.docker.container.start_errors import FormatErrors, program_error, start_error
from samlocal.sandbox.sandbox import Mount
from tests.unit.engine.fakes import fake_engine
from tests.unit.sandbox.specs import SANDBOX

RUN = "/app/run"


def spec(
    *command: str,
    entrypoint: tuple[str, ...] | None = (RUN,),
    **image: object,
) -> ContainerSpec:
    """Return the container of an image with a program, and with a mount at /var/task."""
    request: dict[str, Any] = {"name": "mine:1", **image}
    mounts = (Mount(source=Path("/p/src"), target="/var/task"),)
    sandbox = replace(SANDBOX, entrypoint=entrypoint, command=command, mounts=mounts)
    return ContainerSpec(sandbox=sandbox, image=ImageRequest(**request))


class Api:
    """An engine's API with one image that has these files."""

    def __init__(self, *files: str, architecture: str = "amd64", **config: object) -> None:
        self.removed: list[str] = []
        self._files = files
        self._image: dict[str, object] = {"Architecture": architecture, "Config": config}

    def image(self, name: str) -> dict[str, object]:
        assert name == "mine:1"
        return self._image

    def create_container(self, _config: dict[str, object]) -> str:
        return "0a1b"

    def has_file(self, _container_id: str, path: str) -> bool:
        return path in self._files

    def remove_container(self, container_id: str, *, force: bool) -> None:
        assert force
        self.removed.append(container_id)


def found(api: Api, of: ContainerSpec, said: str = "") -> str | None:
    engine = fake_engine(api=api, architecture=lambda: "amd64")
    error = program_error(engine, of, said)
    return error.message if error else None


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        pytest.param(
            'exec: "/app/run": stat /app/run: no such file or directory: unknown',
            "no such file or directory",
            id="runc",
        ),
        pytest.param(
            'exec: "/app/run": permission denied: unknown', "permission denied", id="runc"
        ),
        pytest.param("executable file `/app/run` not found in $PATH", "not found", id="crun"),
    ],
)
def test_engine_that_names_the_program(words: str, reason: str) -> None:
    """The error of an image has its name, the program and the reason."""
    error = start_error(spec(), EngineError(f"OCI runtime create failed: {words}"))
    assert isinstance(error, UnusableImageError)
    assert error.message == f"`mine:1` cannot start `/app/run`: {reason}"
    assert "ENTRYPOINT" in (error.hint or "")


def test_engine_that_fails_for_another_reason() -> None:
    """Any other error of the engine is kept."""
    error = EngineError("no space left on device")
    assert start_error(spec(), error) is error


@pytest.mark.parametrize(
    ("of", "api"),
    [
        pytest.param(spec(is_function=True), Api(RUN), id="path"),
        pytest.param(
            spec("handler", entrypoint=None, is_function=True), Api("/usr/bin/handler"), id="name"
        ),
        pytest.param(
            spec("handler", entrypoint=None, is_function=True),
            Api("/own/handler", Env=["PATH=/own:/bin"]),
            id="name in the image's PATH",
        ),
        pytest.param(
            spec("./run", entrypoint=None, is_function=True),
            Api("/app/run", WorkingDir="/app"),
            id=".",
        ),
        pytest.param(spec("/var/task/run", entrypoint=None, is_function=True), Api(), id="mounted"),
        pytest.param(spec(), Api(), id="an image of ours"),
    ],
)
def test_existing_program(of: ContainerSpec, api: Api) -> None:
    """A program that exists causes no error."""
    assert found(api, of) is None


@pytest.mark.parametrize(
    ("of", "api"),
    [
        pytest.param(spec(is_function=True), Api("/run"), id="path"),
        pytest.param(
            spec("handler", entrypoint=None, is_function=True),
            Api("/usr/bin/handler", Env=["PATH=/own"]),
            id="name outside the image's PATH",
        ),
    ],
)
def test_program_that_is_missing(of: ContainerSpec, api: Api) -> None:
    """A missing program is detected without running the image; the container for that is removed."""
    message = found(api, of)
    assert message is not None
    assert message.endswith(": no such file or directory")
    assert api.removed == ["0a1b"]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        pytest.param(f"{RUN}: 1: {RUN}: Permission denied\n", "permission denied", id="shell"),
        pytest.param(
            f"[FATAL tini (7)] exec {RUN} failed: Permission denied", "permission", id="tini"
        ),
        pytest.param(
            f"{RUN}: line 1: {RUN}: not found\n", "its interpreter or loader", id="interpreter"
        ),
        pytest.param(
            f"ERROR (catatonit:2): exec {RUN}: No such file",
            "its interpreter or loader",
            id="catatonit",
        ),
    ],
)
def test_message_of_the_shell_or_init(said: str, reason: str) -> None:
    """The message of the shell or the init tells why the program never ran."""
    message = found(Api(), spec(), said)
    assert message is not None
    assert f"`mine:1` cannot start `{RUN}`: {reason}" in message
    assert found(Api(architecture="arm64"), spec(), said.replace("denied", "x")) is None


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("", id="nothing"),
        pytest.param(f"{RUN}: Permission denied\n", id="the program itself"),
        pytest.param(f"{RUN}: {RUN}: Permission denied\nmore\n", id="more than one line"),
        pytest.param(f"Error: {RUN}: {RUN}: not found\n", id="words of its own before"),
        pytest.param("tini says: Permission denied", id="an init without the program"),
    ],
)
def test_message_of_the_program_itself(said: str) -> None:
    """The program's own output is not taken for a start error."""
    assert found(Api(), spec(), said) is None


@pytest.mark.parametrize(
    ("image", "hint"),
    [
        pytest.param("is_chosen", "name an image for this machine", id="chosen"),
        pytest.param("is_function", "build the image for this machine", id="function"),
        pytest.param(None, "`--architecture`", id="runtime"),
    ],
)
def test_program_for_another_architecture(image: str | None, hint: str) -> None:
    """The kernel's message is detected anywhere in the output; the hint depends on the kind of image."""
    foreign = spec(
        foreign_architecture="arm64",
        is_chosen=image == "is_chosen",
        is_function=image == "is_function",
    )
    errors = FormatErrors()
    errors.read(b"hello\n")
    before = errors.detected
    errors.read(b"exec /run: exec format error\n")
    errors.read(b"bye\n")
    error = errors.as_error(foreign)
    assert (before, errors.detected) == (False, True)
    assert "`mine:1` is for arm64" in error.message
    assert "--install arm64" in (error.hint or "")
    assert hint in (error.hint or "")
