"""The interpreters of a language that this machine has, as version managers and the PATH show them."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen
from samlocal.sandbox.process.interpreter_versions import (
    directory_version,
    environment_version,
    java_version,
    parse_version,
    program_version,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from samlocal.host import Host
    from samlocal.sandbox.process.interpreter_versions import Version
    from samlocal.sandbox.process.languages import Language, Layout

# Directories with programs of version managers that choose a version when they run: they have none themselves.
_SHIMS: Final = ("/shims", "/.volta/bin", "/.jabba/bin")
_ENVIRONMENTS: Final = (".venv", "venv")


@frozen
class Interpreter:
    """A program that runs a language, and its version as far as it is known.

    `origin` is what it was found by: a version manager, `PATH` or a virtual environment.
    """

    path: Path
    version: Version
    origin: str


def virtual_environments(project: Path, code: Path, host: Host) -> Iterator[Interpreter]:
    """Yield the interpreters of the project's virtual environments: the active one, and those in its folders.

    The one that samlocal itself runs in is the project's only if it is in the project's directory.
    """
    folders = [folder / name for folder in (project, code) for name in _ENVIRONMENTS]
    active = host.variables.get("VIRTUAL_ENV")
    if active and not (_is_own(Path(active)) and not Path(active).is_relative_to(project)):
        folders.insert(0, Path(active))
    for folder in dict.fromkeys(folders):
        program = folder / "bin" / "python"
        version = environment_version(folder)
        if version and _is_program(program):
            yield Interpreter(path=program, version=version, origin=f"`{folder}`")


def managed(language: Language, host: Host) -> Iterator[Interpreter]:
    """Yield the interpreters in the directories of version managers, by each of them the newest first."""
    for layout in language.layouts:
        root = _root(layout, host)
        if root is None:
            continue
        found = [
            Interpreter(path=path, version=version, origin=layout.name)
            for path in _matches(root, layout.pattern)
            if (version := _layout_version(language, layout, root, path)) and _is_program(path)
        ]
        yield from sorted(found, key=lambda each: each.version, reverse=True)


def on_path(language: Language, wanted: str, host: Host) -> Iterator[Interpreter]:
    """Yield the interpreters on the PATH: those whose name has the wanted version, if any, then the others.

    A program is run for its version only if no file and no name tells it.
    """
    folders = _path(host.variables)
    if language.versioned and wanted:
        name = language.versioned.format(version=wanted)
        for folder in folders:
            if _is_program(path := Path(folder, name)):
                yield Interpreter(path=path, version=parse_version(wanted), origin="PATH")
    for name in language.programs:
        for folder in folders:
            path = Path(folder, name)
            if _is_program(path) and (version := program_version(path, language.name, host.cache)):
                yield Interpreter(path=path, version=version, origin="PATH")


def other_versions_on_path(language: Language, host: Host) -> Iterator[Interpreter]:
    """Yield the interpreters on the PATH that have a version in their name: `python3.11`."""
    if language.versioned is None:
        return
    form = re.compile(re.escape(language.versioned).replace(r"\{version\}", r"(\d+(?:\.\d+)+)"))
    for folder in _path(host.variables):
        for name in _names(folder):
            if (found := form.fullmatch(name)) and _is_program(path := Path(folder, name)):
                yield Interpreter(path=path, version=parse_version(found[1]), origin="PATH")


def own_interpreter() -> Iterator[Interpreter]:
    """Yield the Python that samlocal runs on, without its virtual environment."""
    path = Path(getattr(sys, "_base_executable", "") or sys.executable)
    if _is_program(path):
        yield Interpreter(path=path, version=sys.version_info[:3], origin="samlocal's own")


def _is_own(environment: Path) -> bool:
    return environment.resolve() == Path(sys.prefix).resolve()


def _root(layout: Layout, host: Host) -> Path | None:
    for written in layout.roots:
        first, _, rest = written.partition("/")
        if first.startswith("$"):
            value = host.variables.get(first[1:], "")
            if not value.startswith("/"):
                continue
            root = Path(value, rest)
        elif first == "~":
            root = host.home / rest
        else:
            root = Path(written)
        if os.path.isdir(root):  # noqa: PTH112  # without an error if this user may not see it
            return root
    return None


def _matches(root: Path, pattern: str) -> list[Path]:
    """Return the paths below a directory that match a pattern with one `*` at most, sorted."""
    before, star, after = pattern.partition("*")
    if not star:
        return [root / pattern]
    folder, _, start = before.rpartition("/")
    parent = root / folder
    names = sorted(name for name in _names(str(parent)) if name.startswith(start))
    return [parent / f"{name}{after}" for name in names]


def _layout_version(language: Language, layout: Layout, root: Path, path: Path) -> Version:
    if language.name == "Java":
        return java_version(path.parent.parent)
    before, _, after = layout.pattern.partition("*")
    written = str(path.relative_to(root))
    return directory_version(written.removeprefix(before).removesuffix(after))


def _path(variables: Mapping[str, str]) -> list[str]:
    """Return the absolute directories of the PATH, each once, without those of shims."""
    folders = variables.get("PATH", os.defpath).split(":")
    absolute = dict.fromkeys(each.rstrip("/") for each in folders if each.startswith("/"))
    return [each for each in absolute if not each.endswith(_SHIMS)]


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208  # names only
    except OSError:
        return []


def _is_program(path: Path) -> bool:
    is_file = os.path.isfile(path)  # noqa: PTH113  # without an error if this user may not see it
    return is_file and os.access(path, os.X_OK)
