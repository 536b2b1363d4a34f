from __future__ import annotations

import pytest

from samlocal.suggestions import ask_for, closest, did_you_mean, quoted


@pytest.mark.parametrize(
    ("name", "match"),
    [
        pytest.param("ratngs", "Ratings", id="a missing letter, in another case"),
        pytest.param("ORDERS", "Orders", id="another case"),
        pytest.param("xyz", None, id="nothing close"),
        pytest.param("Ratings" * 50, None, id="too long to compare"),
    ],
)
def test_closest_name(name: str, match: str | None) -> None:
    """The closest known name is found, ignoring case; none if none is close."""
    assert closest(name, ["Orders", "Ratings"]) == match


def test_hint_suggests_the_closest_name() -> None:
    """The hint suggests the closest name; there is no hint if none is close."""
    assert did_you_mean("ratngs", ["Ratings"]) == "did you mean `Ratings`?"
    assert did_you_mean("xyz", ["Ratings"]) is None


def test_hint_names_several() -> None:
    """The hint lists several names that are equally likely."""
    assert ask_for("--env", "--event") == "did you mean `--env`, `--event`?"


def test_long_lists_are_cut() -> None:
    """A list of names in a message is sorted ignoring case, and cut after twenty."""
    assert quoted(["b", "A"]) == "`A`, `b`"
    assert quoted(map(str, range(100, 125))).endswith("`119` and 5 more")
