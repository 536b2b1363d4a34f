"""Variables' files in JavaScript and TypeScript, whose functions may ask for variables themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.documents.node import Node
from samlocal.documents.read_files import note_file
from samlocal.path_kinds import is_file
from samlocal.serverless.node.process import ScriptRequest
from samlocal.serverless.variables.sources.memory import memory_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from samlocal.serverless.node.process import Question
    from samlocal.serverless.variables.source import SourceRequest, Variables


def run_file(
    request: SourceRequest, variables: Variables, path: Path, address: str | None
) -> Node | None:
    """Return what a file exports, or the value at a path into it, with functions called and promises kept.

    Raises:
        TemplateError: Node.js cannot read the file, or the file throws.
        VariableError: A function asks for a variable that cannot be resolved, or for its own result.
    """
    memory = memory_of(variables)
    key = (path, address)
    if key in memory.running:
        raise request.error("the function in the file asks for its own result")
    if key not in memory.results:
        note_file(path)
        if not is_file(path):
            return None
        memory.running.add(key)
        try:
            memory.results[key] = _run(request, variables, path, address)
        finally:
            memory.running.discard(key)
    found = memory.results[key]
    return None if found.value is None else found


def _run(request: SourceRequest, variables: Variables, path: Path, address: str | None) -> Node:
    def answer(question: Question) -> Mapping[str, object]:
        return _answer(question, request.node, variables)

    script = ScriptRequest(
        path=path,
        address=address,
        options=variables.context.options,
        environment=variables.environment,
    )
    data = memory_of(variables).node.load(script, answer)
    return Node(None, path, 0, 0).with_data(data)


def _answer(question: Question, node: Node, variables: Variables) -> Mapping[str, object]:
    if question.property is not None:
        found = variables.at(*question.property)
        return {} if found is None else {"value": variables.resolve(found).plain()}
    text = question.text if question.text is not None else f"${{{question.variable}}}"
    return {"value": variables.resolve(node.with_value(text)).plain()}
