"""Records behave as frozen keyword-only dataclasses do."""

from dataclasses import FrozenInstanceError, field, fields, replace
from typing import Any

import pytest

from samlocal.frozen_dataclass import frozen


@frozen
class Star:
    """A record with every kind of field."""

    name: str
    magnitude: float = 1.0
    planets: list[str] = field(default_factory=list)
    secret: str = field(default="", repr=False)


def test_fields_have_what_was_given_or_their_defaults() -> None:
    """A default factory makes a new value for each record."""
    sirius, vega = Star(name="Sirius"), Star(name="Vega", magnitude=0.03)
    assert (sirius.name, sirius.magnitude, vega.magnitude) == ("Sirius", 1.0, 0.03)
    assert sirius.planets == []
    assert sirius.planets is not vega.planets


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({}, "Star needs `name`", id="missing"),
        pytest.param({"name": "Sirius", "colour": 1}, "Star has no colour", id="unknown"),
    ],
)
def test_making_one_takes_exactly_its_fields(given: dict[str, Any], message: str) -> None:
    """What is missing or unknown is named."""
    with pytest.raises(TypeError, match=message):
        Star(**given)


def test_a_record_can_not_be_changed() -> None:
    """Neither by assigning a field, old or new, nor by deleting one."""
    sirius = Star(name="Sirius")
    for name in ("name", "colour"):
        with pytest.raises(FrozenInstanceError, match=f"cannot assign to field '{name}'"):
            setattr(sirius, name, "Vega")
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'name'"):
        del sirius.name
    assert sirius.name == "Sirius"


def test_records_are_equal_if_their_fields_are() -> None:
    """And are of one class; equal ones have the same hash, as far as their values have any."""

    @frozen
    class Planet:
        name: str

    assert Star(name="Vega") == Star(name="Vega", magnitude=1.0)
    assert Star(name="Vega") != Star(name="Sirius")
    of_two_classes: list[object] = [Planet(name="Vega"), Star(name="Vega")]
    assert of_two_classes[0] != of_two_classes[1]
    assert len({Planet(name="Mars"), Planet(name="Mars"), Planet(name="Venus")}) == 2
    with pytest.raises(TypeError, match="unhashable"):
        hash(Star(name="Vega"))


def test_repr_leaves_secrets_out() -> None:
    """It shows the other fields as they are written."""
    assert (
        repr(Star(name="Vega", secret="hunter2")) == "Star(name='Vega', magnitude=1.0, planets=[])"
    )


def test_dataclasses_know_records() -> None:
    """`replace` and `fields` work on them."""
    assert replace(Star(name="Vega"), magnitude=0.03) == Star(name="Vega", magnitude=0.03)
    assert [each.name for each in fields(Star)] == ["name", "magnitude", "planets", "secret"]
