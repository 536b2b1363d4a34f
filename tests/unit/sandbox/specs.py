"""A sandbox and its container with what every one has; a test replaces what it is about."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from samlocal.sandbox.container_spec import ContainerSpec, ImageRequest
from samlocal.sandbox.sandbox import SandboxSpec

SANDBOX: Final = SandboxSpec(
    function="Ratings", project=Path("/p/template.yaml"), environment={}, memory_mb=128
)
CONTAINER: Final = ContainerSpec(sandbox=SANDBOX, image=ImageRequest(name="python:3.11"))
