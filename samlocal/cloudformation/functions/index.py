"""The functions of a stack with all their identifiers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from samlocal.cloudformation.stack.globals import declared_properties
from samlocal.cloudformation.stack.resource_metadata import construct_path, resource_id
from samlocal.cloudformation.stack.stack import FUNCTION_TYPES
from samlocal.errors import ProjectError
from samlocal.function import FunctionEntry

if TYPE_CHECKING:
    from samlocal.cloudformation.stack.stack import Stack


def read_entries(stack: Stack, *, excluded: bool = False) -> tuple[FunctionEntry, ...]:
    """Return the functions of a stack; with `excluded`, those whose `Condition` is false."""
    logical_ids = [
        logical_id
        for logical_id in stack.resources
        if stack.resource_type(logical_id) in FUNCTION_TYPES
        and (stack.exists(logical_id) is False) is excluded
    ]
    ids = {name: resource_id(stack.resources[name]) for name in logical_ids}
    taken = Counter(ids.values()) + Counter(logical_ids)
    return tuple(
        _read_entry(stack, name, ids[name], is_unique=taken[ids[name]] == 1) for name in logical_ids
    )


def _read_entry(
    stack: Stack, logical_id: str, function_id: str | None, *, is_unique: bool
) -> FunctionEntry:
    """Return a function's identifiers; its full path ends in its id, as in sam, if the id is unique."""
    name = function_id if function_id and is_unique else logical_id
    condition = stack.resources[logical_id].get("Condition")
    return FunctionEntry(
        logical_id=logical_id,
        full_path=f"{stack.path}/{name}" if stack.path else name,
        place=stack.place_of(logical_id),
        resource_type=stack.resource_type(logical_id) or "",
        function_id=function_id,
        function_name=_function_name(stack, logical_id),
        construct_path=construct_path(stack.resources[logical_id]),
        condition=condition.optional_text() if condition else None,
    )


def _function_name(stack: Stack, logical_id: str) -> str | None:
    """Return `FunctionName`; an error in it is raised when the function is resolved."""
    try:
        return stack.optional_text(declared_properties(stack, logical_id).get("FunctionName"))
    except ProjectError:
        return None
