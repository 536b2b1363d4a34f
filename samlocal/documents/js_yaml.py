"""YAML and JSON as programs in JavaScript read them: with js-yaml 4, and with JSON.parse.

CloudFormation's short tags are as in Serverless:
https://github.com/serverless/utils/blob/main/cloudformation-schema.js
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.documents.document import TemplateComposer, paused_collection, read_text
from samlocal.documents.input_files import InputKind, Source, check_json
from samlocal.documents.javascript_scalars import parse_js_yaml_scalar, parse_json_scalar
from samlocal.documents.json_document import compose_json
from samlocal.documents.node import scalar_text
from samlocal.documents.yaml_composer import CORE_TAG
from samlocal.errors import TemplateError
from samlocal.suggestions import did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

    import yaml

    from samlocal.documents.node import Node, Value

_JSON: Final = InputKind(noun="file", error=TemplateError, max_bytes=0)
_TAGS: Final = frozenset(
    f"!{name}"
    for name in (
        *("And", "Base64", "Cidr", "Condition", "Equals", "FindInMap", "GetAtt", "GetAZs", "If"),
        *("ImportValue", "Join", "Not", "Or", "Ref", "Select", "Split", "Sub"),
        *("Length", "ToJsonString", "Transform"),  # newer than Serverless 3
    )
)
_FIRST_OF_VALUES: Final = frozenset("+-.0123456789tTfFnN~")
_GET_ATT: Final = "Fn::GetAtt"


def load(path: Path) -> Node | None:
    """Return the root of a file, which is JSON if its name ends in `.json` or `.tfstate`; None if it is empty.

    Raises:
        TemplateNotFoundError: There is no such file.
        TemplateError: It cannot be read, or is not YAML or JSON.
    """
    text = read_text(path)
    return (
        parse_json(text, path) if path.suffix in {".json", ".tfstate"} else parse_yaml(text, path)
    )


def parse_yaml(text: str, path: Path) -> Node | None:
    """Return the root of the one document in `text`, or None if it is empty.

    Raises:
        TemplateError: The text is not YAML, has an unknown tag, or has a key twice.
    """
    composer = _JsYamlComposer(path, parse_js_yaml_scalar)
    with paused_collection():
        root = composer.compose(text)
    if composer.duplicates:
        first = min(composer.duplicates, key=lambda each: (each.place.line, each.place.column))
        raise TemplateError(
            f"not valid YAML: `{first.key}` is given twice",
            place=first.place,
            hint=f"the first one is in line {first.earlier.line}",
        )
    return root


def parse_json(text: str, path: Path) -> Node:
    """Return the root of a text in JSON; the last value of a repeated key applies.

    Raises:
        TemplateError: The text is not JSON, or nests too deeply.
    """
    check_json(text, Source(kind=_JSON, path=path))
    with paused_collection():
        root, _ = compose_json(text, path, parse_word=parse_json_scalar)
    return root


class _JsYamlComposer(TemplateComposer):
    """Composes YAML in which only the tags of CloudFormation's functions and of YAML itself are known."""

    def _scalar(self, event: yaml.ScalarEvent) -> Node:
        node = super()._scalar(event)
        word = node.value
        if isinstance(word, str) and event.implicit[0] and word[:1] in _FIRST_OF_VALUES:
            value = self.schema(word)
            if not isinstance(value, str):  # a key, which JavaScript makes text again
                return self._node("null" if value is None else scalar_text(value), event)
        return node

    def tagged_scalar(self, tag: str, text: str, event: yaml.ScalarEvent) -> Value:
        if tag == "!GetAtt":
            name, _, attribute = text.partition(".")
            parts = (self._node(name, event), self._node(attribute, event))
            return {_GET_ATT: self._node(parts, event)}
        if tag == f"{CORE_TAG}timestamp":
            return self.schema(text)
        self._check(tag, event)
        return super().tagged_scalar(tag, text, event)

    def tagged_collection(
        self, tag: str, collection: Node, event: yaml.CollectionStartEvent
    ) -> Node:
        self._check(tag, event)
        return super().tagged_collection(tag, collection, event)

    def _check(self, tag: str, event: yaml.Event) -> None:
        if tag[0] == "!" and len(tag) > 1 and tag not in _TAGS:
            error = self.unsupported(tag, event)
            raise TemplateError(error.message, place=error.place, hint=did_you_mean(tag, _TAGS))
