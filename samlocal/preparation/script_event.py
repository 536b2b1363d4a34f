"""Events that a file in JavaScript exports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NoReturn

from samlocal.errors import EventError, ProjectError

if TYPE_CHECKING:
    from pathlib import Path


def run_script(path: Path) -> str:
    """Return what a file exports, a promise's value too, as JSON. The Node.js of this machine runs it.

    Raises:
        EventError: There is no Node.js, or the file throws.
    """
    from samlocal.serverless.node.process import NodeProcess, ScriptRequest

    node = NodeProcess(path.parent)
    try:
        exported = node.load(ScriptRequest(path=path), _refuse)
    except ProjectError as error:
        raise EventError(error.message, place=error.place, hint=error.hint) from error
    finally:
        node.close()
    return json.dumps(exported, ensure_ascii=False)


def _refuse(question: object) -> NoReturn:
    raise EventError(f"an event asks for a value of the project: {question}")
