"""Functions for another architecture than that of the engine's machine."""

from __future__ import annotations

import platform
from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from samlocal.engine.engine import Engine
    from samlocal.runtimes import Architecture
    from samlocal.sandbox.container_spec import ContainerSpec, ImageRequest

_ENGINES_NAMES: Final[dict[Architecture, str]] = {"x86_64": "amd64", "arm64": "arm64"}
_LAMBDAS_NAMES: Final = {name: architecture for architecture, name in _ENGINES_NAMES.items()}


def emulated(engine: Engine, spec: ContainerSpec) -> ContainerSpec:
    """Return the spec of a function that isn't for the engine's machine, as the engine has to run it."""
    architecture = spec.sandbox.architecture
    if architecture is None or _is_obviously_native(engine, architecture):
        return spec
    name = _ENGINES_NAMES[architecture]
    if engine.architecture() == name:
        return spec
    image = replace(
        spec.image,
        name=spec.image.for_architecture or spec.image.name,
        native=spec.image.name,
        foreign_architecture=name,
    )
    return replace(spec, image=image)


def _is_obviously_native(engine: Engine, architecture: Architecture) -> bool:
    """Tell without a call that an engine on this machine runs what this machine does."""
    own = "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"
    return architecture == own and engine.socket_path is not None


def platform_of(image: ImageRequest) -> str | None:
    """Return the platform to ask the engine for, if it isn't its own."""
    return f"linux/{image.foreign_architecture}" if image.foreign_architecture else None


def lambdas_name(architecture: str) -> str:
    """Return what Lambda calls an architecture of an engine, if it has it."""
    return _LAMBDAS_NAMES.get(architecture, architecture)
