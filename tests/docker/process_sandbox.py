"""Sandboxes of each kind whose runtime is any Python program, and their processes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from samlocal.sandbox.container_spec import ContainerSpec, ImageRequest
from samlocal.sandbox.docker.sandbox import DockerSandbox
from samlocal.sandbox.process.sandbox import ProcessSandbox
from samlocal.sandbox.process_spec import ProcessSpec
from tests.docker.python_container import NoProgress
from tests.functional.sandbox.process.local_sandbox import SECONDS, WAITS, Words, sandbox_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from samlocal.engine.engine import Engine
    from samlocal.sandbox.spec import Spec

EXTENSION: Final = f"#!/usr/bin/env python3\n{WAITS}"

AnySandbox = DockerSandbox | ProcessSandbox


def container(
    folder: Path, image: str, program: str, engine_options: Mapping[str, Any], **options: object
) -> ContainerSpec:
    """Return a container whose runtime is a Python program; the layers are in `folder / "opt"`."""
    command = {"entrypoint": ("python3", "-c"), "command": (program,)}
    return ContainerSpec(
        sandbox=sandbox_spec(folder, **command | options),
        image=ImageRequest(name=image, is_function="entrypoint" in options),
        api_connection="direct",
        engine_options=engine_options,
    )


@contextmanager
def running(
    engine: Engine | None,
    spec: Spec,
    at_start: Callable[[AnySandbox], object] = lambda _sandbox: None,
    *,
    namespaces: bool = True,
) -> Iterator[tuple[AnySandbox, Words]]:
    """Start a sandbox; provide it, and the log of its runtimes. `at_start` is called as soon as it has started.

    Only a container needs an engine, and only a process can be without namespaces.
    """
    log = Words()
    sandbox = _new_sandbox(engine, spec, namespaces=namespaces)
    sandbox.started.add_done_callback(lambda _: at_start(sandbox))
    with sandbox:
        sandbox.output.connect(log)
        sandbox.started.result(SECONDS)
        yield sandbox, log


def _new_sandbox(engine: Engine | None, spec: Spec, *, namespaces: bool) -> AnySandbox:
    if isinstance(spec, ProcessSpec):
        return ProcessSandbox(spec, namespaces=namespaces)
    assert engine
    return DockerSandbox(spec, engine, progress=NoProgress())
