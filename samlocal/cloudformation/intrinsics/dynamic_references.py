"""Values stored in AWS: SSM parameters, secrets, exports of other stacks and objects in S3.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol

from samlocal.cloudformation.intrinsics.provenance import Provenance
from samlocal.documents.document import load
from samlocal.documents.node import Unknown, scalar_text
from samlocal.documents.scalars import Unquoted, as_written, parse_core_scalar
from samlocal.errors import TemplateError, TemplateNotFoundError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from samlocal.documents.node import Scalar
    from samlocal.documents.scalars import Schema

Service = Literal["ssm", "ssm-secure", "secretsmanager", "exports", "cf", "s3", "sts"]

_REFERENCE: Final = re.compile(r"\{\{resolve:([^{}]*)\}\}")
# Compiled where a secret is read: most runs read none.
_ARN_PATTERN: Final = r"arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:(.+)"
_RANDOM_SUFFIX: Final = r"-[A-Za-z0-9]{6}$"  # Secrets Manager's own, at the end of ARNs
_HINT: Final = "give it in a file with --resolve-file, or read it from AWS with --resolve-remote"
_OBJECT_HINT: Final = "read it from AWS with --resolve-remote"
_SECTIONS: Final = (
    "ssm",
    "ssm-secure",
    "secretsmanager",
    "exports",
    "cf",
    "s3",
    "aws",
    "variables",
)
_OF_PARAMETERS: Final = ("ssm", "ssm-secure", "secretsmanager")  # whatever a parameter's type
_SECRET_PARAMETER: Final = "/aws/reference/secretsmanager/"  # noqa: S105  # the path of all secrets in Parameter Store


@frozen
class Reference:
    """A value stored in AWS.

    The name of an object in S3 is its URI, `s3://BUCKET/KEY`, and that of an output of a stack is `STACK.OUTPUT`.
    `version` is an SSM parameter's version or a secret's version id; `json_key` is a key in the JSON
    of a secret. `region` is a Region other than the project's. An SSM parameter with `is_raw` is text, whatever its
    type, and without `is_decrypted` it stays as it is encrypted.
    """

    service: Service
    name: str
    json_key: str | None = None
    version: str | None = None
    version_stage: str | None = None
    region: str | None = None
    is_raw: bool = False
    is_decrypted: bool = True

    def __str__(self) -> str:
        if self.service == "exports":
            return f"the export `{self.name}`"
        if self.service == "cf":
            return f"the output `{self.name}`"
        if self.service == "s3":
            return f"`{self.name}`"
        if self.service == "sts":
            return "the account of the credentials"
        if self.service == "secretsmanager":
            key = f" (key `{self.json_key}`)" if self.json_key else ""
            return f"the secret `{self.names[-1]}`{key}"
        return f"the SSM parameter `{self.name}`"

    @property
    def names(self) -> tuple[str, ...]:
        """The names that identify the value; a secret's ARN contains its name."""
        match = re.fullmatch(_ARN_PATTERN, self.name)
        if match is None:
            return (self.name,)
        return (self.name, match[1], re.sub(_RANDOM_SUFFIX, "", match[1]))


class ValueSource(Protocol):
    """A source of values stored in AWS."""

    def look_up(self, reference: Reference) -> str | Unknown | None:
        """Return a value, the reason why it is unknown, or None if this source does not have it."""


class TypedValueSource(ValueSource, Protocol):
    """A source of values with their types: a list for a `StringList`, a mapping for a secret in JSON."""

    def look_up_value(self, reference: Reference) -> object | Unknown | None:
        """Return a value as data of JSON, the reason why it is unknown, or None if there is no such value."""


class ExternalValues:
    """Values stored in AWS, from the first source that has them.

    `given` values come first, then the exports of the project's own stacks, then the `remote` account.
    `provenance` collects the source of each value that is found.
    """

    def __init__(
        self, *, given: ValueSource | None = None, remote: ValueSource | None = None
    ) -> None:
        self.given = given
        self.local: ValueSource | None = None
        self.remote = remote
        self.provenance = Provenance()

    def get(self, reference: Reference) -> str | Unknown:
        """Return a value, or why it cannot be resolved locally."""
        sources = (
            ("--resolve-file", self.given),
            ("this project", self.local),
            ("AWS", self.remote),
        )
        for label, source in sources:
            if source is not None and (found := source.look_up(reference)) is not None:
                self.provenance.add([f"{reference} ({label})"])
                return found
        hint = _OBJECT_HINT if reference.service == "s3" else _HINT
        return Unknown(reason=f"{reference} is available only in AWS", hint=hint)

    def is_name(self, reference: Reference) -> bool:
        """Return whether a given value is the name of an SSM parameter that AWS or a file has."""
        return self.remote is not None or (
            self.given is not None and self.given.look_up(reference) is not None
        )

    def fill_in(self, text: str) -> str | Unknown:
        """Return `text` with the values of its dynamic references (`{{resolve:…}}`)."""
        parts: list[str] = []
        end = 0
        for match in _REFERENCE.finditer(text):
            reference = parse_reference(match[1])
            if reference is None:
                return Unknown(reason=f"`{match[0]}` is not a supported dynamic reference")
            value = self.get(reference)
            if isinstance(value, Unknown):
                return value
            parts += (text[end : match.start()], value)
            end = match.end()
        return "".join((*parts, text[end:]))


def parse_reference(text: str) -> Reference | None:
    """Return what the text in `{{resolve:…}}` refers to; None if its service is not supported.

    A secret may be given by its ARN, which contains colons.
    """
    service, _, rest = text.partition(":")
    if service in {"ssm", "ssm-secure"} and rest:
        name, colon, version = rest.rpartition(":")
        if colon and version.isdecimal():
            return Reference(service=_service(service), name=name, version=version)
        return Reference(service=_service(service), name=rest)
    if service == "secretsmanager" and rest:
        parts = rest.split(":")
        length = 7 if rest.startswith("arn:") else 1
        name, options = ":".join(parts[:length]), parts[length:]
        _, json_key, stage, version = (*options, "", "", "", "")[:4]
        return Reference(
            service="secretsmanager",
            name=name,
            json_key=json_key or None,
            version_stage=stage or None,
            version=version or None,
        )
    return None


def _service(name: str) -> Service:
    return "ssm-secure" if name == "ssm-secure" else "ssm"


@dataclass(frozen=True, slots=True)
class GivenValues:
    """Values from the mapping in the file of `--resolve-file`.

    Its keys are `ssm`, `ssm-secure`, `secretsmanager`, `exports`, `cf`, `s3` and `aws`; each has values by name. A
    secret is a mapping or a string. `ssm-secure` parameters may be under `ssm` too. `variables` has values of
    variables of Serverless by their text: `git:sha1`.
    """

    values: Mapping[str, object]

    def look_up(self, reference: Reference) -> str | Unknown | None:
        _, value = self._find(reference, _sections_of(reference))
        if value is None or reference.json_key is None:
            return None if value is None else _text(value)
        fields = _fields(value)
        if reference.json_key not in fields:
            return Unknown(reason=f"the value given for {reference} has no such key")
        return _text(fields[reference.json_key])

    def look_up_value(self, reference: Reference) -> object | Unknown | None:
        is_parameter = reference.service == "ssm"
        sections = _OF_PARAMETERS if is_parameter else _sections_of(reference)
        section, value = self._find(reference, sections)
        if value is None or reference.is_raw:
            return None if value is None else _text(value)
        if isinstance(value, list):
            return [_text(item) for item in value]  # a StringList
        if isinstance(value, dict):
            return _typed(value, _javascript_word)
        return _text(value) if section == "ssm" else value_of_secret(_text(value))

    def variable(self, text: str) -> object | None:
        """Return the value of a variable, such as `git:sha1`, as data of JSON; None if there is none."""
        return _typed(self._section("variables").get(text), _javascript_word)

    def aws(self, name: str) -> str | None:
        """Return a value under `aws`: `accountId` or `region`."""
        value = self._section("aws").get(name)
        return None if value is None else _text(value)

    def _find(self, reference: Reference, sections: Iterable[str]) -> tuple[str, object]:
        found = (
            (section, value)
            for section in sections
            for name in reference.names
            if (value := self._section(section).get(_name_in(section, name))) is not None
        )
        return next(found, ("", None))

    def _section(self, name: str) -> Mapping[str, object]:
        section = self.values.get(name)
        return section if isinstance(section, dict) else {}


def _sections_of(reference: Reference) -> tuple[str, ...]:
    if reference.service == "ssm-secure":
        return ("ssm-secure", "ssm")
    return (reference.service,)


def _name_in(section: str, name: str) -> str:
    """Return the key of a name in a section: objects of S3 are `BUCKET/KEY`, and secrets have no path."""
    if section == "s3":
        return name.removeprefix("s3://")
    return name.removeprefix(_SECRET_PARAMETER) if section == "secretsmanager" else name


def _text(value: object) -> str:
    if isinstance(value, str | int | float):
        return scalar_text(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ",".join(value)  # a StringList
    return json.dumps(_typed(value), separators=(",", ":"))


def value_of_secret(text: str) -> object:
    """Return the mapping in a `SecureString` that is JSON, else the text itself."""
    from samlocal.documents.javascript_scalars import json_data  # noqa: PLC0415  # templates need none of it

    try:
        return json_data(text) if text.startswith("{") else text
    except (ValueError, RecursionError):
        return text


def _javascript_word(text: str) -> Scalar:
    from samlocal.documents.javascript_scalars import parse_js_yaml_scalar  # noqa: PLC0415  # as above

    return parse_js_yaml_scalar(text)


def _typed(value: object, parse_word: Schema = parse_core_scalar) -> object:
    """Return a value with its unquoted numbers and booleans as JSON types."""
    match value:
        case Unquoted():
            return parse_word(value)
        case list():
            return [_typed(item, parse_word) for item in value]
        case dict():
            return {name: _typed(entry, parse_word) for name, entry in value.items()}
        case _:
            return value


def _fields(value: object) -> Mapping[str, object]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}


def read_given_values(path: Path) -> GivenValues:
    """Return the values in a YAML or JSON file as strings, because AWS stores only strings.

    Raises:
        TemplateNotFoundError: there is no such file.
        TemplateError: it cannot be read, or has a section other than those of `GivenValues`.
    """
    try:
        root = load(path, schema=as_written).root
    except TemplateNotFoundError as exc:
        raise TemplateNotFoundError(f"no file of values at `{path}`") from exc
    for name, section in root.entries("a file of values").items():
        if name not in _SECTIONS:
            raise TemplateError(
                f"`{name}` is not a section of a values file",
                place=root.place_of(name),
                hint=f"sections: {', '.join(_SECTIONS)}",
            )
        section.entries(f"`{name}`")
    plain = root.plain()
    return GivenValues(plain if isinstance(plain, dict) else {})
