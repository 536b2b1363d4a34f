"""The program of a function that runs as a process, and what a container has from its image."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen
from samlocal.sandbox.sandbox import LAYER_ROOT, TASK_ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from samlocal.diagnostics import Diagnostic

_SYSTEM_PATH: Final = ("/usr/local/bin", "/usr/bin", "/bin")


@frozen
class Program:
    """A program with its arguments, and its name for messages.

    `variables` are added to the function's, which override them. `needs` are the files and directories of this
    machine that the program reads.
    """

    words: tuple[str, ...]
    label: str
    variables: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[Path, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def image_variables(programs: Path | None = None, *, has_layers: bool) -> dict[str, str]:
    """Return the variables that Lambda's images set, for this machine; `programs` is the folder of the interpreter.

    The libraries of the system are found without a variable. Without layers, /opt may be this machine's.
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    """
    path = (*((str(programs),) if programs else ()), *_SYSTEM_PATH)
    libraries: tuple[str, ...] = (TASK_ROOT, f"{TASK_ROOT}/lib")
    if has_layers:
        path = (*path, f"{LAYER_ROOT}/bin")
        libraries = (*libraries, f"{LAYER_ROOT}/lib")
    return {
        "LANG": "en_US.UTF-8",
        "LD_LIBRARY_PATH": ":".join(libraries),
        "PATH": ":".join(dict.fromkeys(path)),
        "PWD": TASK_ROOT,
    }
