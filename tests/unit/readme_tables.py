"""The README's option tables, from the code: `python -m tests.unit.readme_tables` writes them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer.main

from samlocal.cli.commands import command_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

README: Final = Path(__file__).parents[2] / "README.md"
_TABLE: Final = re.compile(
    r"(<!-- options: (?P<command>[a-z -]+) -->\n).*?(<!-- end -->)", re.DOTALL
)


def with_tables(text: str) -> str:
    """Return the text with every marked table as the code has it."""
    return _TABLE.sub(lambda found: found[1] + table(found["command"]) + found[3], text)


def table(command: str) -> str:
    """Return the options of a command such as `local invoke` as a Markdown table."""
    return "| option | meaning |\n|---|---|\n" + "".join(
        f"| {names} | {meaning} |\n" for names, meaning in _rows(command)
    )


def _rows(command: str) -> Iterator[tuple[str, str]]:
    group = typer.main.get_command(command_tree())
    context = typer.Context(group, help_option_names=["-h", "--help"])
    found = group
    for word in command.split():
        found = found.get_command(context, word)  # type: ignore[attr-defined]  # groups have it
    for parameter in found.get_params(context):
        record = parameter.get_help_record(context)
        if record:
            names, meaning = record
            yield f"`{_cell(names)}`", _cell(meaning)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text()))
