"""Where sandboxes run: in containers of an engine, or as processes of this machine."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.engine.engine import Engine
    from samlocal.sandbox.sandbox import SandboxKind

# The values of `--sandbox`.
SandboxChoice = Literal["auto", "docker", "process"]


@frozen
class Backend:
    """What sandboxes run on. `engine` names a container engine, as in `--engine`; None is the first that answers."""

    kind: SandboxKind = "docker"
    engine: str | None = None

    def connect(self) -> Engine | None:
        """Return a connection to the engine; None if sandboxes are processes.

        Raises:
            UsageError: There is no engine of that name.
            EngineNotReachableError: None answers.
        """
        if self.kind == "process":
            return None
        from samlocal.engine.engine import Engine  # noqa: PLC0415  # processes need none

        return Engine(self.engine)


def address_of(engine: Engine | None) -> str:
    """Return the address of an engine, or what stands for it where sandboxes are processes."""
    return engine.address if engine else "this machine"


def choose_backend(
    chosen: SandboxChoice, engine: str | None, variables: Mapping[str, str]
) -> Backend:
    """Return the backend for `--sandbox` and `--engine`, in an environment of `variables`.

    With `auto`, sandboxes are processes if no engine is named, by an option, a variable or a Docker context,
    and nothing listens where engines do.
    """
    if chosen == "process":
        return Backend(kind="process")
    if chosen == "auto" and not engine and not _may_have_engine(variables):
        return Backend(kind="process")
    return Backend(engine=engine)


def _may_have_engine(variables: Mapping[str, str]) -> bool:
    """Return whether an engine is named, or something listens on one of the sockets of engines."""
    from samlocal.engine.discovery import find_engines  # noqa: PLC0415  # imports little, but processes need none
    from samlocal.errors import EngineNotReachableError  # noqa: PLC0415  # as above

    if variables.get("DOCKER_HOST") or variables.get("DOCKER_CONTEXT"):
        return True
    try:
        found = find_engines(None, variables)
    except EngineNotReachableError:  # of a context that does not exist
        return True
    return any(each.socket_path is None or _listens(each.socket_path) for each in found.addresses)


def _listens(path: str) -> bool:
    if not os.path.exists(path):  # noqa: PTH110  # this is on the path of every command
        return False
    with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
        client.connect(path)
        return True
    return False
