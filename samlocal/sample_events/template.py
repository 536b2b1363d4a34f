"""An event as its file has it: JSON values, and tags where values of options go.

| tag | what becomes of it |
|---|---|
| `!fill "arn:{partition}:sqs:…"` | text, with options in braces: `{key}`, or encoded, `{key:url}`; `{parameters:query}` is JSON as a query string |
| `!id "MessageReceiptHandle"` | the same, different in each record of a batch; a number without quotes is a number |
| `!json "{detail}"` | an option that is JSON, as a value |
| `!batch [...]` | the records of a batch, as many as are asked for |

Options are put into values, never into the text of the JSON: every character may occur in them.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

import yaml

from samlocal.errors import UsageError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]

_PLACE: Final = re.compile(r"\{(?P<option>[A-Za-z][\w-]*)(?::(?P<encoding>[a-z0-9]+))?\}")
_QUOTING: Final = """quote it for the shell: --{} '{{"key": "value"}}'"""
_HASH: Final = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")
_LAST_NUMBER: Final = re.compile(r"\d+(?=\D*$)")


def _as_url(text: str) -> str:
    return quote(text)


def _as_base64(text: str) -> str:
    return b64encode(text.encode(errors="surrogateescape")).decode()


def _as_md5(text: str) -> str:
    encoded = text.encode(errors="surrogateescape")
    return hashlib.md5(encoded, usedforsecurity=False).hexdigest()


def _as_length(text: str) -> str:
    return str(len(text.encode(errors="surrogateescape")))


ENCODINGS: Final[Mapping[str, Callable[[str], str]]] = {
    "base64": _as_base64,
    "length": _as_length,
    "md5": _as_md5,
    "url": _as_url,
}


@frozen
class Fill:
    """Text with options in braces; with `varies` it differs in each record of a batch."""

    text: str
    varies: bool = False
    is_number: bool = False

    def places(self) -> Iterator[tuple[str, str | None]]:
        """Yield the name of each option in the text, and how it is encoded there."""
        for found in _PLACE.finditer(self.text):
            yield found["option"], found["encoding"]


@frozen
class JsonValue:
    """The whole value of an option that is JSON."""

    option: str


class Batch(list["Template"]):
    """The records that the file has: they are repeated for a larger batch."""


Template = (
    str
    | int
    | float
    | bool
    | None
    | Fill
    | JsonValue
    | list["Template"]
    | dict["str | Fill", "Template"]
)


class TemplateLoader(yaml.CSafeLoader):
    """Reads the documents of a file of an event."""


def _fill(loader: TemplateLoader, node: yaml.ScalarNode) -> Fill:
    return Fill(text=str(loader.construct_scalar(node)))


def _id(loader: TemplateLoader, node: yaml.ScalarNode) -> Fill:
    text = str(loader.construct_scalar(node))
    return Fill(text=text, varies=True, is_number=not node.style)


def _json(loader: TemplateLoader, node: yaml.ScalarNode) -> JsonValue:
    (found,) = _PLACE.findall(str(loader.construct_scalar(node)))
    return JsonValue(option=found[0])


def _batch(loader: TemplateLoader, node: yaml.SequenceNode) -> Iterator[Batch]:
    records = Batch()
    yield records  # PyYAML's way of constructing what contains other values
    records.extend(loader.construct_sequence(node))


TemplateLoader.add_constructor("!fill", _fill)
TemplateLoader.add_constructor("!id", _id)
TemplateLoader.add_constructor("!json", _json)
TemplateLoader.add_constructor("!batch", _batch)


def render(template: Template, values: Mapping[str, str], *, count: int | None = None) -> Json:
    """Return an event with the values of its options.

    A batch gets `count` records; None: those of the file. They are repeated in their order, each with ids of its own.

    Raises:
        UsageError: An option has to be JSON.
    """
    return _Rendering(values, count).value(template)


class _Rendering:
    """One event in the making."""

    def __init__(self, values: Mapping[str, str], count: int | None) -> None:
        self._values = values
        self._count = count

    def value(self, template: Template, number: int = 0, step: int = 0) -> Json:
        """Return a value in the repetition `number` of a record, whose ids are `step` higher."""
        match template:
            case Fill():
                return self._filled(template, number, step)
            case JsonValue():
                return self._json(template.option)
            case Batch():
                return self._records(template)
            case list():
                return [self.value(each, number, step) for each in template]
            case dict():
                return {
                    str(self.value(key, number, step)): self.value(each, number, step)
                    for key, each in template.items()
                }
            case _:
                return template

    def _records(self, records: Batch) -> list[Json]:
        count = len(records) if self._count is None else self._count
        found = []
        for index in range(count):
            number, place = divmod(index, len(records))
            found.append(self.value(records[place], number, number * len(records)))
        return found

    def _filled(self, fill: Fill, number: int, step: int) -> str | int:
        text = _PLACE.sub(self._replacement, fill.text)
        if fill.varies and number:
            text = vary(text, number, step)
        return int(text) if fill.is_number else text

    def _replacement(self, found: re.Match[str]) -> str:
        if found["encoding"] == "query":
            return self._query(found["option"])
        value = self._values[found["option"]]
        return ENCODINGS[found["encoding"]](value) if found["encoding"] else value

    def _query(self, option: str) -> str:
        """Return the query string of an option that is a JSON object."""
        value = self._json(option)
        if not isinstance(value, dict):
            raise UsageError(f"`--{option}` is not a JSON object", hint=_QUOTING.format(option))
        return urlencode({name: str(each) for name, each in value.items()})

    def _json(self, option: str) -> Json:
        text = self._values[option]
        try:
            value: Json = json.loads(text)
        except ValueError as error:
            message = f"`--{option}` is not JSON: {error}"
            raise UsageError(message, hint=_QUOTING.format(option)) from error
        return value


def vary(text: str, number: int, step: int) -> str:
    """Return the id of another record: of the same form, and the same for the same `number`.

    UUIDs and other hashes are new ones; the last number of any other text is `step` higher.
    """
    if _HASH.fullmatch(text):
        digits = iter(_as_md5(f"{text} {number}"))
        return "".join("-" if each == "-" else next(digits) for each in text)
    if not _LAST_NUMBER.search(text):
        return f"{text}-{number + 1}"
    return _LAST_NUMBER.sub(lambda found: str(int(found[0]) + step).zfill(len(found[0])), text)
