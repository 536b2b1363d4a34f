"""Where the value of an option comes from, for messages about it; only imported for one."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from typer.core import TyperOption

from samlocal.cli.console import shown_place
from samlocal.cli.samconfig import CONTEXT_KEY
from samlocal.errors import (
    ContextError,
    EnvVarsError,
    EventError,
    FunctionNotFoundError,
    RuntimeNotFoundError,
    TemplateNotFoundError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typer._click.core import Context, Parameter  # as in `usage_errors`

    from samlocal.cli.samconfig import Config
    from samlocal.errors import Place, SamlocalError

# The errors that are about the value of an option.
_ABOUT_OPTIONS: Final = (
    UsageError,
    ContextError,
    EnvVarsError,
    EventError,
    FunctionNotFoundError,
    RuntimeNotFoundError,
    TemplateNotFoundError,
)
_LITERAL: Final = re.compile(r"`([^`]+)`")


def add_origins(error: SamlocalError, ctx: Context) -> None:
    """Add the variable or the place in samconfig that sets the option which an error is about.

    It is about the options that its message names, or whose value it has, each in backticks; its place
    may be in such a value too.
    """
    if not isinstance(error, _ABOUT_OPTIONS):
        return
    for option in _named_options(error, ctx):
        origin = place(option, ctx)
        if name := variable(option, ctx):
            _add_hint(error, f"`{_name(option)}` comes from the variable `{name}`")
        elif origin and error.place:
            _add_hint(error, f"`{_name(option)}` comes from `{shown_place(origin)}`")
        elif origin:
            error.place = origin


def variable(option: Parameter, ctx: Context) -> str | None:
    """Return the environment variable that set an option, if one did."""
    if _source(option, ctx) != "ENVIRONMENT":
        return None
    return next((name for name in option.envvar or () if os.environ.get(name)), None)


def place(option: Parameter, ctx: Context) -> Place | None:
    """Return the place in samconfig that set an option, if one did."""
    config: Config | None = ctx.meta.get(CONTEXT_KEY)
    if config is None or _source(option, ctx) != "DEFAULT_MAP":
        return None
    return config.place_of(str(option.name))


def _add_hint(error: SamlocalError, text: str) -> None:
    separator = " " if error.hint and error.hint.endswith("?") else "; "
    error.hint = f"{error.hint}{separator}{text}" if error.hint else text


def _name(option: Parameter) -> str:
    """Return the main name of an option, or the name of an argument in samconfig."""
    name = str(option.name)
    return f"--{name.replace('_', '-')}" if isinstance(option, TyperOption) else name


def _source(option: Parameter, ctx: Context) -> str | None:
    source = ctx.get_parameter_source(str(option.name))
    return source.name if source else None


def _named_options(error: SamlocalError, ctx: Context) -> Iterator[Parameter]:
    literals = set(_LITERAL.findall(error.message))
    if error.place:
        literals.add(str(error.place.path))
    names = {literal.split(" ", 1)[0] for literal in literals}
    for option in ctx.command.params:
        texts = _texts(ctx.params.get(str(option.name)))
        if names.intersection(option.opts) or any(
            literal == text or literal.endswith(f"/{text}")  # a path as an absolute one
            for literal in literals
            for text in texts
        ):
            yield option


def _texts(value: object) -> list[str]:
    """Return the texts in the value of an option, but not empty ones."""
    values = value if isinstance(value, (list, tuple)) else [value]
    return [str(each) for each in values if isinstance(each, (str, Path)) and each]
