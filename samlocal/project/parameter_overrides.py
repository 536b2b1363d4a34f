"""Parameter values from `--parameter-overrides`, in all its forms."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.documents.document import load
from samlocal.documents.node import Node
from samlocal.documents.scalars import parse_core_scalar
from samlocal.errors import ParameterError, TemplateError, UsageError
from samlocal.path_kinds import path_exists

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PAIR: Final = re.compile(
    r"""ParameterKey=(?P<quote>["']?)(?P<key>[A-Za-z0-9]+)(?P=quote)\s*,\s*ParameterValue=
        | (?P<name>(?!Parameter(?:Key|Value)=)[A-Za-z0-9]+)=""",
    re.VERBOSE,
)
_QUOTED: Final = re.compile(
    r"""(?P<quote>["'])(?P<value>(?:(?!(?P=quote))[^\\]|\\.)*)(?P=quote)(?=\s|$)""", re.DOTALL
)
_DOUBLE_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SPACE: Final = re.compile(r"\s+")
_ESCAPE: Final = re.compile(r"""\\([ "'])""")
_ESCAPE_IN_LONG_FORM: Final = re.compile(r"""\\([ "',])""")
_FORMS: Final = "write `Key=Value`, or `ParameterKey=Key,ParameterValue=Value`"


def parse_parameter_overrides(tokens: Sequence[str]) -> dict[str, str]:
    """Return parameter values from the arguments of `--parameter-overrides`; later values win.

    An argument has one or more pairs in either form: `Key=Value`, or the AWS CLI's
    `ParameterKey=Key,ParameterValue=Value`. A value may be quoted. An unquoted value extends to the next
    pair and may contain spaces, commas and equal signs. `file://PATH` stands for the pairs in
    a YAML, JSON or TOML file. An argument may also be a JSON object of values by name.

    Raises:
        UsageError: an argument has none of these forms.
        ParameterError, TemplateError: the file does not exist or cannot be read.
    """
    overrides: dict[str, str] = {}
    for token in _rejoin(tokens):
        if token.startswith("file://"):
            path = Path(token.removeprefix("file://")).expanduser()
            overrides |= overrides_from(_read(path))
        elif token.lstrip().startswith("{"):
            overrides |= _object(token)
        else:
            overrides |= _pairs(token)
    return overrides


def _read(path: Path) -> Node:
    if not path_exists(path):
        raise ParameterError(f"no parameter file at `{path}`")
    if path.suffix != ".toml":
        return load(path, schema=parse_core_scalar).root
    import tomllib  # noqa: PLC0415  # parameters in TOML are rare

    try:
        data = tomllib.loads(path.read_text("utf-8-sig"))
    except (
        OSError,
        ValueError,
    ) as exc:  # bytes that are not UTF-8 and bad TOML are both the latter
        raise TemplateError(f"`{path}` is not valid TOML: {exc}") from exc
    return Node(None, path, 0, 0).with_data(data)


def overrides_from(node: Node) -> dict[str, str]:
    """Return parameter values from a document.

    It may be a mapping (`Stage: dev`), one under `Parameters` as in CodePipeline, the AWS CLI's
    list of `ParameterKey` and `ParameterValue`, or a list of any of these.

    Raises:
        TemplateError: it is something else.
    """
    overrides: dict[str, str] = {}
    match node.value:
        case tuple():
            for item in node.value:
                overrides |= overrides_from(item)
        case dict() if "ParameterKey" in node.value:
            name = node.value["ParameterKey"].text("`ParameterKey`")
            if value := node.get("ParameterValue"):
                overrides[name] = _override(name, value)
        case dict() if isinstance(getattr(node.get("Parameters"), "value", None), dict):
            return overrides_from(node.value["Parameters"])
        case dict():
            return {name: _override(name, value) for name, value in node.value.items()}
        case str():
            return _pairs(node.value)
        case _:
            raise TemplateError(f"parameters cannot be {node.kind}", place=node.place, hint=_FORMS)
    return overrides


def _override(name: str, value: Node) -> str:
    if value.value is None:
        return ""
    if isinstance(value.value, tuple):
        return ",".join(item.text(f"an item of `{name}`") for item in value.value)
    return value.text(f"`{name}`")


def _object(token: str) -> dict[str, str]:
    try:
        values = json.loads(token)
    except ValueError as exc:
        raise UsageError(f"`{token}` is not a parameter override: {exc}", hint=_FORMS) from exc
    return overrides_from(Node(None, Path("--parameter-overrides"), 0, 0).with_data(values))


def _rejoin(tokens: Sequence[str]) -> Iterator[str]:
    """Join the parts of `ParameterKey=Key, ParameterValue=Value`, which the shell splits."""
    begun = ""
    for token in tokens:
        begun += token
        if not (begun.startswith("ParameterKey=") and begun.rstrip().endswith(",")):
            yield begun
            begun = ""
    if begun:
        yield begun


def _pairs(text: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    position = _skip_space(text, 0)
    while position < len(text):
        match = _PAIR.match(text, position)
        if match is None:
            raise UsageError(f"`{text[position:]}` is not a parameter override", hint=_FORMS)
        name = match["key"] or match["name"]
        escape = _ESCAPE_IN_LONG_FORM if match["key"] else _ESCAPE
        if quoted := _QUOTED.match(text, match.end()):
            value, position = quoted["value"], quoted.end()
        else:
            position = _end_of_value(text, match.end())
            value = text[match.end() : position]
        pairs[name] = escape.sub(r"\1", value)
        position = _skip_space(text, position)
    return pairs


def _skip_space(text: str, position: int) -> int:
    space = _SPACE.match(text, position)
    return space.end() if space else position


def _end_of_value(text: str, position: int) -> int:
    while position < len(text):
        if text[position] == "\\":
            position += 2
        elif quoted := _DOUBLE_QUOTED.match(text, position):  # as in JSON: no pair starts inside
            position = quoted.end()
        elif space := _SPACE.match(text, position):
            if space.end() == len(text) or _PAIR.match(text, space.end()):
                return position
            position = space.end()
        else:
            position += 1
    return len(text)
