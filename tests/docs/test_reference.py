from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from samlocal.cli.command_tree import COMMANDS
from tests.docs.pages import CHECKOUT, DOCS
from tests.docs.reference import REFERENCE, parts_of, refreshed
from tests.docs.tables import all_tables

if TYPE_CHECKING:
    from pathlib import Path

_PAGES = sorted(REFERENCE.glob("*.md"))


@pytest.mark.parametrize("name", [page.name for page in _PAGES])
def test_generated_parts_are_those_of_the_code(name: str) -> None:
    """The reference has the options, keys, variables and runtimes that the code has."""
    text = (REFERENCE / name).read_text()

    assert refreshed(text) == text, "run `make docs`"


def test_every_table_is_on_one_page() -> None:
    """A new command, or any other new table, needs a place in the reference."""
    parts = [name for page in _PAGES for name in parts_of(page.read_text())]

    assert sorted(parts) == sorted(all_tables())


def test_every_command_has_a_page() -> None:
    """The options of a command are on the page of its name."""
    for words in COMMANDS:
        page = REFERENCE / f"{'-'.join(words)}.md"
        assert f"options {' '.join(words)}" in parts_of(page.read_text())


def test_every_variable_of_samlocal_is_listed() -> None:
    """A variable that the code reads or sets by name is in the reference."""
    sources = [*CHECKOUT.glob("samlocal/**/*.py"), CHECKOUT / "runtimes" / "debug" / "wrapper"]
    read = {
        name for path in sources for name in re.findall(r"\bSAMLOCAL_[A-Z_]+", path.read_text())
    }
    page = (REFERENCE / "environment-variables.md").read_text()

    assert {name for name in read if f"`{name}`" not in page} == set()


@pytest.mark.parametrize(
    "page",
    [CHECKOUT / "README.md", DOCS / "guides" / "getting-started.md"],
    ids=["README", "getting started"],
)
def test_every_extra_is_introduced(page: Path) -> None:
    """Whoever installs samlocal learns of all extras."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    text = page.read_text()
    assert [each for each in project["optional-dependencies"] if f"`{each}`" not in text] == []
