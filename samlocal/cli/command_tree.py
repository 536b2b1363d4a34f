"""The tree of commands: what is named on the command line is imported, and nothing else."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Final

import typer

from samlocal import __version__
from samlocal.cli.option_sources import ConfiguredCommand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typer.core import TyperCommand

# Each command's words, where its function is, and the first line of its help. The order is that of the help.
COMMANDS: Final = {
    ("local", "invoke"): (
        "samlocal.cli.commands.local_invoke:invoke",
        "Run a Lambda function once, in a container of its own runtime image.",
    ),
    ("list", "functions"): (
        "samlocal.cli.commands.list_functions:list_functions",
        "List the functions of a template or a CDK app: what to call them by, and where they are.",
    ),
    ("debug-config",): (
        "samlocal.cli.commands.debug_config:debug_config",
        "Show launch configurations that attach an editor to functions run with `-d PORT`.",
    ),
    ("validate",): (
        "samlocal.cli.commands.validate:validate",
        "Check a template: its syntax, cfn-lint's rules, and what can't be resolved on this machine.",
    ),
    ("prune",): (
        "samlocal.cli.commands.prune:prune",
        "Remove what earlier commands left behind, and say what that frees.",
    ),
    ("doctor",): (
        "samlocal.cli.commands.doctor:doctor",
        "Check what this machine needs: Python, engine, images, API connection, space.",
    ),
}
_HELP: Final = (
    "Run AWS Lambda functions on your own machine, in the container that Lambda would use."
)
_GROUPS: Final = {
    "local": "Run Lambda functions on this machine.",
    "list": "List what a project holds.",
}
_UNCONFIGURED: Final = {("doctor",)}  # it reads no project, and so no configuration file
_ASK_FOR_A_LIST: Final = {"-h", "--help", *_GROUPS}
_CONTEXT: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def command_tree(arguments: Sequence[str] | None = None) -> typer.Typer:
    """Return the command that the arguments name, in its groups; all commands if they name none.

    Where the arguments only ask for a list of commands, there is no more to each than its line in it.
    """
    given = tuple(arguments or ())
    named = [words for words in COMMANDS if words == given[: len(words)]]
    are_listed = arguments is not None and {*given} <= _ASK_FOR_A_LIST
    root = _group(_HELP)
    root.callback()(_samlocal)
    groups = {name: _group(help_text) for name, help_text in _GROUPS.items()}
    for name, group in groups.items():
        root.add_typer(group, name=name)
    for words in named or COMMANDS:
        parent = groups[words[0]] if len(words) > 1 else root
        kind: type[TyperCommand] | None = None if words in _UNCONFIGURED else ConfiguredCommand
        place, summary = COMMANDS[words]
        module, _, function = place.partition(":")
        help_text = summary if are_listed else None  # else it is the docstring
        add = parent.command(words[-1], cls=kind, context_settings=_CONTEXT, help=help_text)
        add(_listed if are_listed else getattr(import_module(module), function))
    return root


def _listed() -> None:
    """Stand in for a command that is listed and not run."""


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
