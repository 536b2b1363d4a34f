"""Options in groups: a dataclass holds what belongs together, one field an option.

Typer wants one parameter an option, and so would have every option written once in each command that
takes it, once where it is passed on, and once where it arrives.
"""

from __future__ import annotations

import dataclasses
import inspect
from copy import copy
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

from typer.models import OptionInfo

if TYPE_CHECKING:
    from collections.abc import Callable


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command, whose parameters are groups of options, the signature that typer reads.

    A parameter that is no dataclass stays one option. The options come in the order of the parameters,
    those of a group in the order of its fields. The help shows them under the group's `heading`, if it has one.
    """
    hints = get_type_hints(command, include_extras=True)
    parameters = inspect.signature(command).parameters.values()
    groups = {each.name: hints[each.name] for each in parameters if _is_group(hints[each.name])}
    options = [
        option
        for each in parameters
        for option in (
            _options(groups[each.name])
            if each.name in groups
            else [each.replace(annotation=hints[each.name])]
        )
    ]

    @wraps(command)
    def call(**given: Any) -> None:  # noqa: ANN401  # whatever the options hold
        for name, group in groups.items():
            names = {field.name for field in dataclasses.fields(group)} & given.keys()
            given[name] = group(**{option: given.pop(option) for option in names})
        command(**given)

    call.__dict__["__signature__"] = inspect.Signature(options)
    call.__annotations__ = {option.name: option.annotation for option in options}
    del call.__wrapped__
    return call


def _is_group(hint: object) -> bool:
    return isinstance(hint, type) and dataclasses.is_dataclass(hint)


def _options(group: Any) -> list[inspect.Parameter]:  # noqa: ANN401  # a dataclass has no type
    hints = get_type_hints(group, include_extras=True)
    heading = getattr(group, "heading", None)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=field.default,
            annotation=_under(heading, hints[field.name]),
        )
        for field in dataclasses.fields(group)
    ]


def _under(heading: str | None, annotation: Any) -> Any:  # noqa: ANN401  # any annotation
    """Put an option under the heading of its group, unless it has one of its own."""
    option = next(iter(getattr(annotation, "__metadata__", ())), None)
    if heading is None or not isinstance(option, OptionInfo) or option.rich_help_panel:
        return annotation
    headed = copy(option)  # other commands may have the same option
    headed.rich_help_panel = heading
    return Annotated[annotation.__origin__, headed]
