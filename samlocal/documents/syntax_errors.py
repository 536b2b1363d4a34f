"""Errors of documents that are not YAML: what is wrong, and where."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from samlocal.errors import Place, TemplateError

if TYPE_CHECKING:
    from pathlib import Path

    import yaml


def syntax_error(exc: yaml.MarkedYAMLError, text: str, path: Path) -> TemplateError:
    """Return the error for what libyaml reports, at the place that the user looks for."""
    if path.suffix == ".json":
        return _json_error(text, path)
    mark = exc.problem_mark or exc.context_mark
    if mark is None:
        return TemplateError(f"not YAML: {exc.problem}", place=Place(path, 1, 1))
    lines = text.split("\n")
    number, column = mark.line, mark.column
    if number >= len(lines) or (number > 0 and not any(lines[number:])):  # the end of the file
        number = max((n for n, line in enumerate(lines) if line), default=0)
        column = len(lines[number])
    line = lines[number]
    before = line[: column + 1]
    hint = None
    if "\t" in before and not before.strip():
        hint = "this line is indented with a tab; YAML allows only spaces"
    elif exc.context_mark is not None and exc.context_mark.line != number:
        hint = f"{exc.context} that starts in line {exc.context_mark.line + 1}"
    return TemplateError(
        f"not valid YAML: {exc.problem}",
        place=Place(path, number + 1, column + 1),
        hint=hint,
    )


def _json_error(text: str, path: Path) -> TemplateError:
    try:
        json.loads(text)
    except json.JSONDecodeError as exc:
        return TemplateError(f"not valid JSON: {exc.msg}", place=Place(path, exc.lineno, exc.colno))
    except RecursionError:
        pass
    return TemplateError("not valid JSON", place=Place(path, 1, 1))


def before_libyamls_limit(exc: yaml.MarkedYAMLError, text: str) -> str | None:
    """Return the text before the bracket at which libyaml gave up, or None if it gave up elsewhere.

    libyaml reads ahead of its events. It therefore reports its own limit (1,000 levels, from PyYAML 6.0.4)
    before the event that exceeds ours.
    """
    mark = exc.problem_mark or exc.context_mark
    if mark is None or "maximum nesting depth" not in f"{exc.problem} {exc.context}":
        return None
    return text[: mark.index - 1]


def unreadable(exc: yaml.reader.ReaderError, text: str, path: Path) -> TemplateError:
    """Return the error for a character that YAML does not allow."""
    before = text.encode()[: exc.position].decode(errors="ignore")
    column = len(before) - before.rfind("\n")
    return TemplateError(
        f"not valid YAML: the character U+{ord(text[len(before)]):04X} is not allowed",
        place=Place(path, before.count("\n") + 1, column),
    )
