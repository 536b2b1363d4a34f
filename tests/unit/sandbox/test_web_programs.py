"""The sandboxes in which programs of web functions run."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from samlocal.errors import (
    CodeNotFoundError,
    EngineRequiredError,
    Place,
    RuntimeNotFoundError,
    SamlocalError,
    TemplateError,
)
from samlocal.execution.fleet.http_endpoint import HttpEndpoint, choose_endpoint, with_endpoint
from samlocal.function import Function, LocalCode
from samlocal.host import current_host
from samlocal.sandbox.container_spec import ContainerNetwork, ContainerSpec
from samlocal.sandbox.plan import SandboxSettings
from samlocal.sandbox.process.web_program import plan_web_process
from samlocal.sandbox.sandbox import Mount
from samlocal.sandbox.web_programs import plan_web_container

TEMPLATE = Path("/shop/template.yaml")
PLACE = Place(TEMPLATE, 12, 5)


@pytest.fixture
def function(tmp_path: Path) -> Function:
    """A web function on Node.js 24 with a program in a directory."""
    (tmp_path / "src").mkdir()
    for name in ("index.js", "src/server.py", "server"):
        (tmp_path / name).write_text("#!/bin/sh\n")
    return Function(
        logical_id="Site",
        full_path="Shop/Site",
        name="site",
        code=LocalCode(path=tmp_path, place=PLACE),
        place=PLACE,
        runtime="nodejs24.x",
        memory_mb=2048,
    )


def _plan(
    function: Function, entry_point: str, settings: SandboxSettings | None = None
) -> tuple[ContainerSpec, list[str]]:
    assert isinstance(function.code, LocalCode)
    spec, diagnostics = plan_web_container(
        function,
        entry_point,
        {"STAGE": "dev"},
        project=TEMPLATE,
        code=function.code.path,
        settings=settings or SandboxSettings(),
    )
    return spec, [each.message for each in diagnostics]


def test_container(function: Function, tmp_path: Path) -> None:
    """The program runs in the image of its runtime, on the engine's architecture, without a handler or extensions."""
    spec, said = _plan(function, "index.js")
    sandbox = spec.sandbox
    assert spec.image.name == "public.ecr.aws/lambda/nodejs:24"
    assert (sandbox.entrypoint, sandbox.command) == (("node", "/var/task/index.js"), ())
    assert sandbox.mounts == (Mount(source=tmp_path, target="/var/task"),)
    assert (sandbox.memory_mb, sandbox.cpus) == (2048, 2.0)
    assert (sandbox.working_directory, sandbox.extensions) == ("/var/task", False)
    assert (sandbox.architecture, spec.image.for_architecture) == (None, None)
    assert not said


@pytest.mark.parametrize(
    ("runtime", "entry_point", "words"),
    [
        ("python3.13", "src/server.py", ("python3", "/var/task/src/server.py")),
        ("provided.al2023", "./server", ("/var/task/server",)),
    ],
)
def test_other_runtimes(
    function: Function, runtime: str, entry_point: str, words: tuple[str, ...]
) -> None:
    """Runtimes that AWS does not offer for web functions run here, and that is said."""
    spec, said = _plan(replace(function, runtime=runtime), entry_point)
    assert spec.sandbox.entrypoint == words
    assert said == [f"AWS does not run web functions on `{runtime}`"]


def test_settings(function: Function, tmp_path: Path) -> None:
    """Options about images, limits and the engine's machine apply as for other functions."""
    settings = SandboxSettings(image="mine:1", limits_memory=False, limits_rest=False)
    spec, _ = _plan(function, "index.js", settings)
    assert (spec.image.name, spec.image.is_chosen) == ("mine:1", True)
    assert (spec.sandbox.memory_mb, spec.sandbox.cpus) == (None, None)
    inside, _ = plan_web_container(
        function,
        "index.js",
        {},
        project=tmp_path / "template.yaml",
        code=tmp_path,
        settings=SandboxSettings(volume_basedir="/there"),
    )
    assert inside.sandbox.mounts[0].engine_path == "/there"


@pytest.mark.parametrize(
    ("runtime", "entry_point", "error", "message"),
    [
        ("java21", "index.js", RuntimeNotFoundError, "`java21` does not run programs"),
        ("nodejs1.x", "index.js", RuntimeNotFoundError, "nodejs1.x"),
        ("nodejs24.x", "main.js", CodeNotFoundError, "has no `main.js`, the entry point of `Site`"),
        ("nodejs24.x", "src", CodeNotFoundError, "has no `src`"),
        ("nodejs24.x", "../index.js", TemplateError, "is not a path in its code"),
        ("nodejs24.x", "/bin/sh", TemplateError, "is not a path in its code"),
    ],
)
def test_errors(
    function: Function, runtime: str, entry_point: str, error: type[SamlocalError], message: str
) -> None:
    """What cannot run is an error with its place."""
    with pytest.raises(error) as raised:
        _plan(replace(function, runtime=runtime), entry_point)
    assert message in raised.value.message
    assert raised.value.place == PLACE


def test_process_of_executable(function: Function, tmp_path: Path) -> None:
    """An executable runs as a process without an interpreter."""
    spec, _ = plan_web_process(
        replace(function, runtime="provided.al2023"),
        "server",
        {"STAGE": "dev"},
        project=TEMPLATE,
        code=tmp_path,
        settings=SandboxSettings(kind="process"),
        host=current_host(),
    )
    assert spec.program == ("/var/task/server",)
    assert spec.sandbox.environment == {"STAGE": "dev"}


def test_process_with_image(function: Function, tmp_path: Path) -> None:
    """A process cannot have an image."""
    with pytest.raises(EngineRequiredError):
        plan_web_process(
            function,
            "index.js",
            {},
            project=TEMPLATE,
            code=tmp_path,
            settings=SandboxSettings(kind="process", image="mine:1"),
            host=current_host(),
        )


def test_endpoint(function: Function, tmp_path: Path) -> None:
    """A program in a container listens where it does on AWS; in this machine's network at a free port of loopback."""
    spec, _ = _plan(function, "index.js")
    assert str(choose_endpoint(spec)) == "0.0.0.0:3000"
    of_host = choose_endpoint(replace(spec, network=ContainerNetwork(name="host")))
    process, _ = plan_web_process(
        replace(function, runtime="provided.al2023"),
        "server",
        {},
        project=TEMPLATE,
        code=tmp_path,
        settings=SandboxSettings(kind="process"),
        host=current_host(),
    )
    of_process = choose_endpoint(process)
    assert of_host.host == of_process.host == "127.0.0.1"
    assert {of_host.port, of_process.port}.isdisjoint({0, 3000})
    told = with_endpoint(spec, HttpEndpoint(host="127.0.0.1", port=4000)).sandbox.environment
    assert told == {"STAGE": "dev", "AWS_LAMBDA_HTTP_ENDPOINT": "127.0.0.1:4000"}
    assert os.environ.get("AWS_LAMBDA_HTTP_ENDPOINT") is None
