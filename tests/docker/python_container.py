"""Containers of a Python function, and what observes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.sandbox.container_spec import ContainerSpec, ImageRequest
from samlocal.sandbox.sandbox import Mount, SandboxSpec

if TYPE_CHECKING:
    from pathlib import Path


class Lines:
    """A log that keeps its lines."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, output: bytes) -> None:
        self.text += output.decode().replace("\r", "\n")

    def line(self, text: str) -> None:
        self.text += f"{text}\n"


class NoProgress:
    """Fails on any pull or build."""

    def __call__(self, layer: str, status: str, current: int, total: int) -> None:
        raise AssertionError(layer, status, current, total)

    def note(self, text: str) -> None:
        raise AssertionError(text)


def container(code: Path, image: str, program: str) -> ContainerSpec:
    """Write the program of a function, whose handler is `app.handler`; return its container."""
    (code / "app.py").write_text(program)
    return ContainerSpec(
        sandbox=SandboxSpec(
            function="Counter",
            project=code / "template.yaml",
            environment={"_HANDLER": "app.handler"},
            memory_mb=256,
            is_reused=True,
            mounts=(Mount(source=code, target="/var/task"),),
            command=("app.handler",),
        ),
        image=ImageRequest(name=image),
        api_connection="direct",
    )
