"""What sources remember of one configuration, for as long as its variables are in use."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Final

from samlocal.serverless.node.process import NodeProcess

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.documents.node import Node
    from samlocal.serverless.variables.source import Variables


class Memory:
    """The files that have been read, and the process that runs those in JavaScript.

    `results` are what these gave for a path into them; `running` are those that have not answered yet.
    """

    def __init__(self, directory: Path) -> None:
        self.files: dict[Path, Node | None] = {}
        self.results: dict[tuple[Path, str | None], Node] = {}
        self.running: set[tuple[Path, str | None]] = set()
        self.commands: dict[tuple[str, ...], str] = {}
        self.node = NodeProcess(directory)


_memories: Final[weakref.WeakKeyDictionary[Variables, Memory]] = weakref.WeakKeyDictionary()


def memory_of(variables: Variables) -> Memory:
    """Return what sources remember for these variables."""
    memory = _memories.get(variables)
    if memory is None:
        memory = Memory(variables.configuration.directory.absolute())
        _memories[variables] = memory
        weakref.finalize(variables, memory.node.close)
    return memory
