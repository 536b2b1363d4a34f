"""The program of an image, and how its shell supervises it."""

from __future__ import annotations

import re
from dataclasses import field, replace
from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen
from samlocal.sandbox.docker.container.supervisor_script import SHELL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.engine.engine import Engine
    from samlocal.sandbox.sandbox import SandboxSpec

# The entry point of AWS's runtime images is a script.
_RUNTIME_ENTRYPOINT: Final = ("/lambda-entrypoint.sh",)
_SHELL_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# The variables of the supervisor's script have such names. The shell would export its own values.
_NAME_IN_SCRIPT: Final = re.compile(r"_[a-z]+")


@frozen
class OwnProgram:
    """The program, variables and working directory of an image."""

    entrypoint: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    working_directory: str = "/"

    @property
    def has_shell(self) -> bool:
        """Whether the image certainly has a shell."""
        return self.entrypoint == _RUNTIME_ENTRYPOINT


def own_program(engine: Engine, image: str) -> OwnProgram:
    """Return the program of an image on the engine's machine.

    Raises:
        ImageMissingError: There is no such image.
    """
    config = engine.api.image(image)["Config"] or {}
    return OwnProgram(
        entrypoint=tuple(config.get("Entrypoint") or ()),
        variables=dict(each.partition("=")[::2] for each in config.get("Env") or ()),
        working_directory=config.get("WorkingDir") or "/",
    )


def has_shell(engine: Engine, container_id: str) -> bool:
    """Return whether a container, running or not, has the shell."""
    return engine.api.has_file(container_id, SHELL)


def supervised(spec: SandboxSpec, own: OwnProgram, script: str) -> SandboxSpec:
    """Return the spec with its program run by a script of the shell."""
    program = (*(spec.entrypoint or ()), *spec.command)
    variables = {**own.variables, **spec.environment}
    names = [each for each in variables if _NAME_IN_SCRIPT.fullmatch(each)]
    changed = [f"{each}={variables[each]}" for each in names]
    changed += dropped_variables(variables)
    program = ("env", *changed, *program) if changed else program
    return replace(spec, entrypoint=(SHELL, "-c", script), command=program)


def dropped_variables(variables: Mapping[str, str]) -> list[str]:
    """Return the variables that some shells drop, because they do not support their names.

    They reach a program that `env` starts.
    """
    return [f"{name}={value}" for name, value in variables.items() if not is_shell_name(name)]


def is_shell_name(name: str) -> bool:
    """Return whether every shell supports a variable of that name."""
    return _SHELL_NAME.fullmatch(name) is not None
