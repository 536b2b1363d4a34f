"""Options in groups: a dataclass with one field for each option.

Typer needs one parameter for each option. Without groups, every command would repeat each option in its
signature and wherever it passes the option on.
"""

from __future__ import annotations

import dataclasses
import inspect
from copy import copy
from functools import partial, wraps
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

from typer.models import OptionInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def group_options(command: Callable[..., object]) -> Callable[..., object]:
    """Decorate a command whose parameters are groups of options with the signature that typer reads.

    A parameter that is not a dataclass is one option. The options are in the order of the parameters,
    those of a group in the order of its fields. The help shows them under the group's `heading`.
    """
    return _grouped(command, None)


def group_options_with(
    short_options: Mapping[str, str],
) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Return `group_options` for a command whose short options are these alone, by the names of the fields."""
    return partial(_grouped, short_options=short_options)


def _grouped(
    command: Callable[..., object], short_options: Mapping[str, str] | None
) -> Callable[..., object]:
    hints = get_type_hints(command, include_extras=True)
    parameters = inspect.signature(command).parameters.values()
    groups = {each.name: hints[each.name] for each in parameters if _is_group(hints[each.name])}
    options = [
        option
        for each in parameters
        for option in (
            _options(groups[each.name], short_options)
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


def _options(
    group: Any,  # noqa: ANN401  # a dataclass has no type
    short_options: Mapping[str, str] | None,
) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=field.default,
            annotation=_abbreviated(
                field.name, _under(group.heading, hints[field.name]), short_options
            ),
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


def _abbreviated(
    name: str,
    annotation: Any,  # noqa: ANN401  # any annotation
    short_options: Mapping[str, str] | None,
) -> Any:  # noqa: ANN401  # see above
    """Replace the short options of an option, if the command has its own."""
    option = next(iter(getattr(annotation, "__metadata__", ())), None)
    if short_options is None or not isinstance(option, OptionInfo):
        return annotation
    spellings = (option.default, *(option.param_decls or ()))  # in `Annotated`, the first is there
    long_options = [each for each in spellings if isinstance(each, str) and each.startswith("--")]
    own = [short_options[name]] if name in short_options else []
    changed = copy(option)
    changed.default, changed.param_decls = (own + long_options)[0], (own + long_options)[1:]
    return Annotated[annotation.__origin__, changed]
