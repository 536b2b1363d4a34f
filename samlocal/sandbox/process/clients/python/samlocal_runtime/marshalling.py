"""Events and results as JSON, as AWS's client has them with simplejson."""

from __future__ import annotations

import json
import math
import os
from decimal import Decimal
from typing import Any

from .errors import RuntimeFault

# These write characters as they are; older runtimes escape all but ASCII.
_ESCAPING = frozenset(f"AWS_Lambda_python3.{minor}" for minor in range(8, 12))
_IN_JSON = (str, int, float, bool, type(None))


def read_event(body: bytes, content_type: str) -> Any:
    if content_type != "application/json":
        return body
    try:
        return json.loads(body)
    except ValueError as error:
        raise RuntimeFault("UnmarshalError", f"Unable to unmarshal input: {error}") from error


def write_result(result: Any) -> tuple[bytes | str, str]:
    """Return a result as a body and its content type; bytes are passed as they are."""
    if isinstance(result, bytes):
        return result, "application/unknown"
    try:
        return to_json(result), "application/json"
    except Exception as error:
        raise RuntimeFault("MarshalError", f"Unable to marshal response: {error}") from error


def to_json(value: Any) -> str:
    """Return a value as JSON: a Decimal is a number, a named tuple an object, bytes are text in UTF-8."""
    plain = _Plain()
    text = json.dumps(
        plain.convert(value),
        ensure_ascii=os.environ.get("AWS_EXECUTION_ENV") in _ESCAPING,
        default=plain.refuse,
    )
    return plain.with_numbers(text)


class _Plain:
    """Converts what the standard library's JSON does not know; numbers of any length are put in at the end."""

    def __init__(self) -> None:
        self._numbers: dict[str, str] = {}
        self._marker = ""
        self._open: set[int] = set()

    def convert(self, value: Any) -> Any:
        if isinstance(value, _IN_JSON):
            return value
        if isinstance(value, (dict, list, tuple)):
            if id(value) in self._open:
                raise ValueError("Circular reference detected")
            self._open.add(id(value))
            converted = self._container(value)
            self._open.remove(id(value))
            return converted
        if isinstance(value, bytes):
            return value.decode("utf-8")
        if isinstance(value, Decimal):
            return self._number(value)
        return value

    @staticmethod
    def refuse(value: Any) -> Any:
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")

    def with_numbers(self, text: str) -> str:
        if not self._numbers:
            return text
        parts: list[str] = text.split(f'"{self._marker}')
        return parts[0] + "".join(
            self._numbers[number] + rest
            for number, _, rest in (part.partition('"') for part in parts[1:])
        )

    def _container(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key.decode("utf-8") if isinstance(key, bytes) else key: self.convert(item)
                for key, item in value.items()
            }
        if isinstance(value, tuple) and callable(getattr(value, "_asdict", None)):
            return self._container(value._asdict())  # type: ignore[attr-defined]  # a named tuple
        return [self.convert(item) for item in value]

    def _number(self, value: Decimal) -> Any:
        if value.is_nan():
            return math.nan
        if not self._marker:
            self._marker = f"number-{os.urandom(16).hex()}-"
        key = str(len(self._numbers))
        self._numbers[key] = str(value)
        return self._marker + key
