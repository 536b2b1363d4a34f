"""Mutually exclusive options: if they come from different sources, the higher one wins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_GROUPS: Final = (
    ("event", "no_event", "data", "path"),
    ("context", "context_path"),
    ("docker", "sandbox"),
    ("pull", "skip_pull_image"),
    ("template", "hook_name"),
    ("template", "skip_prepare_infra"),
    ("template", "terraform_plan_file"),
)
_STDIN: Final = "-"
_READERS_OF_STDIN: Final = ("event", "path", "context_path", "env_vars", "container_env_vars")


def settle(values: dict[str, object], rank: Callable[[str], int]) -> list[str]:
    """Reset the options that contradict an option from a higher source, and return their names.

    `rank` returns the rank of an option's source: 0 is the highest. Contradictions within one source stay:
    the command rejects them or has a precedence of its own.
    """
    before = {name for name, value in values.items() if _is_given(value)}
    for group in _GROUPS:
        for name in _lower([name for name in group if _is_given(values.get(name))], rank):
            values[name] = False if values[name] is True else None
    readers = [name for name in _READERS_OF_STDIN if _STDIN in _texts(values.get(name))]
    for name in _lower(readers, rank):
        kept = tuple(text for text in _texts(values[name]) if text != _STDIN)
        values[name] = kept or None
    _settle_qualifier(values, rank)
    return sorted(name for name in before if not _is_given(values[name]))


def _settle_qualifier(values: dict[str, object], rank: Callable[[str], int]) -> None:
    """Apply the precedence between `--qualifier` and an identifier such as `Ratings:live`."""
    identifier = values.get("function_identifier")
    if not isinstance(identifier, str) or values.get("qualifier") is None:
        return
    from samlocal.project.lookup import split_identifier

    name, qualifier = split_identifier(identifier)
    lower = _lower(["function_identifier", "qualifier"], rank) if qualifier else []
    if "qualifier" in lower:
        values["qualifier"] = None
    elif lower:
        values["function_identifier"] = name


def _lower(names: Iterable[str], rank: Callable[[str], int]) -> list[str]:
    """Return the names whose source is not the highest of them all."""
    ranks = {name: rank(name) for name in names}
    return [name for name, found in ranks.items() if found > min(ranks.values())]


def _is_given(value: object) -> bool:
    return value is not None and value is not False


def _texts(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)
