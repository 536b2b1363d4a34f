"""Options from variables and from `samconfig.toml`, below those of the command line."""

from __future__ import annotations

import json
import os
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

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from typer import Context

    from samlocal.cli.config_file import Config

# sam calls its option by both names.
_SYNONYMS: Final = {"template_file": "template"}


class ConfiguredCommand(TyperCommand):
    """A command whose options come from, highest first: its line, variables, samconfig, defaults."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:  # type: ignore[override]  # its own Context has no public name
        options = [each for each in self.params if isinstance(each, TyperOption)]
        for option in options:
            option.envvar = option.envvar or environment_variables(str(option.name))
        given, _, _ = self.make_parser(ctx).parse_args(list(args))
        if not given.get("help"):
            config = _find(given, ctx.command_path.split()[1:], options)
            if config:
                ctx.default_map = {**(ctx.default_map or {}), **_defaults(config, options)}
        return super().parse_args(ctx, args)


def _find(
    given: Mapping[str, object], command: list[str], options: Iterable[TyperOption]
) -> Config | None:
    """Return what the project's configuration file says of a command, if there is one."""
    path = find_config(_project_directory(given), _path(given, "config_file"))
    if path is None:
        return None
    known = {str(option.name) for option in options} | set(_SYNONYMS)
    environment = _chosen(given, "config_env") or DEFAULT_ENVIRONMENT
    config = read_config(path, environment, command, known=known)
    for finding in config.findings:
        show_warning(finding.message, place=finding.place, hint=finding.hint)
    return config


def _defaults(config: Config, options: Iterable[TyperOption]) -> dict[str, object]:
    values = {_SYNONYMS.get(name, name): value for name, value in config.values.items()}
    multiple = {str(option.name) for option in options if option.multiple}
    return {name: _default(name, value, name in multiple) for name, value in values.items()}


def _default(name: str, value: ConfigValue, multiple: bool) -> object:  # noqa: FBT001
    if name == "parameter_overrides":
        return [json.dumps(parameter_overrides(value))]
    if multiple:
        return [str(item) for item in value] if isinstance(value, list) else [str(value)]
    return value if isinstance(value, bool) else str(value)


def _project_directory(given: Mapping[str, object]) -> Path:
    """Return where the template is: that is where sam looks for its configuration."""
    template = _path(given, "template")
    if template is None:
        return Path.cwd()
    return template if template.is_dir() else template.parent


def _path(given: Mapping[str, object], option: str) -> Path | None:
    chosen = _chosen(given, option)
    return Path(chosen) if chosen else None


def _chosen(given: Mapping[str, object], option: str) -> str | None:
    if option in given:
        return str(given[option])
    variables = (os.environ.get(name) for name in environment_variables(option))
    return next((value for value in variables if value), None)
