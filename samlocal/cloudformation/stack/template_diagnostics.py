"""Diagnostics of templates that do not depend on the function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.cloudformation.intrinsics.transforms import transform_name
from samlocal.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterable

    from samlocal.cloudformation.stack.stack import Stack


def duplicate_keys(stacks: Iterable[Stack]) -> list[Diagnostic]:
    """Return a diagnostic for each key that a mapping has twice."""
    return [
        Diagnostic(
            message=f"`{duplicate.key}` is given twice: the later value applies",
            place=duplicate.place,
            hint=f"the first one: {duplicate.earlier}",
        )
        for stack in stacks
        for duplicate in stack.document.duplicate_keys
    ]


def macros(stacks: Iterable[Stack]) -> list[Diagnostic]:
    """Return a diagnostic for each macro: only AWS can run it."""
    return [
        Diagnostic(message=f"skipping the macro `{name}`: it runs only in AWS", place=node.place)
        for stack in stacks
        for node in stack.transforms
        if (name := transform_name(node)) and not name.startswith("AWS::")
    ]
