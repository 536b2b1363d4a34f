"""The file of a handler, as the runtime of its language finds it.

https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html
https://docs.aws.amazon.com/lambda/latest/dg/ruby-handler.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.documents.read_files import note_file
from samlocal.path_kinds import is_file

if TYPE_CHECKING:
    from pathlib import Path

JAVASCRIPT: Final = (".js", ".mjs", ".cjs")
_ENDS: Final = {
    "nodejs": ("", *JAVASCRIPT, "/index.js", "/package.json"),
    "python": (".py", "/__init__.py"),
    "ruby": (".rb",),
}
# What a bundler compiles to JavaScript.
SOURCES: Final = {"nodejs": (".ts", ".mts", ".cts", ".tsx", ".jsx")}


def language(runtime: str) -> str:
    """Return the language of a runtime: `nodejs` of `nodejs22.x`."""
    return runtime.lower().rstrip("0123456789.x")


def module_of(handler: str, family: str) -> str | None:
    """Return the path of a handler's module without its ending; None if it is not a file of the code.

    Node.js and Ruby split the name of the file at its first dot; dots of a Python module are packages.
    """
    folder, _, name = handler.rpartition("/")
    if family not in _ENDS or handler.startswith("/") or ".." in handler or "." not in name:
        return None
    if family == "python":
        return handler.removeprefix("./").rpartition(".")[0].replace(".", "/")
    return f"{folder}/{name.partition('.')[0]}".removeprefix("./").lstrip("/")


def has_module(directory: Path, module: str, family: str) -> bool:
    """Return whether a directory has the file of a module; where it may appear is watched."""
    places = (directory, directory / "node_modules") if family == "nodejs" else (directory,)
    for path in (place / f"{module}{end}" for place in places for end in _ENDS[family]):
        if is_file(path):
            return True
        note_file(path)
    return False


def archive_has_module(archive: Path, module: str, family: str) -> bool:
    """Return whether a zip archive has the file of a module."""
    from zipfile import BadZipFile, ZipFile  # noqa: PLC0415  # only for packaged functions

    try:
        with ZipFile(archive) as file:
            names = set(file.namelist())
    except (OSError, BadZipFile):
        return False
    places = ("", "node_modules/") if family == "nodejs" else ("",)
    return any(f"{place}{module}{end}" in names for place in places for end in _ENDS[family])


def find_source(directory: Path, module: str, family: str) -> Path | None:
    """Return the source of a module that must be compiled, if a directory has it."""
    files = (directory / f"{module}{end}" for end in SOURCES.get(family, ()))
    return next((file for file in files if is_file(file)), None)


def without_ending(handler: str) -> str | None:
    """Return a handler without the ending of a JavaScript file, `src/app.get` of `src/app.js.get`; None if it has none."""
    folder, slash, name = handler.rpartition("/")
    file, *exports = name.split(".")
    if len(exports) == 1 or f".{exports[0]}" not in JAVASCRIPT:
        return None
    return f"{folder}{slash}{'.'.join((file, *exports[1:]))}"


def split_at_last_dot(handler: str) -> str:
    """Return the path of a handler's module as Serverless finds it: up to the last dot."""
    return handler.rpartition(".")[0]
