"""Functions for another architecture than that of the engine's machine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from samlocal.runtimes import Architecture
    from samlocal.sandbox.docker.engine import Engine
    from samlocal.sandbox.sandbox import SandboxSpec

_ENGINES_NAMES: Final[dict[Architecture, str]] = {"x86_64": "amd64", "arm64": "arm64"}


def emulated(engine: Engine, spec: SandboxSpec) -> SandboxSpec:
    """Return the spec of a function that isn't for this machine, as the engine has to run it.

    The engine's machine may be another one, and just right for it.
    """
    if spec.architecture is None:
        return spec
    name = _ENGINES_NAMES[spec.architecture]
    if engine.architecture() == name:
        return spec
    image = spec.architecture_image or spec.image
    return replace(spec, image=image, foreign_architecture=name)


def platform_of(spec: SandboxSpec) -> str | None:
    """Return the platform to ask the engine for, if it isn't its own."""
    return f"linux/{spec.foreign_architecture}" if spec.foreign_architecture else None
