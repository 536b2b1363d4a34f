from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from samlocal.cli.option_groups import grouped

if TYPE_CHECKING:
    import pytest

Name = Annotated[str, "the name"]


@dataclass(frozen=True, kw_only=True)
class Person:
    name: Name = "nobody"
    age: int = 0


@grouped
def greet(*, loud: bool = False, person: Person, times: int = 1) -> None:
    """Greet."""
    typer.echo((loud, person, times))


def test_signature_has_every_option_in_order() -> None:
    """What typer reads: the fields of a group in the place of the group, annotations resolved."""
    parameters = inspect.signature(greet).parameters
    assert [(each.name, each.annotation, each.default) for each in parameters.values()] == [
        ("loud", bool, False),
        ("name", Name, "nobody"),
        ("age", int, 0),
        ("times", int, 1),
    ]
    assert (greet.__name__, greet.__doc__) == ("greet", "Greet.")


def test_options_arrive_in_their_group(capfd: pytest.CaptureFixture[str]) -> None:
    """What isn't given has the default of the field."""
    greet(age=7, times=2, loud=True)
    assert capfd.readouterr().out == f"{(True, Person(age=7), 2)}\n"
