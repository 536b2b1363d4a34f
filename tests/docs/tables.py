"""Tables of the reference pages, in Markdown, from the code and its data."""

from __future__ import annotations

import html
from functools import partial
from typing import TYPE_CHECKING, Final

import typer.main
import yaml
from typer.core import TyperOption

from samlocal.cli.command_tree import COMMANDS, command_tree
from samlocal.cli.docker_arguments import OURS
from samlocal.cli.help_format import by_heading
from samlocal.cli.option_sources import ConfiguredCommand
from samlocal.cli.samconfig import environment_variables, table_of
from samlocal.data import data_folder
from samlocal.lambda_api.operations import all_operations
from samlocal.lambda_api.routes import operation_handlers
from samlocal.runtimes import all_runtimes
from samlocal.sample_events.catalog import all_services, event_names, find_event
from samlocal.sandbox.docker.container.engine_options import KEYS
from tests.functional.lambda_api.fakes import FakeEvents, FakeFunctions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from typer.core import TyperCommand

    from samlocal.sample_events.sample_event import SampleEvent

_UNSAVED: Final = {"config_env", "config_file", "help", "save_params"}  # they say which file it is
_KINDS: Final = {"boolean": "true or false", "int range": "number"}


def all_tables() -> Mapping[str, Callable[[], str]]:
    """Return what makes each table, by the name that pages call it by."""
    return {
        "docker arguments": _docker_arguments,
        "lambda operations": _lambda_operations,
        "refused docker arguments": _refused_docker_arguments,
        "retired runtimes": _retired_runtimes,
        "runtimes": _runtimes,
        "samconfig": _samconfig_keys,
        "sample events": _sample_events,
        "variables": _variables,
        **{f"options {' '.join(words)}": partial(_options, words) for words in COMMANDS},
    }


def _options(words: tuple[str, ...]) -> str:
    """Return the options of a command, a table for each of the groups that its help has."""
    command, context = _command(words)
    headings = by_heading(command.get_params(context))
    return "\n".join(
        (f"### {heading}\n\n" if len(headings) > 1 else "")
        + _table(
            ("argument" if heading == "Arguments" else "option", "meaning"),
            [
                (_code(names), _text(meaning))
                for each in listed
                for names, meaning in [each.get_help_record(context)]
            ],
        )
        for heading, listed in headings.items()
    )


def _lambda_operations() -> str:
    """Return the operations that an endpoint serves, and their requests."""
    served = operation_handlers(FakeFunctions(), FakeEvents())
    url = "https://docs.aws.amazon.com/lambda/latest/api/API_"
    return _table(
        ("operation", "request"),
        [
            (f"[{name}]({url}{name}.html)", _code(f"{method} {path}"))
            for method, path, name in sorted(all_operations(), key=lambda each: each[2])
            if name in served
        ],
    )


def _samconfig_keys() -> str:
    """Return every key of samconfig, with the kind of its value and the tables it may stand in."""
    kinds: dict[str, str] = {}
    tables: dict[str, list[str]] = {}
    for words, option in _configured_options():
        kinds.setdefault(str(option.name), _kind(option))
        tables.setdefault(str(option.name), []).append(_code(table_of(words)))
    return _table(
        ("key", "value", "tables"),
        [(_code(key), kinds[key], ", ".join(names)) for key, names in sorted(tables.items())],
    )


def _variables() -> str:
    """Return the variables that set an option, samlocal's own and sam's."""
    options = {str(option.name): option for _, option in _configured_options()}
    rows = []
    for name in sorted(options):
        variables = environment_variables(name)
        own = [each for each in variables if each.startswith("SAMLOCAL_")]
        sams = [each for each in variables if each not in own]
        longest = max(options[name].opts, key=len)
        rows.append((", ".join(map(_code, own)), ", ".join(map(_code, sams)), _code(longest)))
    return _table(("variable", "sam's", "option"), rows)


def _runtimes() -> str:
    """Return the runtimes that can be run, with what AWS says of them."""
    return _table(
        ("runtime", "image", "operating system", "architectures", "end of support at AWS"),
        [
            (
                _code(each.id),
                _code(each.image),
                each.operating_system,
                ", ".join(each.architectures),
                str(each.deprecated or "preview"),
            )
            for each in all_runtimes()
        ],
    )


def _retired_runtimes() -> str:
    """Return the runtimes that samlocal refuses, with the day on which AWS ended their support."""
    paths = sorted(data_folder("runtimes").glob("*.yaml"))
    families = [yaml.safe_load(path.read_bytes()) for path in paths]
    return _table(
        ("runtime", "end of support at AWS"),
        [
            (_code(name), str(facts["deprecated"]))
            for family in families
            for name, facts in family.get("retired", {}).items()
        ],
    )


def _sample_events() -> str:
    """Return the sample events with their options, a table for each service."""
    return "\n".join(
        f"### {title}\n\n" + _table(("event", "meaning", "options"), map(_sample_event, events))
        for service, title in all_services().items()
        for events in [[find_event(service, name) for name in event_names(service)]]
    )


def _sample_event(event: SampleEvent) -> tuple[str, ...]:
    options = [each.name for each in event.options] + ["count"] * event.is_batch
    return (
        _code(str(event)),
        _text(event.summary),
        ", ".join(_code(f"--{name}") for name in options),
    )


def _docker_arguments() -> str:
    return ", ".join(map(_code, sorted(KEYS))) + "\n"


def _refused_docker_arguments() -> str:
    return _table(
        ("key", "reason"), [(_code(key), _text(reason)) for key, reason in sorted(OURS.items())]
    )


def _command(words: tuple[str, ...]) -> tuple[TyperCommand, typer.Context]:
    group = typer.main.get_command(command_tree(words))
    context = typer.Context(group, help_option_names=["-h", "--help"])
    found = group
    for word in words:
        found = found.get_command(context, word)  # type: ignore[attr-defined]  # groups have it
    return found, context  # type: ignore[return-value]  # the last one is no group


def _configured_options() -> Iterator[tuple[tuple[str, ...], TyperOption]]:
    """Yield the options that can come from samconfig and variables, with the command of each."""
    for words in COMMANDS:
        command, context = _command(words)
        if isinstance(command, ConfiguredCommand):
            for parameter in command.get_params(context):
                if isinstance(parameter, TyperOption) and parameter.name not in _UNSAVED:
                    yield words, parameter


def _kind(option: TyperOption) -> str:
    if option.name == "parameter_overrides":
        return "text, list or table"
    kind = _KINDS.get(option.type.name, "text")
    return f"list of {kind}s" if option.multiple else kind


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _code(text: str) -> str:
    """Return code for a cell; with a pipe in it, GitHub and MkDocs agree on HTML only."""
    if "|" in text:
        return f"<code>{html.escape(text, quote=False).replace('|', '&#124;')}</code>"
    return f"`{text}`"


def _text(text: str) -> str:
    return " ".join(text.split()).replace("|", "&#124;")
