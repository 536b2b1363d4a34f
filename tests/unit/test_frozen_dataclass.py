"""Records behave as frozen keyword-only dataclasses do."""

from dataclasses import FrozenInstanceError, field, fields, replace
from typing import Any

import pytest

from samlocal.frozen_dataclass import frozen


@frozen
class Star:
    """A class with every kind of field."""

    name: str
    magnitude: float = 1.0
    planets: list[str] = field(default_factory=list)
    secret: str = field(default="", repr=False)
    note: str = field(default="", compare=False)


def test_fields_have_their_arguments_or_defaults() -> None:
    """Fields have their arguments or defaults; a default factory runs for each instance."""
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
def test_arguments_must_be_exactly_the_fields(given: dict[str, Any], message: str) -> None:
    """A missing or unknown argument is an error that names it."""
    with pytest.raises(TypeError, match=message):
        Star(**given)


def test_instances_are_immutable() -> None:
    """Assigning or deleting a field is an error."""
    sirius = Star(name="Sirius")
    for name in ("name", "colour"):
        with pytest.raises(FrozenInstanceError, match=f"cannot assign to field '{name}'"):
            setattr(sirius, name, "Vega")
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'name'"):
        del sirius.name
    assert sirius.name == "Sirius"


def test_instances_are_equal_if_their_fields_are() -> None:
    """Instances of one class are equal if their fields are, and then have the same hash."""

    @frozen
    class Planet:
        name: str

    assert Star(name="Vega") == Star(name="Vega", magnitude=1.0)
    assert Star(name="Vega") != Star(name="Sirius")
    assert Star(name="Vega", note="bright") == Star(name="Vega")
    of_two_classes: list[object] = [Planet(name="Vega"), Star(name="Vega")]
    assert of_two_classes[0] != of_two_classes[1]
    assert len({Planet(name="Mars"), Planet(name="Mars"), Planet(name="Venus")}) == 2
    with pytest.raises(TypeError, match="unhashable"):
        hash(Star(name="Vega"))


def test_repr_omits_secrets() -> None:
    """The repr shows all fields except those with `repr=False`."""
    assert (
        repr(Star(name="Vega", secret="hunter2"))
        == "Star(name='Vega', magnitude=1.0, planets=[], note='')"
    )


def test_functions_of_dataclasses_work() -> None:
    """`dataclasses.replace` and `fields` work."""
    assert replace(Star(name="Vega"), magnitude=0.03) == Star(name="Vega", magnitude=0.03)
    assert [each.name for each in fields(Star)] == [
        "name",
        "magnitude",
        "planets",
        "secret",
        "note",
    ]
