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
from samlocal.errors import VariableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from samlocal.documents.node import Node, Value

_LINE: Final = re.compile(
    r"""^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)"""
    r"""(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^\#\r\n]+)?\s*(?:\#.*)?$""",
    re.MULTILINE | re.ASCII,
)
_QUOTED: Final = re.compile(r"""(['"`])([\s\S]*)\1""")
_REFERENCE: Final = re.compile(r"(?<!\\)\$\{?(\w+)(?::-([^}\\]*))?\}?", re.ASCII)
_MAX_REFERENCES: Final = 1000  # in one value, with those in the values that they refer to


def load_dotenv(
    chosen: Node | None, *, stage: str, directory: Path, shell: Mapping[str, str]
) -> Mapping[str, str]:
    """Return the shell's variables, and those of the service's `.env` files that the shell has not.

    `chosen` is the value of `useDotenv`. `true` reads `.env.STAGE`, or `.env` if there is none, as in version 3.
    A path or a list of them, which only version 4 has, reads these too, after `.env.STAGE` and `.env`.

    Raises:
        VariableError: a file cannot be read, or a variable refers to itself.
    """
    paths = (directory / f".env.{stage}", directory / ".env")
    value = _flag_or_path(chosen)
    if not value:
        return shell
    known = dict(shell)
    if value is not True:
        for path in (*paths, *_further(value, stage, directory)):
            known = _parse(_read(path) or "") | known
        return known
    for path in paths:
        if (text := _read(path)) is not None:
            return known | _expanded(_parse(text), known, path)
    return known


def _flag_or_path(chosen: Node | None) -> Value:
    value = None if chosen is None else chosen.value
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower(), value)
    return value if isinstance(value, tuple) else bool(value)


def _further(value: Value, stage: str, directory: Path) -> Iterator[Path]:
    """Yield the files that `useDotenv` names itself, with those of the directories that it names."""
    match value:
        case str() as text:
            texts = [text]
        case tuple() as items:
            texts = [text for each in items if (text := each.optional_text()) is not None]
        case _:
            texts = []
    for text in texts:
        path = directory / text
        if path.is_dir():
            yield path / f".env.{stage}"
            yield path / ".env"
        else:
            yield path


def _read(path: Path) -> str | None:
    note_file(path)
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise VariableError(f"cannot read `{path}`: {reason}") from exc


def _parse(text: str) -> dict[str, str]:
    """Return the variables in a file as they are written, without their quotes; other lines have none."""
    variables: dict[str, str] = {}
    for match in _LINE.finditer(re.sub("\r\n?", "\n", text)):
        value = (match[2] or "").strip()
        quoted = _QUOTED.fullmatch(value)
        if value[:1] == '"':
            value = (quoted[2] if quoted else value).replace("\\n", "\n").replace("\\r", "\r")
        elif quoted:
            value = quoted[2]
        variables[match[1]] = value
    return variables


def _expanded(variables: dict[str, str], known: Mapping[str, str], path: Path) -> dict[str, str]:
    """Return the variables that are not known yet, with the values of the variables in them."""
    raw = variables | dict(known)
    expanded: dict[str, str] = {}
    for name, value in variables.items():
        if name not in known:
            expanded[name] = raw[name] = _expand(name, value, raw, path)
    return expanded


def _expand(name: str, value: str, known: Mapping[str, str], path: Path) -> str:
    for _ in range(_MAX_REFERENCES):
        references = list(_REFERENCE.finditer(value))
        if not references:
            return value.replace("\\$", "$")
        last = references[-1]  # the innermost of `${A:-${B}}`
        found = known.get(last[1]) or last[2] or ""
        value = value[: last.start()] + found + value[last.end() :]
    raise VariableError(f"`{name}` in `{path}` refers to itself")
