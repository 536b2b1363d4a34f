from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, get_type_hints

import typer

from samlocal.cli.option_groups import group_options, group_options_with

if TYPE_CHECKING:
    import pytest

Name = Annotated[str, "the name"]


@dataclass(frozen=True, kw_only=True)
class Person:
    heading: ClassVar = "Person"

    name: Name = "nobody"
    age: int = 0


@group_options
def greet(*, loud: bool = False, person: Person, times: int = 1) -> None:
    """Greet."""
    typer.echo((loud, person, times))


def test_signature_has_every_option_in_order() -> None:
    """The signature has the fields of each group in its place, with resolved annotations."""
    parameters = inspect.signature(greet).parameters
    assert [(each.name, each.annotation, each.default) for each in parameters.values()] == [
        ("loud", bool, False),
        ("name", Name, "nobody"),
        ("age", int, 0),
        ("times", int, 1),
    ]
    assert (greet.__name__, greet.__doc__) == ("greet", "Greet.")


def test_options_arrive_in_their_group(capfd: pytest.CaptureFixture[str]) -> None:
    """Options arrive in their group; missing ones have the default of the field."""
    greet(age=7, times=2, loud=True)
    assert capfd.readouterr().out == f"{(True, Person(age=7), 2)}\n"


@dataclass(frozen=True, kw_only=True)
class Place:
    heading: ClassVar = "Place"

    city: Annotated[str, typer.Option()] = ""
    planet: Annotated[str, typer.Option(rich_help_panel="Space")] = ""


@group_options
def travel(*, place: Place) -> None:
    """Travel."""
    typer.echo(place)


def test_options_have_the_heading_of_their_group() -> None:
    """Options have the heading of their group or their own, without an effect on other commands."""
    parameters = inspect.signature(travel).parameters
    panels = {
        name: each.annotation.__metadata__[0].rich_help_panel for name, each in parameters.items()
    }
    assert panels == {"city": "Place", "planet": "Space"}
    assert (
        get_type_hints(Place, include_extras=True)["city"].__metadata__[0].rich_help_panel is None
    )


@dataclass(frozen=True, kw_only=True)
class Trip:
    heading: ClassVar = "Trip"

    start: Annotated[str, typer.Option("-s", "--start")] = ""
    end: Annotated[str, typer.Option("-e", "--end", "--goal")] = ""
    way: Annotated[str, typer.Option("--way")] = ""


@group_options_with({"end": "-g", "way": "-e"})
def plan(*, trip: Trip) -> None:
    """Plan."""
    typer.echo(trip)


def test_a_command_has_short_options_of_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    """The short options of a command's own table replace those of the groups, which stay as they are."""
    app = typer.Typer()
    app.command()(plan)
    command = typer.main.get_command(app)
    command(["-g", "b", "-e", "c", "--start", "a"], standalone_mode=False)

    assert capfd.readouterr().out == f"{Trip(start='a', end='b', way='c')}\n"
    assert [each.opts for each in command.params[:3]] == [
        ["--start"],
        ["-g", "--end", "--goal"],
        ["-e", "--way"],
    ]
