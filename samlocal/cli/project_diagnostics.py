"""Problems of a project: findings of cfn-lint, and values that cannot be resolved locally."""

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
    """One problem; `rule` is the ID of cfn-lint's rule, None for samlocal's own problems."""

    severity: Severity
    message: str
    place: Place | None
    rule: str | None = None
    hint: str | None = None


def find_own_problems(project: Project) -> Iterator[Problem]:
    """Yield samlocal's own problems with a project: errors, and values that it cannot resolve."""
    try:
        for diagnostic in project.diagnostics:
            yield _of_diagnostic(diagnostic)
        for each in project.unread:
            problem = _of_diagnostic(each.diagnostic)
            yield replace(problem, severity="error") if each.is_error else problem
        yield from map(of_error, project.failures)
        functions = project.functions
    except ProjectError as error:
        yield of_error(error)
        return
    for entry in functions:
        try:
            for diagnostic in project.resolve(entry, for_api=True).diagnostics:
                yield from _of_missing(diagnostic.missing) or [_of_diagnostic(diagnostic)]
        except MissingParameterError as error:
            yield from _of_missing(error.parameters)
        except ProjectError as error:
            yield of_error(error)


def of_error(error: ProjectError) -> Problem:
    return Problem(severity="error", message=error.message, place=error.place, hint=error.hint)


def _of_missing(parameters: Sequence[MissingParameter]) -> list[Problem]:
    """Return a note for each parameter without a value."""
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


def lint_templates(templates: Iterable[Path], *, region: str | None) -> Iterator[Problem]:
    """Yield the findings of cfn-lint in templates. A project's `.cfnlintrc` applies.

    Raises:
        UsageError: cfn-lint cannot be imported.
    """
    # The import takes a second, and only this command needs it.
    try:
        from cfnlint.config import ConfigMixIn  # type: ignore[import-untyped]
        from cfnlint.runner import Runner  # type: ignore[import-untyped]
    except ImportError as exc:
        raise UsageError(
            f"cfn-lint cannot be imported: {exc}",
            hint="`pip install cfn-lint`, or skip its rules with `--no-lint`",
        ) from exc

    logging.getLogger("cfnlint").setLevel(logging.CRITICAL)  # cfn-lint also reports what it logs
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
