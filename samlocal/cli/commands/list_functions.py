"""`samlocal list functions`: lists the functions of a project and their identifiers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from samlocal.cli.console import print_status, show_diagnostic, show_output
from samlocal.cli.option_groups import group_options
from samlocal.cli.options.general import GeneralOptions, OutputOption
from samlocal.cli.options.project import ProjectOptions
from samlocal.cli.plain_options import open_chosen_project
from samlocal.cli.table import table

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.errors import ProjectError
    from samlocal.function import Code, Function, FunctionEntry
    from samlocal.project.project import Project

_HEADINGS = ("FUNCTION", "NAME", "RUNTIME", "HANDLER", "CODE", "DEFINED AT")


@group_options
def list_functions(
    *,
    output: OutputOption = "text",
    project: ProjectOptions,
    general: GeneralOptions,
) -> None:
    """List functions: their names, code and place in the template.

    The reason is shown for functions that cannot be read or whose condition is false.
    """
    general.apply()
    opened = open_chosen_project(project)
    unread = (part.diagnostic for part in opened.unread)
    for diagnostic in dict.fromkeys((*opened.diagnostics, *unread)):
        show_diagnostic(diagnostic)
    functions = [
        *((entry, _resolved(opened, entry)) for entry in opened.functions),
        *((entry, _excluded(entry)) for entry in opened.excluded),
    ]
    if output == "json":
        text = json.dumps([_as_json(*row) for row in functions], indent=2, ensure_ascii=False)
        show_output(text)
    elif functions:
        base = opened.path if opened.path.is_dir() else opened.path.parent
        show_output(table(_HEADINGS, (_as_row(*row, base) for row in functions)))
    if not functions:
        print_status("The template has no functions")


def _excluded(entry: FunctionEntry) -> ProjectError:
    from samlocal.errors import FunctionNotFoundError

    return FunctionNotFoundError(entry.exclusion)


def _resolved(project: Project, entry: FunctionEntry) -> Function | ProjectError:
    from samlocal.errors import ProjectError

    try:
        return project.resolve(entry)
    except ProjectError as error:
        return error


def _as_row(entry: FunctionEntry, function: Function | ProjectError, base: Path) -> tuple[str, ...]:
    """Return the cells of a function; paths under `base` are shown relative to it."""
    from samlocal.function import Function

    place = f"{_relative(entry.place.path, base)}:{entry.place.line}"
    if not isinstance(function, Function):
        name = entry.function_name or entry.logical_id
        return (entry.full_path, name, "-", "-", f"({function.message})", place)
    return (
        entry.full_path,
        function.name,
        function.runtime or "-",
        function.handler or "-",
        _code(function.code, base),
        place,
    )


def _code(code: Code, base: Path) -> str:
    """Return the location of code in one word; `list functions --output json` has all details."""
    from samlocal.function import ImageCode, InlineCode, LocalCode, S3Code

    match code:
        case LocalCode():
            return str(_relative(code.path, base))
        case InlineCode():
            return "(in the template)"
        case S3Code():
            return f"s3://{code.bucket}/{code.key}"
        case ImageCode():
            return code.uri or (
                str(_relative(code.build.context, base)) if code.build else "(an image)"
            )


def _as_json(entry: FunctionEntry, function: Function | ProjectError) -> dict[str, object]:
    from samlocal.function import Function

    identifiers: dict[str, object] = {
        "full_path": entry.full_path,
        "logical_id": entry.logical_id,
        "function_id": entry.function_id,
        "function_name": entry.function_name,
        "construct_path": entry.construct_path,
        "place": {
            "path": str(entry.place.path),
            "line": entry.place.line,
            "column": entry.place.column,
        },
    }
    if not isinstance(function, Function):
        return {**identifiers, "error": str(function)}
    return {
        **identifiers,
        "function_name": function.function_name,
        "runtime": function.runtime,
        "handler": function.handler,
        "architecture": function.architecture,
        "memory_mb": function.memory_mb,
        "timeout_seconds": function.timeout_seconds,
        "code": _code_as_json(function.code),
        "diagnostics": [diagnostic.message for diagnostic in function.diagnostics],
    }


def _code_as_json(code: Code) -> dict[str, object]:
    from samlocal.function import ImageCode, InlineCode, LocalCode, S3Code

    match code:
        case LocalCode():
            return {"path": str(code.path)}
        case InlineCode():
            return {"inline": code.source}
        case S3Code():
            return {"bucket": code.bucket, "key": code.key, "version": code.version}
        case ImageCode():
            build = code.build and {
                "context": str(code.build.context),
                "dockerfile": code.build.dockerfile,
            }
            return {"image": code.uri, "build": build}


def _relative(path: Path, base: Path) -> Path:
    return path.relative_to(base) if path.is_relative_to(base) else path
