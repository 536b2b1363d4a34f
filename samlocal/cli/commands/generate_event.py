"""`samlocal local generate-event SERVICE EVENT`: prints a sample event, whose values are options.

Services and events are commands, made from the files of `samlocal.sample_events` when they are needed.
"""

from __future__ import annotations

import json
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup

from samlocal.cli.console import show_output
from samlocal.cli.option_groups import group_options
from samlocal.cli.option_sources import ConfiguredCommand
from samlocal.cli.options.general import GeneralOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from typer import Context
    from typer._click.formatting import HelpFormatter  # as in `usage_errors`

    from samlocal.sample_events.sample_event import SampleEvent, SampleOption

# The largest batch of an event source, and more than fits into an event of 6 MB:
# https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
_MOST_RECORDS: Final = 10_000
_INSIDE: Final = "--inside"
_CONTEXT: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_EVENT: Final = "Values of the event"
_SHAPE: Final = "Shape of the event"
_SHAPE_OPTIONS: Final[dict[str, object]] = {
    "inside": Annotated[
        list[str] | None,
        typer.Option(
            _INSIDE,
            metavar="SERVICE[/EVENT]",
            help="Put the event inside another one, such as sqs; again for one more around it. The options of"
            " these events can be used, too.",
            rich_help_panel=_SHAPE,
            show_default=False,
        ),
    ],
    "count": Annotated[
        int | None,
        typer.Option(
            "--count",
            min=1,
            max=_MOST_RECORDS,
            metavar="NUMBER",
            help="Number of records, each with ids of its own. [default: those of the sample]",
            rich_help_panel=_SHAPE,
            show_default=False,
        ),
    ],
}


class _ListGroup(TyperGroup):
    """A group whose commands come from files."""

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:  # type: ignore[override]  # its own Context has no public name
        del ctx
        with formatter.section(self.heading()):
            formatter.write_dl([*self.summaries().items()])

    def heading(self) -> str:
        raise NotImplementedError

    def summaries(self) -> dict[str, str]:
        raise NotImplementedError

    def list_commands(self, ctx: Context) -> list[str]:  # type: ignore[override]  # see above
        del ctx
        return [*self.summaries()]


class ServicesGroup(_ListGroup):
    """The services that have sample events."""

    def heading(self) -> str:
        return "Services"

    def summaries(self) -> dict[str, str]:
        from samlocal.sample_events.catalog import all_services

        return all_services()

    def get_command(self, ctx: Context, cmd_name: str) -> TyperGroup:  # type: ignore[override]  # see above
        del ctx
        from samlocal.sample_events.catalog import event_names

        event_names(cmd_name)
        return EventsGroup(
            name=cmd_name,
            help=f"Print a sample event of {self.summaries()[cmd_name]}.",
            no_args_is_help=True,
            subcommand_metavar="EVENT [OPTIONS]",
            context_settings=_CONTEXT,
            rich_markup_mode=None,
        )


class EventsGroup(_ListGroup):
    """The events of a service."""

    def heading(self) -> str:
        return "Events"

    def summaries(self) -> dict[str, str]:
        from samlocal.sample_events.catalog import event_names, find_event

        service = str(self.name)
        return {name: f"{find_event(service, name).summary}." for name in event_names(service)}

    def resolve_command(self, ctx: Context, args: list[str]) -> Any:  # type: ignore[override]  # noqa: ANN401  # see above
        """Return the command of the event; its options depend on the events that it is inside of."""
        del ctx
        name, *rest = args
        return name, _event_command(str(self.name), name, _events_around(rest)), rest

    def get_command(self, ctx: Context, cmd_name: str) -> TyperCommand:  # type: ignore[override]  # see above
        del ctx
        return _event_command(str(self.name), cmd_name, ())


generate_event = typer.Typer(
    cls=ServicesGroup,
    help="Print a sample event: what a service of AWS sends to a function.",
    add_completion=False,
    context_settings=_CONTEXT,
    no_args_is_help=True,
    subcommand_metavar="SERVICE EVENT [OPTIONS]",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _events_around(arguments: Sequence[str]) -> tuple[SampleEvent, ...]:
    """Return the events that the arguments name by `--inside`, the innermost first."""
    from samlocal.sample_events.catalog import find_carrier

    names = []
    for index, argument in enumerate(arguments):
        if argument.startswith(f"{_INSIDE}="):
            names.append(argument.partition("=")[2])
        elif argument == _INSIDE and index + 1 < len(arguments):
            names.append(arguments[index + 1])
    return tuple(map(find_carrier, names))


def _event_command(service: str, name: str, around: tuple[SampleEvent, ...]) -> TyperCommand:
    """Return the command of an event, with the options of all events that it is inside of."""
    from samlocal.sample_events.catalog import find_event

    event = find_event(service, name)
    options = {each.name: (each, _EVENT) for each in event.options}
    for outer in around:
        for each in outer.options:
            if outer.carrier and each.name != outer.carrier.option:
                options.setdefault(each.name, (each, f"Values of `{outer}`"))
    parameters = [_parameter(option, heading) for option, heading in options.values()]
    shape = ["inside", *(["count"] if any(each.is_batch for each in (event, *around)) else [])]
    parameters += [_keyword(each, _SHAPE_OPTIONS[each]) for each in shape]
    parameters.append(Parameter("general", Parameter.KEYWORD_ONLY, annotation=GeneralOptions))

    def print_event(*, general: GeneralOptions, count: int | None = None, **given: Any) -> None:  # noqa: ANN401  # texts, and `inside`
        general.apply()
        chosen = {
            option.name: given[_python_name(option.name)]
            for option, _ in options.values()
            if given[_python_name(option.name)] != option.default
        }
        _print_event(event, chosen, given["inside"] or (), count)

    print_event.__dict__["__signature__"] = Signature(parameters)
    print_event.__annotations__ = {each.name: each.annotation for each in parameters}
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    help_text = f"Print a sample event: {event.summary[:1].lower()}{event.summary[1:]}."
    source = f"\n\nThe event is described at {event.source}" if event.source else ""
    register = app.command(
        name, cls=ConfiguredCommand, context_settings=_CONTEXT, help=help_text + source
    )
    register(group_options(print_event))
    command = typer.main.get_command_from_info(
        app.registered_commands[0], pretty_exceptions_short=False, rich_markup_mode=None
    )
    return cast("ConfiguredCommand", command)


def _print_event(
    event: SampleEvent, values: Mapping[str, str], inside: Sequence[str], count: int | None
) -> None:
    from samlocal.sample_events.catalog import find_carrier
    from samlocal.sample_events.generation import generate_event as generate

    around = [find_carrier(each) for each in inside]
    generated = generate(event, values, inside=around, count=count)
    show_output(json.dumps(generated, indent=2))


def _parameter(option: SampleOption, heading: str) -> Parameter:
    """Return an option of the command; sam has one that is not in lower case, which gets a usual name too."""
    usual = _python_name(option.name).replace("_", "-")
    spellings = dict.fromkeys((f"--{option.name}", f"--{usual}"))
    declared = typer.Option(*spellings, help=option.help, rich_help_panel=heading)
    return Parameter(
        _python_name(option.name),
        Parameter.KEYWORD_ONLY,
        default=option.default,
        annotation=Annotated[str, declared],
    )


def _keyword(name: str, annotation: object) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _python_name(option: str) -> str:
    """Return `rest_api_id` for `restApiId`, `account_id` for `account-id`."""
    words = "".join(f"-{each}" if each.isupper() else each for each in option)
    return words.lower().replace("-", "_")
