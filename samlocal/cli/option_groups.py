"""Options in groups: a dataclass with one field for each option.

Typer needs one parameter for each option. Without groups, every command would repeat each option in its
signature and wherever it passes the option on.
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


def group_options(command: Callable[..., object]) -> Callable[..., object]:
    """Decorate a command whose parameters are groups of options with the signature that typer reads.

    A parameter that is not a dataclass is one option. The options are in the order of the parameters,
    those of a group in the order of its fields. The help shows them under the group's `heading`.
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
    def call(**given: Any) -> object:  # noqa: ANN401  # any values of options
        for name, group in groups.items():
            names = {field.name for field in dataclasses.fields(group)} & given.keys()
            given[name] = group(**{option: given.pop(option) for option in names})
        return command(**given)

    call.__dict__["__signature__"] = inspect.Signature(options)
    call.__annotations__ = {option.name: option.annotation for option in options}
    del call.__wrapped__
    return call


def _is_group(hint: object) -> bool:
    return isinstance(hint, type) and dataclasses.is_dataclass(hint)


def _options(group: Any) -> list[inspect.Parameter]:  # noqa: ANN401  # a dataclass has no type
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=field.default,
            annotation=_under(group.heading, hints[field.name]),
        )
        for field in dataclasses.fields(group)
    ]


def _under(heading: str, annotation: Any) -> Any:  # noqa: ANN401  # any annotation
    """Set the heading of an option to that of its group, unless it has its own."""
    option = next(iter(getattr(annotation, "__metadata__", ())), None)
    if not isinstance(option, OptionInfo) or option.rich_help_panel:
        return annotation
    headed = copy(option)  # other commands share the option
    headed.rich_help_panel = heading
    return Annotated[annotation.__origin__, headed]
