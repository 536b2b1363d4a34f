"""Reads env files: sam's JSON, YAML of the same shape, and `.env`.

    {
      "Parameters": {"STAGE": "dev"},           variables of every function
      "Ratings": {"TABLE_NAME": "localtable"}   variables of one function
    }

JSON values become strings as in sam: `true` and `false` stay as written, `null` is the empty string, numbers
are as Python writes them (`1.10` becomes `1.1`). YAML values stay as written, except that `null` is the empty
string. A list or an object is not a value.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from samlocal.diagnostics import Diagnostic
from samlocal.documents.input_files import (
    InputKind,
    Lines,
    Source,
    decode,
    named_input,
    parse_json,
    read_input,
)
from samlocal.documents.json_document import compose_json
from samlocal.env_vars.diagnostics import USABLE_HINT, is_usable
from samlocal.env_vars.env_file import PARAMETERS, EnvFile, GivenVariable, Section
from samlocal.errors import EnvVarsError, Place

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

    from samlocal.documents.node import Node

ENV_FILE = InputKind(noun="env file", error=EnvVarsError, max_bytes=1024 * 1024)
_STARTS_AS_DOTENV = re.compile(r"(?:\s*#[^\n]*\n)*\s*(?:export\s+)?[^\s=:#'\"{\[]+[^\S\n]*(?:=|\Z)")
_FLAT_SHAPE = "write one `NAME: value` for each variable"
_SHAPE = "put variables for all functions under `Parameters`, and variables for one function under its name"


def read_env_file(name: str, *, stdin: BinaryIO, shell: Mapping[str, str] | None) -> EnvFile:
    """Return the env file `name`, or the one on standard input for `-`.

    The format follows from the name (`.json`, `.yaml`, `.yml`, `.env`, `.env.…`), else from the text.
    `shell` has the values of `${NAME}` in a `.env` file.

    Raises:
        EnvVarsError: the file cannot be read, is malformed, or has another shape.
    """
    return parse_env_file(*_read(name, stdin), shell=shell or {})


def read_flat_env_file(name: str, *, stdin: BinaryIO, shell: Mapping[str, str] | None) -> EnvFile:
    """Return an env file of `KEY: value` without sections, all of it as `parameters`.

    Raises:
        EnvVarsError: the file cannot be read, is malformed, or has another shape.
    """
    return parse_env_file(*_read(name, stdin), shell=shell or {}, is_flat=True)


def _read(name: str, stdin: BinaryIO) -> tuple[str, Source]:
    content = read_input(name, ENV_FILE, stdin=stdin)
    source = named_input(name, ENV_FILE)
    if len(content) > ENV_FILE.max_bytes:
        raise source.error(f"the env file is larger than {ENV_FILE.max_bytes:,} bytes")
    return decode(content, source), source


def parse_env_file(
    text: str, source: Source, *, shell: Mapping[str, str], is_flat: bool = False
) -> EnvFile:
    """Return the env file with this text, without sections if `is_flat`."""
    text = text.replace("\r\n", "\n")
    file_format = _format(text, source)
    if file_format == "env":
        return _from_dotenv(text, source, shell)
    hint = _FLAT_SHAPE if is_flat else _SHAPE
    if file_format == "json":
        root, diagnostics = _json_mapping(text, source, hint=hint)
    elif (mapping := _yaml_mapping(text, source, hint=hint)) is not None:
        root, diagnostics = mapping, []
    else:
        return EnvFile(path=source.path, diagnostics=(_empty(source),))
    sections = {} if is_flat else _sections(root)
    common = sections.pop(PARAMETERS, None)
    variables = common.variables if common else {}
    return EnvFile(
        path=source.path,
        parameters=_given_in(root) if is_flat else variables,
        sections=sections,
        diagnostics=tuple(diagnostics),
    )


def _format(text: str, source: Source) -> str:
    name = source.path.name.lower()
    if name.endswith((".json", ".yaml", ".yml")):
        return name.rpartition(".")[2].replace("yml", "yaml")
    if name.endswith(".env") or name.startswith(".env") or _STARTS_AS_DOTENV.match(text):
        return "env"
    return "json" if text.lstrip().startswith(("{", "[")) else "yaml"


def _sections(root: Node) -> dict[str, Section]:
    sections = {}
    for name, section in root.entries("an env file").items():
        place = root.place_of(name)
        if not isinstance(section.value, dict):
            raise _wrong_section(name, place)
        sections[name] = Section(place=place, variables=_given_in(section))
    return sections


def _given_in(mapping: Node) -> dict[str, GivenVariable]:
    return {
        name: _given(name, value, mapping.place_of(name))
        for name, value in mapping.entries("variables").items()
    }


def _json_mapping(text: str, source: Source, *, hint: str) -> tuple[Node, list[Diagnostic]]:
    """Return the object of a JSON file, and diagnostics for repeated names."""
    if not isinstance(parse_json(text, source), dict):
        raise source.error("an env file must be an object", hint=hint)
    root, duplicates = compose_json(text, source.path, max_depth=None)
    duplicates.sort(key=lambda each: (each.place.line, each.place.column))
    return root, [_given_twice(each.key, each.place) for each in duplicates]


def _yaml_mapping(text: str, source: Source, *, hint: str) -> Node | None:
    """Return the mapping of a YAML file, or None if the file is empty."""
    from samlocal.documents.core_yaml import compose  # noqa: PLC0415  # the cold path reads no YAML here

    root = compose(text, source)
    if root is not None and not isinstance(root.value, dict):
        raise source.error("an env file must be a mapping", hint=hint)
    return root


def _from_dotenv(text: str, source: Source, shell: Mapping[str, str]) -> EnvFile:
    from samlocal.env_vars.dotenv import parse_dotenv  # noqa: PLC0415  # JSON files don't need it

    lines = Lines(text)
    variables: dict[str, GivenVariable] = {}
    diagnostics: list[Diagnostic] = []
    for assignment in parse_dotenv(text, source, shell=shell):
        name, place = assignment.name, Place(source.path, *lines.at(assignment.index))
        if name in variables:
            diagnostics.append(_given_twice(name, place))
        variables[name] = _variable(name, assignment.value, place)
        diagnostics += [_unknown_reference(unknown, place) for unknown in assignment.unknown]
    if not variables:
        diagnostics.append(_empty(source))
    return EnvFile(path=source.path, parameters=variables, diagnostics=tuple(diagnostics))


def _given(name: str, value: Node, place: Place) -> GivenVariable:
    text = "" if value.value is None else value.optional_text()
    if text is None:
        raise EnvVarsError(
            f"the value of `{name}` is a list or an object",
            place=place,
            hint="an environment variable is a string: quote the value, or write JSON in a string",
        )
    return _variable(name, text, place)


def _variable(name: str, value: str, place: Place) -> GivenVariable:
    if not is_usable(name, value):
        raise EnvVarsError(
            f"the variable {json.dumps(name)} is not a valid environment variable",
            place=place,
            hint=USABLE_HINT,
        )
    return GivenVariable(value=value, place=place)


def _wrong_section(name: str, place: Place) -> EnvVarsError:
    return EnvVarsError(f"`{name}` is not an object of variables", place=place, hint=_SHAPE)


def _given_twice(name: str, place: Place) -> Diagnostic:
    return Diagnostic(message=f"`{name}` is given twice: the later value applies", place=place)


def _unknown_reference(name: str, place: Place) -> Diagnostic:
    return Diagnostic(
        message=f"`${{{name}}}` is empty: neither an earlier line nor the shell sets `{name}`",
        place=place,
        hint=f"give it a default: `${{{name}:-…}}`",
    )


def _empty(source: Source) -> Diagnostic:
    return Diagnostic(message="the env file has no variables", place=Place(source.path, 1, 1))
