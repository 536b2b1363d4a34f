"""What is wrong with a project: what cfn-lint finds, and what can't be had on this machine."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from samlocal.diagnostics import parameters_hint
from samlocal.errors import MissingParameterError, Place, ProjectError, UsageError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from samlocal.diagnostics import Diagnostic
    from samlocal.errors import MissingParameter
    from samlocal.project.project import Project

Severity = Literal["error", "warning", "informational"]


@frozen
class Problem:
    """One thing to look at; `rule` is cfn-lint's, and None for our own."""

    severity: Severity
    message: str
    place: Place | None
    rule: str | None = None
    hint: str | None = None


def own_problems(project: Project) -> Iterator[Problem]:
    """Yield what stands in the way of running a project's functions here."""
    try:
        for diagnostic in project.diagnostics:
            yield _of_diagnostic(diagnostic)
        for each in project.unread:
            problem = _of_diagnostic(each.diagnostic)
            yield replace(problem, severity="error") if each.is_error else problem
        functions = project.functions
    except ProjectError as error:
        yield of_error(error)
        return
    for entry in functions:
        try:
            for diagnostic in project.resolve(entry).diagnostics:
                yield from _of_missing(diagnostic.missing) or [_of_diagnostic(diagnostic)]
        except MissingParameterError as error:
            yield from _of_missing(error.parameters)
        except ProjectError as error:
            yield of_error(error)


def of_error(error: ProjectError) -> Problem:
    return Problem(severity="error", message=error.message, place=error.place, hint=error.hint)


def _of_missing(parameters: Sequence[MissingParameter]) -> list[Problem]:
    """Return a note for each parameter that whoever runs or deploys the template has to give a value."""
    return [
        Problem(
            severity="informational",
            message=each.problem,
            place=each.place,
            hint=parameters_hint([each]),
        )
        for each in parameters
    ]


def _of_diagnostic(diagnostic: Diagnostic) -> Problem:
    return Problem(
        severity="informational" if diagnostic.missing else "warning",
        message=diagnostic.message,
        place=diagnostic.place,
        hint=diagnostic.hint,
    )


def lint_problems(templates: Iterable[Path], *, region: str | None) -> Iterator[Problem]:
    """Yield what cfn-lint finds in templates. A project's `.cfnlintrc` counts.

    Raises:
        UsageError: cfn-lint cannot be imported.
    """
    # It takes a second to import, and nothing but this command needs it.
    try:
        from cfnlint.config import ConfigMixIn  # type: ignore[import-untyped]
        from cfnlint.runner import Runner  # type: ignore[import-untyped]
    except ImportError as exc:
        raise UsageError(
            f"cfn-lint cannot be imported: {exc}",
            hint="`pip install cfn-lint`, or leave out its rules with --no-lint",
        ) from exc

    logging.getLogger("cfnlint").setLevel(logging.CRITICAL)  # what it logs, it also reports
    for template in templates:
        regions = {"regions": [region]} if region is not None else {}
        for match in Runner(ConfigMixIn([], templates=[str(template)], **regions)).run():
            yield Problem(
                severity=_severity(match.rule.severity),
                message=match.message,
                place=Place(template, match.linenumber, match.columnnumber),
                rule=match.rule.id,
            )


def _severity(name: str) -> Severity:
    match name.lower():
        case "error":
            return "error"
        case "warning":
            return "warning"
        case _:
            return "informational"
