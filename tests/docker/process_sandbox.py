"""Sandboxes whose runtime is any Python program, and their processes."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Condition
from typing import TYPE_CHECKING, Any, Final

from samlocal.sandbox.container_spec import ContainerSpec, ImageRequest
from samlocal.sandbox.docker.sandbox import DockerSandbox
from samlocal.sandbox.sandbox import Mount, SandboxSpec
from tests.docker.python_container import NoProgress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from samlocal.engine.engine import Engine
    from samlocal.sandbox.sandbox import Process

SECONDS: Final = 30
# Says when it is ready, and ends in its own way at SIGTERM.
WAITS: Final = """\
import os, signal
def end(*_):
    os.write(1, b"ending\\n")
    os._exit(5)
signal.signal(signal.SIGTERM, end)
os.write(1, b"ready\\n")
while True:
    signal.pause()
"""
EXTENSION: Final = f"#!/usr/bin/env python3\n{WAITS}"


class Words:
    """A log that keeps its end, and lets a test wait for a text."""

    def __init__(self) -> None:
        self.text = ""
        self.length = 0
        self._changed = Condition()

    def write(self, output: bytes) -> None:
        with self._changed:
            self.text = (self.text + output.decode(errors="backslashreplace"))[-100_000:]
            self.length += len(output)
            self._changed.notify_all()

    def line(self, text: str) -> None:
        raise AssertionError(text)

    def wait_for(self, text: str, *, times: int = 1) -> None:
        with self._changed:
            found = self._changed.wait_for(lambda: self.text.count(text) >= times, SECONDS)
        assert found, self.text


def container(
    folder: Path, image: str, program: str, engine_options: Mapping[str, Any], **options: object
) -> ContainerSpec:
    """Return a container whose runtime is a Python program; the layers are in `folder / "opt"`."""
    layers = folder / "opt"
    spec: dict[str, Any] = {
        "function": "F",
        "project": folder / "template.yaml",
        "environment": {"_HANDLER": "app.handler", "STAGE": "dev", "my.dotted": "a b"},
        "memory_mb": 128,
        "is_reused": True,
        "entrypoint": ("python3", "-c"),
        "command": (program,),
        "mounts": (Mount(source=layers, target="/opt"),) if layers.exists() else (),
    }
    return ContainerSpec(
        sandbox=SandboxSpec(**spec | options),
        image=ImageRequest(name=image, is_function="entrypoint" in options),
        api_connection="direct",
        engine_options=engine_options,
    )


@contextmanager
def running(
    engine: Engine,
    spec: ContainerSpec,
    at_start: Callable[[DockerSandbox], object] = lambda _sandbox: None,
) -> Iterator[tuple[DockerSandbox, Words]]:
    """Start a sandbox; provide it, and the log of its runtimes. `at_start` is called as soon as it has started."""
    log = Words()
    sandbox = DockerSandbox(spec, engine, progress=NoProgress())
    sandbox.started.add_done_callback(lambda _: at_start(sandbox))
    with sandbox:
        sandbox.output.connect(log)
        sandbox.started.result(SECONDS)
        yield sandbox, log


def log_of(process: Process) -> Words:
    log = Words()
    process.output.connect(log)
    return log
