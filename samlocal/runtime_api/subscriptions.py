"""Subscriptions to the Telemetry API and to the Logs API, and their validation.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api-reference.html
https://github.com/awsdocs/aws-lambda-developer-guide/blob/main/doc_source/runtimes-logs-api.md
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

Api = Literal["telemetry", "logs"]
EventStream = Literal["platform", "function", "extension"]

_STREAMS: Final[tuple[EventStream, ...]] = ("platform", "function", "extension")
_HOSTS: Final = ("sandbox.localdomain", "sandbox")
_METHODS: Final = ("POST", "PUT")
_ENCODINGS: Final = ("JSON",)
_PORTS: Final = range(1, 65536)
# The Runtime API's.
_RESERVED_PORT: Final = 9001
# What HTTP accepts in a request line.
_URI: Final = re.compile(r"[!-~]+")
_URI_HINT: Final = "it should be such as http://sandbox.localdomain:8080"
_SHOWN_CHARACTERS: Final = 100
_ITEMS: Final = range(1_000, 10_001)
_BYTES: Final = range(262_144, 1_048_577)
_MILLISECONDS: Final = range(25, 30_001)


@frozen
class Destination:
    """Where events go: with HTTP in a request to `host`, `port` and `path`, with TCP to the port."""

    protocol: Literal["HTTP", "TCP"]
    port: int
    host: str = "sandbox"
    path: str = "/"
    method: str = "POST"


@frozen
class Buffering:
    """When a batch is sent: at this number of events or bytes, or after this time.

    The guide and the emulator have 10,000 events as the default, the reference page has 1,000.
    """

    max_items: int = 10_000
    max_bytes: int = 262_144
    timeout_ms: int = 1_000


@frozen
class Subscription:
    """What an extension wants to receive, and how."""

    extension: str
    api: Api
    schema_version: str
    streams: tuple[EventStream, ...]
    destination: Destination
    buffering: Buffering = Buffering()


class InvalidSubscriptionError(Exception):
    """A request for a subscription is malformed; the message has every reason."""


def parse_subscription(
    body: bytes, *, extension: str, api: Api, schemas: tuple[str, ...]
) -> Subscription:
    """Read the body of a request. `schemas` are the versions that are valid.

    Raises:
        InvalidSubscriptionError: The body is malformed.
    """
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise InvalidSubscriptionError("the body should be a JSON object")
    request = _Request(fields)
    if api == "logs":
        fields.setdefault("schemaVersion", schemas[0])
    subscription = Subscription(
        extension=extension,
        api=api,
        schema_version=request.choice(fields, "schemaVersion", schemas),
        streams=request.streams(),
        destination=request.destination(has_method=api == "logs"),
        buffering=request.buffering(),
    )
    if request.reasons:
        raise InvalidSubscriptionError("; ".join(request.reasons))
    return subscription


class _Request:
    """Reads the fields of a request; what is wrong with them is added to `reasons`."""

    def __init__(self, fields: Mapping[str, object]) -> None:
        self.reasons: list[str] = []
        self._fields = fields

    def streams(self) -> tuple[EventStream, ...]:
        given = self._fields.get("types")
        if not isinstance(given, list):
            self.reasons.append(f"types {_problem(given)}: it should be an array")
            return ()
        if not given:
            self.reasons.append("types should not be empty")
        if unknown := [each for each in given if each not in _STREAMS]:
            self.reasons.append(f"types has {_shown(unknown[0])}: {_one_of(_STREAMS)}")
        return tuple(sorted((each for each in _STREAMS if each in given), key=given.index))

    def destination(self, *, has_method: bool) -> Destination:
        given = self._fields.get("destination")
        if not isinstance(given, dict):
            self.reasons.append(f"destination {_problem(given)}: it should be an object")
            given = {"protocol": "TCP", "port": _PORTS.start}
        method = "POST"
        if has_method:
            method = self.choice({"method": "POST", **given}, "method", _METHODS)
            self.choice({"encoding": "JSON", **given}, "encoding", _ENCODINGS)
        self.choice(given, "protocol", ("HTTP", "TCP"))
        if given.get("protocol") == "HTTP":
            return self._http_destination(given.get("URI"), method)
        port = given.get("port") if given.get("protocol") == "TCP" else _PORTS.start
        return Destination(protocol="TCP", port=self._port("port", port))

    def buffering(self) -> Buffering:
        given = self._fields.get("buffering")
        if not isinstance(given, dict | None):
            self.reasons.append(f"buffering {_problem(given)}: it should be an object")
        numbers = {
            "maxItems": Buffering.max_items,
            "maxBytes": Buffering.max_bytes,
            "timeoutMs": Buffering.timeout_ms,
            **(given if isinstance(given, dict) else {}),
        }
        return Buffering(
            max_items=self._number(numbers, "maxItems", _ITEMS),
            max_bytes=self._number(numbers, "maxBytes", _BYTES),
            timeout_ms=self._number(numbers, "timeoutMs", _MILLISECONDS),
        )

    def choice(self, fields: Mapping[str, object], name: str, valid: tuple[str, ...]) -> str:
        given = fields.get(name)
        if isinstance(given, str) and given in valid:
            return given
        self.reasons.append(f"{name} {_problem(given)}: {_one_of(valid)}")
        return valid[0]

    def _http_destination(self, given: object, method: str) -> Destination:
        uri = given if isinstance(given, str) and _URI.fullmatch(given) else ""
        try:
            parts = urlsplit(uri)
            port = parts.port
        except ValueError:  # of the port, or of brackets
            parts, port = urlsplit(""), None
        if parts.scheme != "http":
            self.reasons.append(f"URI {_problem(given)}: {_URI_HINT}")
            port = _PORTS.start
        elif parts.hostname not in _HOSTS:
            self.reasons.append(f"URI host {_problem(parts.hostname)}: {_one_of(_HOSTS)}")
        return Destination(
            protocol="HTTP",
            port=self._port("URI port", port),
            host=parts.hostname or "",
            path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
            method=method,
        )

    def _port(self, name: str, given: object) -> int:
        port = self._number({name: given}, name, _PORTS)
        if port == _RESERVED_PORT:
            self.reasons.append(f"{name} {port} is reserved for the Runtime API")
        return port

    def _number(self, fields: Mapping[str, object], name: str, valid: range) -> int:
        given = fields[name]
        if isinstance(given, int) and not isinstance(given, bool) and given in valid:
            return given
        self.reasons.append(
            f"{name} {_problem(given)}: it should be between {valid.start} and {valid.stop - 1}"
        )
        return valid.start


def _problem(given: object) -> str:
    return "is not provided" if given is None else f"is {_shown(given)}"


def _shown(given: object) -> str:
    """Return a value as JSON, shortened."""
    text = json.dumps(given)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def _one_of(valid: tuple[str, ...]) -> str:
    return f"it should be one of {', '.join(valid)}"
