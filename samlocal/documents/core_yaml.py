"""YAML as another way to write JSON: the core schema of YAML 1.2, with aliases and merge keys.

In YAML 1.1, as in templates, `NO` is a boolean and `1:30` a number; here both are strings:
https://yaml.org/spec/1.2.2/#103-core-schema. Words keep their spelling until they are written as JSON.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

import yaml

from samlocal.documents.scalars import Unquoted, as_written
from samlocal.documents.yaml_composer import YamlComposer, short_tag
from samlocal.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.documents.input_files import Source
    from samlocal.documents.node import Node, Value
    from samlocal.errors import SamlocalError

_JSON_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_BOOLEAN: Final = re.compile(r"true|True|TRUE|false|False|FALSE")
_INTEGER: Final = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_TAGGED: Final = {
    "!!bool": (_BOOLEAN,),
    "!!int": (_JSON_NUMBER, _INTEGER),
    "!!float": (_JSON_NUMBER, _INTEGER, _FLOAT),
}


def compose(text: str, source: Source) -> Node | None:
    """Return the root of the one document in `text`, or None where it is empty.

    An unquoted word is `Unquoted`, or None where it is null.

    Raises:
        SamlocalError: the text is not YAML, or a key comes twice. The source says which error it is.
    """
    composer = _CoreComposer(source.path, as_written)
    try:
        root = composer.compose(text)
    except _NotJsonError as exc:
        raise source.kind.error(exc.message, place=exc.place) from exc
    except TemplateError as exc:
        message = exc.message.removeprefix("not valid YAML: ")
        raise source.kind.error(f"invalid YAML: {message}", place=exc.place, hint=exc.hint) from exc
    if composer.duplicates:
        first = min(composer.duplicates, key=lambda each: (each.place.line, each.place.column))
        raise source.kind.error(f"invalid YAML: `{first.key}` is given twice", place=first.place)
    return root


def to_json(
    text: str,
    source: Source,
    *,
    max_characters: int,
    spelling: Callable[[str], str] = str,
) -> str:
    """Return the YAML document `text` as JSON. `spelling` returns how an unquoted word that is text is written.

    Raises:
        SamlocalError: the text is not YAML, or has no counterpart in JSON; see `compose`.
    """
    node = compose(text, source)
    return "null" if node is None else _JsonWriter(source, max_characters, spelling).write(node)


class _NotJsonError(TemplateError):
    """YAML that has no counterpart in JSON."""


class _CoreComposer(YamlComposer):
    def tagged_scalar(self, tag: str, text: str, event: yaml.ScalarEvent) -> Value:
        """Return the value of a word with a tag."""
        patterns = _TAGGED.get(short_tag(tag), ())
        if any(pattern.fullmatch(text) for pattern in patterns):
            return Unquoted(text)
        if patterns:
            raise self.unsupported(tag, event)
        return None if short_tag(tag) == "!!null" else super().tagged_scalar(tag, text, event)

    def unsupported(self, tag: str, event: yaml.Event) -> TemplateError:
        value = f" {event.value}" if isinstance(event, yaml.ScalarEvent) else ""
        error = self.error(f"`{short_tag(tag)}{value}` cannot be written as JSON", event)
        return _NotJsonError(error.message, place=error.place)


class _JsonWriter:
    """Writes nodes as JSON, each node once however many aliases it has."""

    def __init__(self, source: Source, max_characters: int, spelling: Callable[[str], str]) -> None:
        self._source = source
        self._max_characters = max_characters
        self._spelling = spelling
        self._written: dict[int, str] = {}

    def write(self, node: Node) -> str:
        if id(node) in self._written:
            return self._written[id(node)]
        text = self._write(node)
        if len(text) > self._max_characters:
            raise self._error(f"longer than {self._max_characters:,} characters as JSON", node)
        return self._written.setdefault(id(node), text)

    def _write(self, node: Node) -> str:
        match node.value:
            case dict() as entries:
                pairs = (f"{_string(name)}: {self.write(each)}" for name, each in entries.items())
                return "{" + ", ".join(pairs) + "}"
            case tuple() as items:
                return "[" + ", ".join(map(self.write, items)) + "]"
            case Unquoted() as word:
                return self._word(word, node)
            case None:
                return "null"
            case text:
                return _string(str(text))

    def _word(self, word: Unquoted, node: Node) -> str:
        if _BOOLEAN.fullmatch(word):
            return word.lower()
        if _JSON_NUMBER.fullmatch(word):
            return str(word)
        try:
            if _INTEGER.fullmatch(word):
                return str(int(word, 0 if word.startswith(("0x", "0o")) else 10))
            if _FLOAT.fullmatch(word):
                return json.dumps(float(word), allow_nan=False)
        except ValueError as exc:  # infinite, or with more digits than Python reads
            raise self._error(f"`{word}` cannot be written as JSON", node) from exc
        return _string(self._spelling(word))

    def _error(self, message: str, node: Node) -> SamlocalError:
        return self._source.kind.error(message, place=node.place)


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
