"""`${file(PATH):a.b}`: a value from another file.

https://www.serverless.com/framework/docs/providers/aws/guide/variables#reference-properties-in-other-files
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.documents.node import Node
from samlocal.documents.read_files import note_file
from samlocal.errors import TemplateError, TemplateNotFoundError, VariableError
from samlocal.serverless.configuration import PROGRAMS
from samlocal.serverless.variables.sources.memory import memory_of

if TYPE_CHECKING:
    from samlocal.serverless.variables.source import SourceRequest, Variables
    from samlocal.serverless.variables.sources.memory import Memory

_DATA: Final = frozenset({".yml", ".yaml", ".json", ".tfstate"})


def read_file(request: SourceRequest, variables: Variables) -> Node | None:
    """Return the content of a file, or the value at a path into it; None if there is no such file or value.

    Files in YAML and JSON are data, those in JavaScript and TypeScript run, and all others are text.
    """
    path = _path(request, variables.configuration.directory)
    address = request.name
    memory = memory_of(variables)
    try:
        if path.suffix in PROGRAMS:
            from samlocal.serverless.variables.sources.programs import (  # noqa: PLC0415  # few services have any
                run_file,
            )

            return run_file(request, variables, path, address)
        root = _content(path, memory)
    except (TemplateError, OSError, ValueError) as exc:
        raise _unreadable(request, exc) from exc
    if root is None or address is None:
        return root
    return variables.walk(root, address.split("."))


def _path(request: SourceRequest, directory: Path) -> Path:
    node = request.params[0] if request.params else None
    name = node.optional_text() if node else None
    if not name:
        reason = (
            f"the path is {node.kind}, not text" if node and node.value else "the path is missing"
        )
        raise request.error(reason, hint="write `file(PATH)` or `file(PATH):KEY`")
    return Path(os.path.normpath(directory / name))


def _content(path: Path, memory: Memory) -> Node | None:
    if path not in memory.files:
        memory.files[path] = _read(path)
    return memory.files[path]


def _read(path: Path) -> Node | None:
    if path.suffix in _DATA:
        from samlocal.documents import js_yaml  # noqa: PLC0415  # not for text

        try:
            return js_yaml.load(path)
        except TemplateNotFoundError:
            return None
    note_file(path)
    try:
        text = path.read_bytes().decode(errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Node(text, path, 0, 0)


def _unreadable(
    request: SourceRequest, error: TemplateError | OSError | ValueError
) -> VariableError:
    if not isinstance(error, TemplateError):
        reason = error.strerror if isinstance(error, OSError) else error
        return request.error(f"the file cannot be read: {reason}")
    message = f"cannot resolve `{request.variable or request.text}`: {error.message}"
    return VariableError(message, place=error.place or request.node.place, hint=error.hint)
