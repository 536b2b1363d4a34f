"""The tree of commands; only the command on the command line is imported."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Final

import typer
from typer.core import TyperGroup

from samlocal import __version__
from samlocal.cli.option_sources import Command, ConfiguredCommand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typer import Context
    from typer._click.formatting import HelpFormatter  # as in `usage_errors`

# Each command with its function and the first line of its help, in the order of the help.
COMMANDS: Final = {
    ("local", "invoke"): (
        "samlocal.cli.commands.local_invoke:invoke",
        "Run a Lambda function once, in its runtime's container or as a process.",
    ),
    ("local", "start-lambda"): (
        "samlocal.cli.commands.start_lambda:start_lambda",
        "Serve Lambda's API on this machine, for the AWS CLI, SDKs and tests.",
    ),
    ("local", "generate-event"): (
        "samlocal.cli.commands.generate_event:generate_event",
        "Print a sample event: what a service of AWS sends to a function.",
    ),
    ("local", "start-api"): (
        "samlocal.cli.commands.start_api:start_api",
        "Serve the APIs of a project: REST, HTTP and WebSocket APIs, function URLs, load balancers and web functions.",
    ),
    ("local", "start-function-urls"): (
        "samlocal.cli.commands.start_function_urls:start_function_urls",
        "Serve the function URLs of a project, each on a port of its own.",
    ),
    ("invoke",): (
        "samlocal.cli.commands.invoke_deployed:invoke_deployed",
        "Invoke a deployed function, as `serverless invoke` does; see `invoke local`, too.",
    ),
    ("invoke", "local"): (
        "samlocal.cli.commands.invoke_local:invoke_local",
        "Run a function of a Serverless project once, as `serverless invoke local` does.",
    ),
    ("remote", "invoke"): (
        "samlocal.cli.commands.remote_invoke:remote_invoke",
        "Invoke a deployed Lambda function, as `sam remote invoke` does.",
    ),
    ("list", "functions"): (
        "samlocal.cli.commands.list_functions:list_functions",
        "List functions: their names, code and place in the template.",
    ),
    ("warm", "list"): (
        "samlocal.cli.commands.warm:list_warm",
        "List the execution environments that are kept warm.",
    ),
    ("warm", "stop"): (
        "samlocal.cli.commands.warm:stop_warm",
        "End execution environments that are kept warm.",
    ),
    ("debug-config",): (
        "samlocal.cli.commands.debug_config:debug_config",
        "Print launch configurations for debugging in an editor.",
    ),
    ("validate",): (
        "samlocal.cli.commands.validate:validate",
        "Check a template: syntax, cfn-lint, unresolvable values.",
    ),
    ("prune",): (
        "samlocal.cli.commands.prune:prune",
        "Remove leftover containers and unused cache entries.",
    ),
    ("doctor",): (
        "samlocal.cli.commands.doctor:doctor",
        "Check whether this machine can run functions.",
    ),
}
_HELP: Final = (
    "Run AWS Lambda functions on your own machine, in the container that Lambda would use, or as a"
    " process."
)
_GROUPS: Final = {
    "local": "Run Lambda functions on this machine.",
    "invoke": "Run functions in Serverless's spelling.",
    "remote": "Invoke Lambda functions that are deployed.",
    "list": "List what a project contains.",
    "warm": "Manage what `local invoke --keep-warm` keeps.",
}
_UNCONFIGURED: Final = {
    ("doctor",),
    ("warm", "list"),
    ("warm", "stop"),
}  # reads no project, so no configuration file
_ASK_FOR_A_LIST: Final = {"-h", "--help", *_GROUPS}
_CONTEXT: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def command_tree(arguments: Sequence[str] | None = None) -> typer.Typer:
    """Return the command that the arguments name, in its groups; all commands if they name none.

    If the arguments only ask for a list of commands, the commands have a line of help and no function.
    """
    named, are_listed = _selection(arguments)
    return _tree(named, are_listed=are_listed)


def _tree(named: Sequence[tuple[str, ...]], *, are_listed: bool) -> typer.Typer:
    root = _group(_HELP)
    root.callback()(_samlocal)
    shown = named or tuple(COMMANDS)
    # A command may have the name of a group: only one of the two is in the tree.
    groups = {
        name: _group(help_text) for name, help_text in _GROUPS.items() if (name,) not in shown
    }
    for name, group in groups.items():
        root.add_typer(group, name=name)
    for words in shown:
        if len(words) > 1 and words[0] not in groups:
            continue
        parent = groups[words[0]] if len(words) > 1 else root
        kind = _kind(words)
        place, summary = COMMANDS[words]
        module, _, function = place.partition(":")
        help_text = summary if are_listed else None  # else the docstring
        found = _listed if are_listed else getattr(import_module(module), function)
        if isinstance(found, typer.Typer):
            parent.add_typer(found, name=words[-1])
        else:
            parent.command(words[-1], cls=kind, context_settings=_CONTEXT, help=help_text)(found)
    return root


def root_command(arguments: Sequence[str]) -> TyperGroup:
    """Return the tree for the arguments as its root command, the same one for the same command.

    The background service builds it once for all its processes: it takes a quarter of their time.
    """
    return _root_command(*_selection(arguments))


@cache
def _root_command(named: tuple[tuple[str, ...], ...], are_listed: bool) -> TyperGroup:  # noqa: FBT001  # a key
    return typer.main.get_group(_tree(named, are_listed=are_listed))


def _selection(arguments: Sequence[str] | None) -> tuple[tuple[tuple[str, ...], ...], bool]:
    """Return the commands that the arguments name, and whether they only ask for a list."""
    given = tuple(arguments or ())
    matches = [words for words in COMMANDS if words == given[: len(words)]]
    named = (max(matches, key=len),) if matches else ()  # `invoke local` is not `invoke`
    return named, arguments is not None and not named and {*given} <= _ASK_FOR_A_LIST


def _kind(words: tuple[str, ...]) -> type[Command]:
    if words in _UNCONFIGURED:
        return Command
    return _CommandAndGroup if len(words) == 1 and words[0] in _GROUPS else ConfiguredCommand


class _CommandAndGroup(ConfiguredCommand):
    """A command with the name of a group; its help lists the commands of the group."""

    def format_epilog(self, ctx: Context, formatter: HelpFormatter) -> None:  # type: ignore[override]  # its own Context has no public name
        own = tuple(ctx.command_path.split()[1:])
        inner = [words for words in COMMANDS if words[:-1] == own]
        with formatter.section("Commands"):
            formatter.write_dl([(words[-1], COMMANDS[words][1]) for words in inner])
        super().format_epilog(ctx, formatter)


class _CommandGroup(TyperGroup):
    """A group that lists its commands in the order of `COMMANDS`, without cutting their help."""

    def list_commands(self, ctx: Context) -> list[str]:  # type: ignore[override]  # its own Context has no public name
        del ctx
        order = dict.fromkeys(word for words in COMMANDS for word in words)
        return [word for word in order if word in self.commands]

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:  # type: ignore[override]  # see above
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, self.commands[name].help or "") for name in self.list_commands(ctx)]
            )


def _listed() -> None:
    """Take the place of a command that is listed and not run."""


def _group(help_text: str) -> typer.Typer:
    return typer.Typer(
        cls=_CommandGroup,
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
