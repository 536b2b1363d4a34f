"""The program of a function in a language: the interpreter of this machine, and a runtime interface client."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.sandbox.process.interpreters import find_interpreter, label_of
from samlocal.sandbox.process.program import Program, image_variables
from samlocal.sandbox.process.runtime_clients import ClientRequest, make_client
from samlocal.sandbox.sandbox import LAYER_ROOT, TASK_ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from samlocal.function import Function
    from samlocal.host import Host
    from samlocal.runtimes import Runtime
    from samlocal.sandbox.process.installations import Interpreter

# Every process sees them.
_SYSTEM: Final = ("/usr", "/")
# The sandbox has its own.
_OWN: Final = (TASK_ROOT, LAYER_ROOT, "/tmp")  # noqa: S108  # the sandbox's


def make_program(
    function: Function,
    runtime: Runtime,
    environment: Mapping[str, str],
    *,
    folders: Mapping[str, Path],
    project: Path,
    chosen: Path | None,
    host: Host,
) -> Program:
    """Return the program that runs a function; `chosen` is the user's interpreter, if any.

    `folders` are the directories of code and layers by their path in the sandbox, and `project` is the
    directory of the project.

    Raises:
        InterpreterNotFoundError: There is no interpreter, or no runtime client.
    """
    interpreter, diagnostics = find_interpreter(
        function, runtime, chosen=chosen, folders=(project, folders[TASK_ROOT]), host=host
    )
    client = make_client(
        ClientRequest(
            function=function,
            runtime=runtime,
            interpreter=interpreter,
            environment=environment,
            folders=folders,
            home=host.home,
        )
    )
    return Program(
        words=(str(interpreter.path), *client.arguments),
        label=label_of(interpreter, runtime),
        variables={
            **image_variables(interpreter.path.parent, has_layers=LAYER_ROOT in folders),
            **client.variables,
        },
        needs=(
            *dict.fromkeys((*_installation(interpreter), *editable_folders(interpreter))),
            *client.files,
        ),
        diagnostics=diagnostics,
    )


def make_script_program(
    function: Function,
    runtime: Runtime,
    script: str,
    *,
    folders: tuple[Path, Path],
    chosen: Path | None,
    host: Host,
) -> Program:
    """Return the program that runs a script of the code at a path in the sandbox, without a runtime client.

    `folders` are the directories of the project and of the code; `chosen` is the user's interpreter, if any.

    Raises:
        InterpreterNotFoundError: There is no interpreter.
    """
    interpreter, diagnostics = find_interpreter(
        function, runtime, chosen=chosen, folders=folders, host=host
    )
    return Program(
        words=(str(interpreter.path), script),
        label=label_of(interpreter, runtime),
        variables=image_variables(interpreter.path.parent, has_layers=False),
        needs=tuple(dict.fromkeys((*_installation(interpreter), *editable_folders(interpreter)))),
        diagnostics=diagnostics,
    )


def _installation(interpreter: Interpreter) -> Iterator[Path]:
    """Yield the directories that an interpreter is installed in: also that of the one behind a virtual environment.

    Each program is in a directory of its installation; the installation of `/usr/bin/python3` is `/usr`.
    """
    program = interpreter.path
    for path in (program, program.parent.resolve() / program.name, program.resolve()):
        installation = path.parent.parent
        if str(installation) not in _SYSTEM:
            yield installation


def editable_folders(interpreter: Interpreter) -> Iterator[Path]:
    """Yield the directories that packages of a virtual environment are in, although it is not: those of `pip install -e`.

    https://docs.python.org/3/library/site.html: a file `NAME.pth` has a directory in each line.
    """
    environment = interpreter.path.parent.parent
    if not (environment / "pyvenv.cfg").is_file():
        return
    for file in environment.glob("lib/python*/site-packages/*.pth"):
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            continue
        for line in map(str.rstrip, lines):
            path = os.path.normpath(line)
            if line.startswith("/") and path not in _OWN and os.path.isdir(path):  # noqa: PTH112  # no error is of interest
                yield Path(path)
