"""Reads options from variables and from `samconfig.toml`; the command line overrides both."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from typer.core import TyperCommand, TyperOption

from samlocal.cli.config_state import ConfigState
from samlocal.cli.console import show_diagnostic
from samlocal.cli.option_precedence import settle
from samlocal.cli.samconfig import (
    CONFIG_NAMES,
    CONTEXT_KEY,
    DEFAULT_ENVIRONMENT,
    ConfigValue,
    config_files,
    environment_variables,
    find_config,
    parameter_overrides,
    read_config,
    table_of,
    texts,
)
from samlocal.errors import SamlocalError
from samlocal.path_kinds import is_directory

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from typer import Context
    from typer._click.core import Parameter  # as in `usage_errors`
    from typer._click.formatting import HelpFormatter

    from samlocal.cli.samconfig import Config

# Their names in sam's configuration file.
_SYNONYMS: Final = {
    "template_file": "template",
    "function_logical_id": "function_identifier",
    "function_logical_ids": "function_identifiers",
}
# From the highest to the lowest; the table of a command comes before the one for all commands.
_SOURCES: Final = ("COMMANDLINE", "ENVIRONMENT", "DEFAULT_MAP")

_HELP: Final = (["-h"], ["--help"])
# Of the context: what `run_again` needs.
_ARGUMENTS: Final = "samlocal.arguments"
_CONFIG_STATE: Final = "samlocal.config_state"
_IS_REPEATED: Final = "samlocal.is_repeated"


class Command(TyperCommand):
    """A command with options from the command line, variables and defaults, the highest first."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:  # type: ignore[override]  # its own Context has no public name
        for option in self.params:
            if isinstance(option, TyperOption):
                option.envvar = environment_variables(str(option.name))
                option.show_envvar = False  # one line for all options
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Context) -> object:  # type: ignore[override]  # see above
        try:
            return super().invoke(ctx)
        except SamlocalError as error:
            from samlocal.cli.option_origins import add_origins

            add_origins(error, ctx)
            raise

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:  # type: ignore[override]  # see above
        from samlocal.cli.help_format import write_options

        write_options(formatter, ctx, self.get_params(ctx))

    def format_epilog(self, ctx: Context, formatter: HelpFormatter) -> None:  # type: ignore[override]  # see above
        from samlocal.cli.help_format import write_sources

        configured = isinstance(self, ConfiguredCommand)
        write_sources(formatter, self.get_params(ctx), configured=configured)


class ConfiguredCommand(Command):
    """A command with options from the command line, variables, samconfig and defaults, the highest first."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:  # type: ignore[override]  # its own Context has no public name
        if args in _HELP:  # depends on nothing else, and the user waits for it
            return super().parse_args(ctx, args)
        arguments = tuple(args)
        given, _, _ = self.make_parser(ctx).parse_args(list(args))
        ctx.meta[_CONFIG_STATE] = ConfigState(_config_files(given))  # before it is read
        config = None if given.get("help") else self._find(ctx, given)
        if config:
            ctx.default_map = {**(ctx.default_map or {}), **self._defaults(config)}
            ctx.meta[CONTEXT_KEY] = config
        rest = super().parse_args(ctx, args)
        overridden_options = settle(
            ctx.params, partial(_rank, ctx, config.shared if config else ())
        )
        if ctx.params.get("save_params") and not is_repeated(ctx):
            self._save(ctx, given, config, overridden_options)
        ctx.meta[_ARGUMENTS] = arguments
        return rest

    def _find(self, ctx: Context, given: Mapping[str, object]) -> Config | None:
        """Return the options of this command in the project's configuration file, if there is one."""
        path = find_config(_config_directories(given), _path(given, "config_file"))
        if path is None:
            return None
        words = ctx.command_path.split()[1:]
        config = read_config(path, _environment(given), words, known=self._names())
        for diagnostic in config.diagnostics:
            show_diagnostic(diagnostic)
        return config

    def _save(
        self,
        ctx: Context,
        given: Mapping[str, object],
        config: Config | None,
        overridden_options: Collection[str],
    ) -> None:
        from samlocal.cli.save_params import save_params

        path = config.path if config else _config_directories(given)[0] / CONFIG_NAMES[0]
        save_params(
            path,
            (_environment(given), table_of(ctx.command_path.split()[1:])),
            {name: ctx.params[name] for name in ctx.params if _rank(ctx, (), name) == 0},
            overridden_options=overridden_options,
            names=self._names(),
        )

    def _names(self) -> dict[str, str]:
        """Return the name of each option, by its names in a configuration file: `function` for `--function`."""
        own = {str(param.name): str(param.name) for param in self.params}
        spelled = {
            spelling.removeprefix("--").replace("-", "_"): str(option.name)
            for option in self.params
            if isinstance(option, TyperOption)
            for spelling in option.opts
            if spelling.startswith("--")
        }
        named = {name for key, name in spelled.items() if key == name}
        usual = {key: name for key, name in spelled.items() if name not in named}
        taken = usual.values()
        synonyms = {
            synonym: name
            for synonym, name in _SYNONYMS.items()
            if name in own and name not in taken
        }
        # The last key of an option is the one to save it by.
        others = {key: name for key, name in spelled.items() if key not in own | synonyms | usual}
        return others | own | synonyms | usual

    def _defaults(self, config: Config) -> dict[str, object]:
        options = {str(each.name): each for each in self.params}
        defaults: dict[str, object] = {}
        for name, value in config.values.items():
            try:
                defaults[name] = _default(options[name], value)
            except SamlocalError as error:
                error.place = error.place or config.place_of(name)
                raise
        return defaults


def run_again(ctx: Context) -> object:
    """Run the same command line with the options of samconfig as it is now; nothing is saved.

    Return what the command returns, which can tell by `is_repeated` that it runs again.
    """
    ctx.meta[_IS_REPEATED] = True
    arguments = [*ctx.meta[_ARGUMENTS]]
    with ctx.command.make_context(ctx.info_name, arguments, parent=ctx.parent) as again:
        return again.command.invoke(again)


def is_repeated(ctx: Context) -> bool:
    return bool(ctx.meta.get(_IS_REPEATED))


def config_state(ctx: Context) -> ConfigState:
    """Return the state of the files that may have options of the command, as they were when it was parsed."""
    state: ConfigState = ctx.meta[_CONFIG_STATE]
    return state


def _config_files(given: Mapping[str, object]) -> tuple[Path, ...]:
    files = config_files(_config_directories(given), _path(given, "config_file"))
    return tuple(each.absolute() for each in files)


def _rank(ctx: Context, shared: Collection[str], option: str) -> int:
    source = ctx.get_parameter_source(option)
    name = source.name if source else ""
    if name not in _SOURCES:
        return len(_SOURCES) + 1
    return _SOURCES.index(name) + (option in shared)


def _default(option: Parameter, value: ConfigValue) -> object:
    """Return a value of samconfig as the parser takes it: only an option without a value takes a boolean."""
    name = str(option.name)
    if name == "parameter_overrides":
        return [json.dumps(parameter_overrides(value))]
    if getattr(option, "multiple", False):
        return texts(name, value)
    if isinstance(value, bool):
        return value if getattr(option, "is_flag", False) else str(value).lower()
    return str(value)


def _config_directories(given: Mapping[str, object]) -> list[Path]:
    """Return the folders that may contain the configuration, in order.

    sam looks beside the template of `-t`, else in the working directory; samlocal looks in both.
    """
    template = _path(given, "template")
    if template is None:
        return [Path.cwd()]
    beside = template if is_directory(template) else template.parent
    return [beside, Path.cwd()] if "template" in given else [Path.cwd(), beside]


def _environment(given: Mapping[str, object]) -> str:
    return _chosen(given, "config_env") or DEFAULT_ENVIRONMENT


def _path(given: Mapping[str, object], option: str) -> Path | None:
    chosen = _chosen(given, option)
    return Path(chosen) if chosen else None


def _chosen(given: Mapping[str, object], option: str) -> str | None:
    if option in given:
        return str(given[option])
    variables = (os.environ.get(name) for name in environment_variables(option))
    return next((value for value in variables if value), None)
