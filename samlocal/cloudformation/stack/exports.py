"""The exports of a project's stacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.documents.node import Unknown
from samlocal.errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from samlocal.cloudformation.intrinsics.dynamic_references import Reference
    from samlocal.cloudformation.stack.stack import Stack
    from samlocal.documents.node import Node


class ProjectExports:
    """The exports of a project's stacks, as far as they are opened."""

    def __init__(self, stacks: Callable[[], Iterable[Stack]]) -> None:
        self._stacks = stacks
        self._searching = False

    def look_up(self, reference: Reference) -> str | Unknown | None:
        if reference.service != "exports" or self._searching:
            return None
        self._searching = True  # the name of an export cannot be an import
        try:
            found = next(
                (
                    (stack, node)
                    for stack in self._stacks()
                    for name, node in _exports(stack)
                    if name == reference.name
                ),
                None,
            )
        finally:
            self._searching = False
        if found is None:
            return None
        stack, node = found
        value = stack.resolver.resolve(node)
        return value.value if isinstance(value.value, Unknown) else value.optional_text()


def _exports(stack: Stack) -> Iterable[tuple[str, Node]]:
    section = stack.section("Outputs")
    for output in (section.entries("`Outputs`") if section else {}).values():
        export, value = output.get("Export"), output.get("Value")
        name = export.get("Name") if export else None
        if name is None or value is None:
            continue
        try:
            text = stack.resolver.resolve(name).optional_text()
        except ProjectError:  # an export with an invalid name is ignored
            continue
        if text is not None:
            yield text, value
