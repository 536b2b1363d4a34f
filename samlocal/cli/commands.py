"""The tree of commands: what is named on the command line is imported, and nothing else."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Final

import typer

from samlocal import __version__
from samlocal.cli.configured import ConfiguredCommand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typer.core import TyperCommand

# Each command's words, and where its function is. The order is that of the help.
_COMMANDS: Final = {
    ("local", "invoke"): "samlocal.cli.invoke:invoke",
    ("list", "functions"): "samlocal.cli.list_functions:list_functions",
    ("debug-config",): "samlocal.cli.debug_config:debug_config",
    ("validate",): "samlocal.cli.validate:validate",
    ("prune",): "samlocal.cli.prune:prune",
    ("doctor",): "samlocal.cli.doctor:doctor",
}
_HELP: Final = (
    "Run AWS Lambda functions on your own machine, in the container that Lambda would use."
)
_GROUPS: Final = {
    "local": "Run Lambda functions on this machine.",
    "list": "List what a project holds.",
}
_UNCONFIGURED: Final = {("doctor",)}  # it reads no project, and so no configuration file
_CONTEXT: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def command_tree(arguments: Sequence[str] = ()) -> typer.Typer:
    """Return the command that the arguments name, in its groups; all commands if they name none."""
    named = [words for words in _COMMANDS if words == tuple(arguments[: len(words)])]
    root = _group(_HELP)
    root.callback()(_samlocal)
    groups = {name: _group(help_text) for name, help_text in _GROUPS.items()}
    for name, group in groups.items():
        root.add_typer(group, name=name)
    for words in named or _COMMANDS:
        parent = groups[words[0]] if len(words) > 1 else root
        kind: type[TyperCommand] | None = None if words in _UNCONFIGURED else ConfiguredCommand
        module, _, function = _COMMANDS[words].partition(":")
        parent.command(words[-1], cls=kind, context_settings=_CONTEXT)(
            getattr(import_module(module), function)
        )
    return root


def _group(help_text: str) -> typer.Typer:
    return typer.Typer(
        add_completion=False,
        context_settings=_CONTEXT,
        help=help_text,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )


def _show_version(wanted: bool) -> None:  # noqa: FBT001  # typer's way of calling
    if wanted:
        typer.echo(f"samlocal {__version__}")
        raise typer.Exit


def _samlocal(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    del version
