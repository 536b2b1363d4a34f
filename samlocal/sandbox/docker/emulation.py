"""Functions for another architecture than the engine's machine."""

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


def with_emulation(engine: Engine, spec: ContainerSpec) -> ContainerSpec:
    """Return the spec with emulation, if the function is not for the engine's machine."""
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
    """Return whether a local engine has the function's architecture, without a call to the engine."""
    own = "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"
    return architecture == own and engine.socket_path is not None


def platform_of(image: ImageRequest) -> str | None:
    """Return the platform for calls to the engine; None for its own platform."""
    return f"linux/{image.foreign_architecture}" if image.foreign_architecture else None


def lambda_architecture(architecture: str) -> str:
    """Return Lambda's name of an engine's architecture, or the same name if Lambda has none."""
    return _LAMBDAS_NAMES.get(architecture, architecture)
