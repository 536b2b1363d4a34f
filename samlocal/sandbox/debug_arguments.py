"""The contents of `--debug-args`: options, a debugger, a debugger script, or a whole command.

AWS's Toolkits give sam scripts below `--debugger-path`, and for an image a whole command:

    VS Code     /tmp/lambci_debug_files/py_debug_wrapper.py --listen 0.0.0.0:PORT --wait-for-client
    JetBrains   -u /tmp/lambci_debug_files/pydevd.py --multiprocess --port PORT --file
    an image    /var/lang/bin/python3.13 … SCRIPT … /var/runtime/bootstrap.py

For other languages' images they set variables: `NODE_OPTIONS`, `_JAVA_OPTIONS`.

https://github.com/aws/aws-toolkit-vscode/tree/master/packages/core/src/shared/sam/debugger
https://github.com/aws/aws-toolkit-jetbrains
"""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from samlocal.runtimes import DebugRecipe, Runtime

_SCRIPTS: Final = (".py", ".js", ".mjs", ".cjs", ".rb")
# Options of interpreters whose value is a script, but not the main script.
_TAKE_A_SCRIPT: Final = frozenset(
    {"-r", "--require", "--import", "--loader", "--experimental-loader"}
)


def brings_command(arguments: Sequence[str], runtime: Runtime) -> bool:
    """Return whether arguments start with the program to run."""
    if not arguments or arguments[0].startswith("-"):
        return False
    if runtime.program is None:
        return True
    return is_program(arguments[0], runtime.program)


def brings_debugger(
    arguments: Sequence[str], environment: Mapping[str, str], recipe: DebugRecipe
) -> bool:
    """Return whether arguments or variables start another debugger than a recipe's."""
    options = [
        value
        for name, value in environment.items()
        if name.endswith("OPTIONS") or name == "RUBYOPT"
    ]
    if recipe.own and any(
        re.search(recipe.own, text) for text in (shlex.join(arguments), *options)
    ):
        return True
    return _brings_script(arguments)


def is_program(path: str, program: str) -> bool:
    """Return whether a path is that of a program in any version: `python`, `python3.13`."""
    return (
        re.fullmatch(rf"{program.rstrip('0123456789.')}[\d.]*", PurePosixPath(path).name)
        is not None
    )


def _brings_script(arguments: Sequence[str]) -> bool:
    if not arguments:
        return False
    if not arguments[0].startswith("-"):
        return True
    return any(
        each.endswith(_SCRIPTS) and not each.startswith("-") and before not in _TAKE_A_SCRIPT
        for before, each in pairwise(arguments)
    )
