"""`.env` files of a service, as Serverless reads them: with Node.js's dotenv and dotenv-expand.

They differ from those of `--env-vars`, which are python-dotenv's, in almost every rule: `#` begins a comment
anywhere, backticks quote, backslashes stay, and single quotes do not keep `$NAME` as it is.
https://github.com/motdotla/dotenv/blob/v16.6.1/lib/main.js
https://github.com/motdotla/dotenv-expand/blob/v10.0.0/lib/main.js
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from samlocal.documents.read_files import note_file
from samlocal.errors import Place, VariableError
from samlocal.path_kinds import is_directory
from samlocal.serverless.framework_version import VERSION_4

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from samlocal.documents.node import Node
    from samlocal.serverless.variables.source import Variables

_LINE: Final = re.compile(
    r"""^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)"""
    r"""(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^\#\r\n]+)?\s*(?:\#.*)?$""",
    re.MULTILINE | re.ASCII,
)
_QUOTED: Final = re.compile(r"""(['"`])([\s\S]*)\1""")
_REFERENCE: Final = re.compile(
    r"(?<!\\)\$(?:\{(\w+)(?::-((?:(?!\$\{)[^}\\])*))?\}|(\w+))", re.ASCII
)
_MARK: Final = "\0"  # keeps a value apart from what follows it: no variable contains it
_FLAGS: Final = {"true": True, "false": False}
_MAX_CHARACTERS: Final = 1_000_000  # of one value
_MAX_REFERENCES: Final = 1000  # in one value, with those in the values that they refer to


def load_dotenv(variables: Variables) -> Mapping[str, str]:
    """Return the shell's variables, and those of the service's `.env` files that the shell has not.

    Version 3 reads files if `useDotenv` is true: `.env.STAGE`, or `.env` if there is none. Version 4 reads both
    unless it is false, then the files and directories that it names, and expands nothing.

    Raises:
        VariableError: a file cannot be read, a variable in it refers to itself, or the stage cannot be resolved.
    """
    directory, shell = variables.configuration.directory, variables.context.environment
    node = variables.at("useDotenv")
    chosen = None if node is None else _flag_or_paths(variables.resolve(node))
    is_version_4 = isinstance(chosen, tuple) or variables.major_version == VERSION_4
    if chosen is False or (chosen is None and not is_version_4):
        return shell
    names = (f".env.{variables.stage}", ".env")
    paths = [directory / name for name in names]
    known = dict(shell)
    if is_version_4:
        further = chosen if isinstance(chosen, tuple) else ()
        for path in (*paths, *_further(further, names, directory)):
            known = _values(_read(path, node) or "") | known
        return known
    for path in paths:
        if (text := _read(path, node)) is not None:
            return known | _expanded(text, known, path)
    return known


def _flag_or_paths(chosen: Node) -> bool | tuple[str, ...] | None:
    match chosen.value:
        case str() as text:
            return _FLAGS.get(text.lower(), (text,))
        case tuple() as items:
            texts = (each.optional_text() for each in items)
            return tuple(text for text in texts if text is not None)
        case None:
            return None
        case value:
            return bool(value)


def _further(texts: tuple[str, ...], names: tuple[str, ...], directory: Path) -> Iterator[Path]:
    """Yield the files that `useDotenv` names itself, with those of the directories that it names."""
    for text in texts:
        path = directory / text
        if is_directory(path):
            yield from (path / name for name in names)
        else:
            yield path


def _read(path: Path, chosen: Node | None) -> str | None:
    note_file(path)
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        message = f"cannot read the variables in `{path}`: {reason}"
        raise VariableError(
            message,
            place=chosen.place if chosen else None,
            hint="`useDotenv: false` reads no such file",
        ) from exc


def _assignments(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield names, values as they are written but for quotes, and lines, from 1; other lines have none."""
    lines = re.sub("\r\n?", "\n", text)
    for match in _LINE.finditer(lines):
        value = (match[2] or "").strip()
        quoted = _QUOTED.fullmatch(value)
        content = quoted[2] if quoted else value
        if value[:1] == '"':
            content = content.replace("\\n", "\n").replace("\\r", "\r")
        yield match[1], content, lines.count("\n", 0, match.start(1)) + 1


def _values(text: str) -> dict[str, str]:
    return {name: value for name, value, _ in _assignments(text)}


def _expanded(text: str, known: Mapping[str, str], path: Path) -> dict[str, str]:
    """Return the variables that are not known yet, with the values of the variables in them."""
    every = _values(text) | dict(known)
    expanded: dict[str, str] = {}
    for name, value, line in _assignments(text):
        if name not in known:
            expanded[name] = every[name] = _expand(name, value, every, Place(path, line, 1))
    return expanded


def _expand(name: str, value: str, known: Mapping[str, str], place: Place) -> str:
    for _ in range(_MAX_REFERENCES):
        references = list(_REFERENCE.finditer(value))
        if not references:
            return value.replace("\\$", "$").replace(_MARK, "")
        last = references[-1]  # the innermost of `${A:-${B}}`
        found = known.get(last[1] or last[3]) or last[2] or ""
        value = f"{value[: last.start()]}{_MARK}{found}{_MARK}{value[last.end() :]}"
        if len(value) > _MAX_CHARACTERS:
            break
    raise VariableError(
        f"`{name}` refers to itself", place=place, hint="write `\\$` for a dollar sign"
    )
