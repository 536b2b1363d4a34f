"""What is reported of an environment: the words, the place and the remedy."""

from __future__ import annotations

from pathlib import Path

from samlocal.env_vars import diagnostics
from samlocal.env_vars.env_file import GivenVariable
from samlocal.env_vars.environment import Origin
from samlocal.errors import Place
from samlocal.function import Function, InlineCode

FIRST = Place(Path("env.json"), 3, 5)
SECOND = Place(Path("env.json"), 4, 5)
RATINGS = Function(
    logical_id="Ratings",
    full_path="Ratings",
    name="ratings",
    code=InlineCode(source="", place=FIRST),
    place=FIRST,
)


def test_one_or_more_names_do_not_reach_the_function() -> None:
    """The sentence agrees with their number; the place is the first one's."""
    given = {
        "A": GivenVariable(value="1", place=FIRST),
        "B": GivenVariable(value="2", place=SECOND),
    }
    one = diagnostics.undeclared({"B": given["B"]}, RATINGS)
    two = diagnostics.undeclared(given, RATINGS)
    assert one.message.startswith("`B` does not reach `ratings`")
    assert two.message.startswith("`A`, `B` do not reach `ratings`")
    assert (one.place, two.place) == (SECOND, FIRST)


def test_one_or_more_sections_are_of_no_function() -> None:
    """The sentence agrees with their number; the place is the first one's."""
    [one] = diagnostics.unknown_sections({"Payments": SECOND}, ["Ratings"])
    [two] = diagnostics.unknown_sections({"Payments": FIRST, "Zzz": SECOND}, ["Ratings"])
    assert one.message.startswith("`Payments` is not a function")
    assert two.message.startswith("`Payments`, `Zzz` are not functions")
    assert (one.place, two.place) == (SECOND, FIRST)


def test_section_that_does_not_apply() -> None:
    """It has its place, and what to do."""
    diagnostic = diagnostics.section_without_effect("ratings", "Ratings", FIRST)
    assert (diagnostic.place, diagnostic.hint) == (FIRST, "move its variables to `Ratings`")


def test_one_or_more_names_come_from_the_shell() -> None:
    """The sentence agrees with their number."""
    one = diagnostics.overridden_by_shell(["A"], FIRST)
    two = diagnostics.overridden_by_shell(["A", "B"], FIRST)
    assert one.message.startswith("`A` comes from your shell")
    assert two.message.startswith("`A`, `B` come from your shell")
    assert one.place == FIRST


def test_name_that_no_process_can_have() -> None:
    """It is quoted as JSON, so that a NUL is visible, and has its place and the rule."""
    diagnostic = diagnostics.unusable("A\0", FIRST)
    assert r'"A\u0000"' in diagnostic.message
    assert diagnostic.place == FIRST
    assert diagnostic.hint


def test_names_that_lambda_refuses() -> None:
    """They are named at the place of the first; the hint has Lambda's rule."""
    origins = {
        name: Origin(source="section", label="", place=place)
        for name, place in (("Fine", FIRST), ("X", SECOND), ("a-b", FIRST))
    }
    several = diagnostics.refused_names(origins)
    one = diagnostics.refused_names({"X": origins["X"]})
    assert several is not None
    assert one is not None
    assert several.message == "Lambda would refuse the names `X`, `a-b`"
    assert one.message == "Lambda would refuse the name `X`"
    assert several.place == SECOND
    assert several.hint == "a name has two or more letters, digits and underscores, a letter first"


def test_variables_that_are_too_large() -> None:
    """The hint says where that matters."""
    diagnostic = diagnostics.too_large({"A": "x" * 5000})
    assert diagnostic is not None
    assert diagnostic.hint == "the function gets all of them locally; AWS refuses to deploy it"


def test_reserved_names() -> None:
    """Lambda's own answer is quoted, with what sets such a name; some can be overridden for a local run."""
    low, high = (Origin(source="template", label="", place=each) for each in (FIRST, SECOND))
    fixed = diagnostics.reserved("AWS_LAMBDA_FUNCTION_NAME", [low, high], RATINGS)
    adjustable = diagnostics.reserved("AWS_ACCESS_KEY_ID", [low], RATINGS)
    assert fixed.message == (
        "Lambda was unable to configure your environment variables because the environment variables"
        " you have provided contains reserved keys that are currently not supported for modification."
        " Reserved keys used in this request: AWS_LAMBDA_FUNCTION_NAME"
    )
    assert (fixed.place, adjustable.place) == (SECOND, FIRST)
    assert fixed.hint == "the template's `FunctionName` sets it"
    assert (adjustable.hint or "").endswith(
        "; `--env AWS_ACCESS_KEY_ID=…` and the env file's section `Ratings` override it"
    )
