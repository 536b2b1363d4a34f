"""Chooses the interpreter of this machine that runs a function."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from samlocal.diagnostics import Diagnostic
from samlocal.errors import InterpreterNotFoundError
from samlocal.path_kinds import is_file, path_exists
from samlocal.sandbox.process.installations import (
    Interpreter,
    managed,
    on_path,
    other_versions_on_path,
    own_interpreter,
    virtual_environments,
)
from samlocal.sandbox.process.interpreter_versions import parse_version, program_version
from samlocal.sandbox.process.languages import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.function import Function
    from samlocal.host import Host
    from samlocal.runtimes import Runtime
    from samlocal.sandbox.process.interpreter_versions import Version
    from samlocal.sandbox.process.languages import Language


def find_interpreter(
    function: Function,
    runtime: Runtime,
    *,
    chosen: Path | None,
    folders: tuple[Path, Path],
    host: Host,
) -> tuple[Interpreter, tuple[Diagnostic, ...]]:
    """Return the interpreter for a function, and a diagnostic if it is of another version than the runtime.

    `chosen` is the user's own, if any; `folders` are the directories of the project and of the code. Otherwise the
    first of these that has the runtime's version: the project's virtual environment, the Python of samlocal, the
    directories of version managers, and the PATH; then the nearest version.

    Raises:
        InterpreterNotFoundError: There is none, or the chosen one is not a program of the language.
    """
    language = LANGUAGES[runtime.family]
    wanted = parse_version(runtime.id)
    found: Interpreter | None
    if chosen is not None:
        found = _chosen(chosen, language, host)
    else:
        found = _best(language, wanted, folders, host)
    if found is None:
        version = _text(wanted)
        raise InterpreterNotFoundError(
            f"`{function.logical_id}` needs {language.name} {version}, and this machine has no {language.name}",
            place=function.place,
            hint=_hint(language, wanted, host),
        )
    if _fits(found, wanted):
        return found, ()
    return found, (_other_version(function, wanted, found, language, host),)


def all_interpreters(language: Language, host: Host) -> tuple[str, ...]:
    """Return the versions of a language that functions can use on this machine, each once, the newest first."""
    nowhere = Path(os.devnull)
    found = [*_search(language, (), (nowhere, nowhere), host)]
    found += other_versions_on_path(language, host)
    versions = {each.version[:2] for each in found if each.version >= language.minimum}
    return tuple(_text(each) for each in sorted(versions, reverse=True))


def label_of(interpreter: Interpreter, runtime: Runtime) -> str:
    """Return the interpreter as messages name it: `Python 3.12.4`."""
    return f"{LANGUAGES[runtime.family].name} {_text(interpreter.version)}"


def _search(
    language: Language, wanted: Version, folders: tuple[Path, Path], host: Host
) -> Iterator[Interpreter]:
    if language.name == "Python":
        yield from virtual_environments(*folders, host)
        yield from own_interpreter()
    yield from managed(language, host)
    yield from on_path(language, _text(wanted), host)


def _best(
    language: Language, wanted: Version, folders: tuple[Path, Path], host: Host
) -> Interpreter | None:
    """Return the first interpreter of the version, else the nearest one; of two at the same distance, the newer one."""
    others = []
    for each in _search(language, wanted, folders, host):
        if _fits(each, wanted):
            return each
        others.append(each)
    others += other_versions_on_path(language, host)
    usable = [each for each in others if each.version >= language.minimum]
    return min(usable, key=lambda each: _distance(language, each.version, wanted), default=None)


def _distance(language: Language, version: Version, wanted: Version) -> tuple[object, ...]:
    numbers = (*version, *([0] * len(wanted)))[: len(wanted)]
    is_older = numbers < wanted
    pairs = zip(numbers, wanted, strict=True)
    distance = tuple(abs(number - other) for number, other in pairs)
    return (distance, is_older) if language.runs_newer else (is_older, distance)


def _fits(interpreter: Interpreter, wanted: Version) -> bool:
    return interpreter.version[: len(wanted)] == wanted


def _chosen(path: Path, language: Language, host: Host) -> Interpreter:
    program = language.programs[0]
    known = next(iter(on_path(language, "", host)), None)
    example = known.path if known else f"/usr/bin/{program}"
    hint = f"name the program, such as `--interpreter {example}`"
    path = path.absolute()
    if not path_exists(path):
        raise InterpreterNotFoundError(f"the interpreter `{path}` does not exist", hint=hint)
    if not is_file(path):
        raise InterpreterNotFoundError(f"the interpreter `{path}` is not a file", hint=hint)
    if not os.access(path, os.X_OK):
        raise InterpreterNotFoundError(
            f"the interpreter `{path}` is not executable", hint=f"run `chmod +x {path}`"
        )
    version = program_version(path, language.name, host.cache)
    if not version:
        raise InterpreterNotFoundError(
            f"the interpreter `{path}` is not {language.name}", hint=hint
        )
    if version < language.minimum:
        raise InterpreterNotFoundError(
            f"the interpreter `{path}` is {language.name} {_text(version)}, which is too old",
            hint=f"functions run on {language.name} {_text(language.minimum)} or newer",
        )
    return Interpreter(path=path, version=version, origin="--interpreter")


def _other_version(
    function: Function, wanted: Version, found: Interpreter, language: Language, host: Host
) -> Diagnostic:
    is_chosen = found.origin == "--interpreter"
    return Diagnostic(
        message=f"`{function.logical_id}` is for {language.name} {_text(wanted)}"
        f" and runs on {_text(found.version)} (`{found.path}`)",
        place=function.place,
        hint=None if is_chosen else _hint(language, wanted, host),
    )


def _hint(language: Language, wanted: Version, host: Host) -> str:
    """Return how to get a version: with a version manager that this machine has, or with the first two."""
    import shutil  # noqa: PLC0415  # few runs need a hint

    path = host.variables.get("PATH")
    commands = [
        (needed in host.variables or shutil.which(needed, path=path), text)
        for needed, text in language.installs
    ]
    present = [text for is_present, text in commands if is_present]
    shown = present[:1] or [text for _, text in commands[:2]]
    ways = " or ".join(f"`{text.format(version=_text(wanted))}`" for text in shown)
    return f"install it with {ways}, or name one with `--interpreter PATH`"


def _text(version: Version) -> str:
    return ".".join(str(number) for number in version)
