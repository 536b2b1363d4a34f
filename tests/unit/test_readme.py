from __future__ import annotations

from tests.unit.readme_tables import README, with_tables


def test_option_tables_are_those_of_the_code() -> None:
    """The README lists the options that the commands have, in their own words."""
    text = README.read_text()

    assert text.count("<!-- options: ") >= 2
    assert with_tables(text) == text, "run `python -m tests.unit.readme_tables`"
