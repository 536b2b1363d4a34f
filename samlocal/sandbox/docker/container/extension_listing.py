"""The external extensions of a container: which ones it has, and the command of one.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
"""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, cast

from samlocal.sandbox.docker.container.own_program import dropped_variables, is_shell_name
from samlocal.sandbox.docker.container.supervisor_script import extension_command
from samlocal.sandbox.extension_files import (
    EXTENSIONS_FOLDER,
    EXTENSIONS_SWITCH,
    VARIABLES_OF_RUNTIME,
)
from samlocal.sandbox.sandbox import LAYER_ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from samlocal.engine.engine import Engine
    from samlocal.sandbox.container_spec import ContainerSpec


def may_have_extensions(spec: ContainerSpec) -> bool:
    """Return False if a container certainly has no extensions: AWS's images for runtimes have none."""
    sandbox, image = spec.sandbox, spec.image
    if not sandbox.extensions:
        return False
    mounted = [each for each in sandbox.mounts if f"{each.target}/".startswith(f"{LAYER_ROOT}/")]
    if spec.engine_options or any(each.target != LAYER_ROOT for each in mounted):
        return True
    if mounted:
        return any(os.path.lexists(each.source / "extensions") for each in mounted)
    return image.is_function or image.is_chosen


def list_extensions(engine: Engine, container_id: str) -> tuple[str, ...]:
    """Return the extensions of a container without a shell, from an archive of its files."""
    with engine.translated_errors():
        if engine.api.has_file(container_id, EXTENSIONS_SWITCH):
            return ()
        if not engine.api.has_file(container_id, EXTENSIONS_FOLDER):
            return ()
        import tarfile  # noqa: PLC0415  # few images need it

        pieces, _ = engine.sdk.get_archive(container_id, EXTENSIONS_FOLDER)
        with tarfile.open(fileobj=cast("IO[bytes]", _Pieces(pieces)), mode="r|") as archive:
            names = [each.name.rstrip("/").split("/") for each in archive if not each.isdir()]
    return tuple(sorted(name[1] for name in names if len(name) == 2))  # noqa: PLR2004


class _Pieces:
    """What `tarfile` needs of a file to read a stream of pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def read(self, size: int, /) -> bytes:
        del size  # it takes any
        return next(self._pieces, b"")


def command_of(name: str, token: str | None, variables: Mapping[str, str]) -> list[str]:
    """Return the command that runs an extension in a container with these variables.

    Without a `token` there is no shell, and the extension gets all variables.
    """
    if token is None:
        return [f"{EXTENSIONS_FOLDER}/{name}"]
    private = [each for each in variables if each.startswith("_")]
    unset = [*VARIABLES_OF_RUNTIME, *(each for each in private if is_shell_name(each))]
    removed = [option for each in private if not is_shell_name(each) for option in ("-u", each)]
    kept = {each: value for each, value in variables.items() if each not in private}
    changes = [*removed, *dropped_variables(kept)]
    return extension_command(token, name, unset=unset, prefix=["env", *changes] if changes else [])
