"""The help of a command: its options under the headings of their groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from typer.core import TyperArgument

from samlocal.cli.options import GENERAL, NO_EFFECT, NO_EFFECT_OF_SERVERLESS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typer import Context
    from typer._click.formatting import HelpFormatter  # as in `usage_errors`

_UNGROUPED: Final = "Options"
_LAST: Final = (NO_EFFECT_OF_SERVERLESS, NO_EFFECT, GENERAL)
_COLUMN: Final = 30  # the largest width in typer


def by_heading(parameters: Iterable[Any]) -> dict[str, list[Any]]:
    """Return a command's arguments and options by heading, in the order of the help."""
    headings: dict[str, list[Any]] = {}
    for each in parameters:
        headings.setdefault(_heading(each, headings), []).append(each)
    return headings | {name: headings.pop(name) for name in _LAST if name in headings}


def _heading(parameter: Any, headings: dict[str, list[Any]]) -> str:  # noqa: ANN401  # see `by_heading`
    if isinstance(parameter, TyperArgument):
        return "Arguments"
    if parameter.name == "help" and GENERAL in headings:
        return GENERAL
    return parameter.rich_help_panel or _UNGROUPED


def write_options(formatter: HelpFormatter, context: Context, parameters: Iterable[Any]) -> None:
    """Write the options of a command in sections, with aligned columns."""
    for heading, listed in by_heading(parameters).items():
        found = (each.get_help_record(context) for each in listed)
        (names, text), *rows = [record for record in found if record]
        with formatter.section(heading):
            formatter.write_dl([(f"{names:<{_COLUMN}}", text), *rows])


def write_sources(formatter: HelpFormatter, parameters: Iterable[Any], *, configured: bool) -> None:
    """Write the sources of options besides the command line, with the first option that has them as example."""
    names = [
        next(spelling[2:] for spelling in each.opts if spelling.startswith("--"))
        for each in parameters
        if not isinstance(each, TyperArgument) and each.name != "help"
    ]
    if not names:
        return
    name = "engine" if "engine" in names else names[0]
    variable = f"SAMLOCAL_{name.replace('-', '_').upper()}"
    formatter.write_paragraph()
    formatter.write_text(
        f"Each option can also be set by a variable, such as {variable} for --{name}"
        + (", or in samconfig.toml." if configured else ".")
    )
