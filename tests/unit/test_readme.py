from __future__ import annotations

from samlocal.sandbox.docker.engine_options import KEYS
from tests.unit.readme_tables import README, with_tables


def test_option_tables_are_those_of_the_code() -> None:
    """The README lists the options that the commands have, in their own words."""
    text = README.read_text()

    assert text.count("<!-- options: ") >= 2
    assert with_tables(text) == text, "run `python -m tests.unit.readme_tables`"


def test_keys_of_docker_arguments_are_those_of_the_code() -> None:
    """The README lists what `--docker-arg` takes."""
    _, _, text = README.read_text().partition("The keys: ")
    listed, _, _ = text.partition(".\n")
    assert [key.strip(" \n`") for key in listed.split(",")] == sorted(KEYS)
