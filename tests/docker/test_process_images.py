"""Processes in images with another shell, as AWS's, or without one."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import docker
import docker.errors
import pytest

from samlocal.engine.engine import Engine
from samlocal.errors import LaunchError
from tests.docker.leftovers import leftovers
from tests.docker.process_sandbox import EXTENSION, container, running
from tests.functional.sandbox.process.local_sandbox import SECONDS, WAITS, log_of
from tests.missing import missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    Build = Callable[[str, Mapping[str, bytes]], str]

# Says its name, and ends in its own way at SIGTERM.
PROGRAM = r"""
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
static void end(int number) { (void)number; (void)!write(1, "ending\n", 7); _exit(5); }
int main(int count, char **arguments) {
    (void)count;
    signal(SIGTERM, end);
    printf("ready %s\n", arguments[0]);
    fflush(stdout);
    for (;;) pause();
}
"""


@pytest.fixture
def build(engine: docker.APIClient) -> Iterator[Build]:
    """Builds an image from a Dockerfile and files, all executable; none is left."""
    made: list[str] = []

    def build_image(dockerfile: str, files: Mapping[str, bytes]) -> str:
        name = f"localhost/samlocal-test-{uuid4()}:1"
        context = io.BytesIO()
        with tarfile.open(fileobj=context, mode="w") as archive:
            for path, content in {"Dockerfile": dockerfile.encode(), **files}.items():
                entry = tarfile.TarInfo(path)
                entry.size, entry.mode = len(content), 0o755
                archive.addfile(entry, io.BytesIO(content))
        context.seek(0)
        for event in engine.build(
            fileobj=context, custom_context=True, tag=name, rm=True, decode=True
        ):
            assert "error" not in event, event
        made.append(name)
        return name

    yield build_image
    for name in made:
        with suppress(docker.errors.APIError):
            engine.remove_image(name, force=True)


@pytest.fixture
def program(tmp_path: Path) -> bytes:
    if not shutil.which("gcc"):
        missing("gcc is not installed")
    (tmp_path / "program.c").write_text(PROGRAM)
    subprocess.run(["gcc", "-static", "-o", "program", "program.c"], cwd=tmp_path, check=True)
    return (tmp_path / "program").read_bytes()


def test_bash_supervises(
    build: Build, stand_in: Callable[[str], str], engine: docker.APIClient, tmp_path: Path
) -> None:
    """With bash as its shell, as in AWS's images, a container works in the same way."""
    dockerfile = (
        f"FROM {stand_in('python:3.11')}\nRUN ln -sf bash /bin/sh\nCOPY e /opt/extensions/e\n"
    )
    spec = container(tmp_path, build(dockerfile, {"e": EXTENSION.encode()}), WAITS, {})
    spec = replace(spec, image=replace(spec.image, is_chosen=True))
    with Engine() as ours, running(ours, spec) as (sandbox, log):
        assert sandbox.extensions.result(SECONDS) == ("e",)
        extension = sandbox.start_extension("e")
        extension_log = log_of(extension)
        extension_log.wait_for("ready\n")
        for number in (1, 2):
            sandbox.start_runtime()
            log.wait_for("ready\n", times=number)
            sandbox.runtime.flush_output()
            sandbox.runtime.kill()
            exited = sandbox.runtime.exited.result(SECONDS)
            assert (exited.status, exited.signal) == (137, 9)
        extension.terminate()
        assert extension.exited.result(SECONDS).status == 5
        extension.output_ended.result(SECONDS)
        assert (log.text, extension_log.text) == ("ready\n" * 2, "ready\nending\n")
    assert not leftovers(engine, tmp_path)


@pytest.mark.parametrize("is_reused", [False, True])
def test_bash_says_nothing_about_its_own_processes(
    build: Build, stand_in: Callable[[str], str], tmp_path: Path, *, is_reused: bool
) -> None:
    """What bash says about processes of its script that were killed is not output of the function."""
    image = build(f"FROM {stand_in('python:3.11')}\nRUN ln -sf bash /bin/sh\n", {})
    program = "import os\ntry: os.kill(-1, 9)\nfinally: os._exit(3)"
    spec = container(tmp_path, image, program, {}, is_reused=is_reused)
    with Engine() as ours, running(ours, spec) as (sandbox, log):
        for _ in range(5):
            assert sandbox.runtime.exited.result(SECONDS).status == 3
            sandbox.runtime.output_ended.result(SECONDS)
            sandbox.start_runtime()
        assert log.text == ""


def test_extensions_without_a_shell(
    build: Build, program: bytes, engine: docker.APIClient, tmp_path: Path
) -> None:
    """In an image without a shell, extensions run as long as the runtime."""
    dockerfile = 'FROM scratch\nCOPY run /run\nCOPY a text /opt/extensions/\nENTRYPOINT ["/run"]\n'
    image = build(dockerfile, {"run": program, "a": program, "text": b"no program"})
    spec = container(tmp_path, image, "", {}, entrypoint=("/run",), command=())
    with Engine() as ours:
        for kills in (False, True):
            with running(ours, spec) as (sandbox, log):
                assert sandbox.extensions.result(SECONDS) == ("a", "text")
                assert not sandbox.can_restart
                runtime = sandbox.runtime
                assert sandbox.start_runtime() is runtime
                extension, text = map(sandbox.start_extension, ("a", "text"))
                extension_log = log_of(extension)
                with pytest.raises(LaunchError, match="exec format error"):
                    text.exited.result(SECONDS)
                log.wait_for("ready /run\n")
                extension_log.wait_for("ready /opt/extensions/a\n")
                if kills:
                    sandbox.kill_processes()
                else:
                    runtime.terminate()
                assert runtime.exited.result(SECONDS).status == (137 if kills else 5)
                assert extension.exited.result(SECONDS).signal == 9
                sandbox.exited.result(SECONDS)
                extension.output_ended.result(SECONDS)
    assert not leftovers(engine, tmp_path)
