"""Options from variables and from `samconfig.toml`, below those of the command line."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from typer.core import TyperCommand, TyperOption

from samlocal.cli.config_file import (
    DEFAULT_ENVIRONMENT,
    ConfigValue,
    environment_variables,
    find_config,
    parameter_overrides,
    read_config,
)
from samlocal.cli.console import show_warning
from samlocal.cli.precedence import settle

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from typer import Context

    from samlocal.cli.config_file import Config

# What sam calls them in its configuration file.
_SYNONYMS: Final = {"template_file": "template", "function_logical_id": "function_identifier"}
# From the highest to the lowest; the table of a command comes before the one for all commands.
_SOURCES: Final = ("COMMANDLINE", "ENVIRONMENT", "DEFAULT_MAP")


class ConfiguredCommand(TyperCommand):
    """A command whose options come from, highest first: its line, variables, samconfig, defaults."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:  # type: ignore[override]  # its own Context has no public name
        for option in self.params:
            if isinstance(option, TyperOption):
                option.envvar = option.envvar or environment_variables(str(option.name))
        given, _, _ = self.make_parser(ctx).parse_args(list(args))
        config = None
        if not given.get("help"):
            config = _find(given, ctx.command_path.split()[1:], self._names())
            if config:
                ctx.default_map = {**(ctx.default_map or {}), **self._defaults(config)}
        rest = super().parse_args(ctx, args)
        settle(ctx.params, partial(_rank, ctx, config.shared if config else ()))
        return rest

    def _names(self) -> dict[str, str]:
        """Return what each option can be called in a configuration file, and its own name."""
        own = {str(param.name): str(param.name) for param in self.params}
        return own | {synonym: name for synonym, name in _SYNONYMS.items() if name in own}

    def _defaults(self, config: Config) -> dict[str, object]:
        multiple = {str(each.name) for each in self.params if getattr(each, "multiple", False)}
        return {
            name: _default(name, value, name in multiple) for name, value in config.values.items()
        }


def _find(
    given: Mapping[str, object], command: list[str], names: Mapping[str, str]
) -> Config | None:
    """Return what the project's configuration file says of a command, if there is one."""
    path = find_config(_config_directories(given), _path(given, "config_file"))
    if path is None:
        return None
    environment = _chosen(given, "config_env") or DEFAULT_ENVIRONMENT
    config = read_config(path, environment, command, known=names)
    for finding in config.findings:
        show_warning(finding.message, place=finding.place, hint=finding.hint)
    return config


def _rank(ctx: Context, shared: Collection[str], option: str) -> int:
    source = ctx.get_parameter_source(option)
    name = source.name if source else ""
    if name not in _SOURCES:
        return len(_SOURCES) + 1
    return _SOURCES.index(name) + (option in shared)


def _default(name: str, value: ConfigValue, multiple: bool) -> object:  # noqa: FBT001
    if name == "parameter_overrides":
        return [json.dumps(parameter_overrides(value))]
    if multiple:
        items = value if isinstance(value, list) else [value]
        return [str(item) for item in items if item is not None]
    return value if isinstance(value, bool) else str(value)


def _config_directories(given: Mapping[str, object]) -> list[Path]:
    """Return where the configuration may be, the first place first.

    sam looks beside the template that `-t` names, else in the working directory; samlocal looks in
    the other of the two as well.
    """
    template = _path(given, "template")
    if template is None:
        return [Path.cwd()]
    beside = template if template.is_dir() else template.parent
    return [beside, Path.cwd()] if "template" in given else [Path.cwd(), beside]


def _path(given: Mapping[str, object], option: str) -> Path | None:
    chosen = _chosen(given, option)
    return Path(chosen) if chosen else None


def _chosen(given: Mapping[str, object], option: str) -> str | None:
    if option in given:
        return str(given[option])
    variables = (os.environ.get(name) for name in environment_variables(option))
    return next((value for value in variables if value), None)
