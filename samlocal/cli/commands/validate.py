"""`samlocal validate`: checks a template without running anything."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from samlocal.cli.console import print_status, show_output
from samlocal.cli.option_groups import group_options
from samlocal.cli.options.general import GeneralOptions, OutputOption
from samlocal.cli.options.project import ProjectOptions
from samlocal.cli.plain_options import open_chosen_project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from samlocal.cli.project_diagnostics import Problem, Severity
    from samlocal.errors import Place


_WORDS: Final[dict[Severity, str]] = {
    "error": "error",
    "warning": "warning",
    "informational": "note",
}

Lint = Annotated[
    bool, typer.Option("--lint/--no-lint", help="Run cfn-lint as well, which takes about a second.")
]


@group_options
def validate(
    *,
    lint: Lint = True,
    output: OutputOption = "text",
    project: ProjectOptions,
    general: GeneralOptions,
) -> None:
    """Check a template: syntax, cfn-lint, unresolvable values.

    Exit status: 0 no errors, perhaps warnings; 1 errors.
    """
    general.apply()
    problems = find_problems(project, lint=lint)
    text = _as_json(problems) if output == "json" else _as_text(problems)
    if text:
        show_output(text)
    print_status(_summary(problems))
    sys.exit(1 if any(problem.severity == "error" for problem in problems) else 0)


def find_problems(chosen: ProjectOptions, *, lint: bool = True) -> list[Problem]:
    """Return the problems of a project, sorted by place.

    Raises:
        UsageError: the parameter overrides are malformed, or cfn-lint cannot be imported.
        TemplateNotFoundError: there is no template.
    """
    from samlocal.cli.project_diagnostics import find_own_problems, lint_templates, of_error
    from samlocal.errors import ProjectError, TemplateError

    try:
        project = open_chosen_project(chosen)
        problems = dict.fromkeys(find_own_problems(project))
    except TemplateError as error:
        return [of_error(error)]
    if lint:
        try:
            templates = project.templates
        except ProjectError:  # already among the problems
            templates = ()
        if templates:  # cfn-lint reads no other projects
            problems |= dict.fromkeys(lint_templates(templates, region=chosen.region))
    return sorted(problems, key=_sort_key)


def _sort_key(problem: Problem) -> tuple[str, int, int, str]:
    place = problem.place
    if place is None:
        return ("", 0, 0, problem.message)
    return (str(place.path), place.line, place.column, problem.rule or "")


def _as_text(problems: Sequence[Problem]) -> str:
    return "".join(f"{line}\n" for problem in problems for line in _lines(problem))


def _lines(problem: Problem) -> list[str]:
    where = f"{_short(problem.place)}: " if problem.place else ""
    rule = f" {problem.rule}" if problem.rule else ""
    lines = [f"{where}{_WORDS[problem.severity]}{rule}: {problem.message}"]
    return [*lines, f"  hint: {problem.hint}"] if problem.hint else lines


def _short(place: Place) -> str:
    """Return a place relative to the current directory."""
    here = Path.cwd()
    path = place.path.relative_to(here) if place.path.is_relative_to(here) else place.path
    return f"{path}:{place.line}:{place.column}"


def _as_json(problems: Sequence[Problem]) -> str:
    return json.dumps(
        [
            {
                "severity": problem.severity,
                "rule": problem.rule,
                "message": problem.message,
                "hint": problem.hint,
                "path": str(problem.place.path) if problem.place else None,
                "line": problem.place.line if problem.place else None,
                "column": problem.place.column if problem.place else None,
            }
            for problem in problems
        ],
        indent=2,
        ensure_ascii=False,
    )


def _summary(problems: Sequence[Problem]) -> str:
    severities = [problem.severity for problem in problems]
    counts = {word: severities.count(severity) for severity, word in _WORDS.items()}
    parts = [f"{count} {word}{'s' if count > 1 else ''}" for word, count in counts.items() if count]
    return ", ".join(parts) or "No problems found"
