"""The members of a function's result that make an HTTP response, and what may be wrong with them."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING, Any, Final, NoReturn

from samlocal.header_syntax import HEADER_NAME, NOT_IN_HEADER_VALUES
from samlocal.http_api.request_headers import CONNECTION_HEADERS

if TYPE_CHECKING:
    from collections.abc import Mapping

HeaderList = list[tuple[str, str]]

_STATUS: Final = re.compile("[2-5][0-9][0-9]")
# The framing is the server's.
_FRAMING: Final = CONNECTION_HEADERS | {"content-length"}
_SHOWN: Final = 60


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a value of JSON")


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant)


class WrongResultError(ValueError):
    """A function's result is not a response; the message is for the terminal and begins with a member's name."""


def parse_json(payload: bytes) -> Any:  # noqa: ANN401  # is checked by what uses it
    """Return a result.

    Raises:
        WrongResultError: It is not JSON.
    """
    try:
        return _DECODER.decode(payload.decode())
    except (ValueError, RecursionError) as error:
        raise WrongResultError(f"the result is not JSON: {error}") from error


def read_status(value: object) -> int:
    """Return a status, which may be text.

    Raises:
        WrongResultError: It is not a status between 200 and 599.
    """
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    text = str(number) if isinstance(number, int | str) else ""
    if not _STATUS.fullmatch(text):
        raise WrongResultError(f"`statusCode` is not a number from 200 to 599: {describe(value)}")
    return int(text)


def read_headers(value: object) -> HeaderList:
    """Return `headers`; numbers and booleans become text, and None is none at all.

    Raises:
        WrongResultError: They are not an object, or a name or a value cannot be sent.
    """
    return [
        (name, _read_value(f"headers.{name}", each))
        for name, each in read_object("headers", value).items()
        if each is not None and is_sent("headers", name)
    ]


def read_multi_value_headers(value: object) -> HeaderList:
    """Return `multiValueHeaders`, which has lists of values.

    Raises:
        WrongResultError: They are not an object of lists, or a name or a value cannot be sent.
    """
    found: HeaderList = []
    for name, values in read_object("multiValueHeaders", value).items():
        is_the_functions = is_sent("multiValueHeaders", name)
        if not isinstance(values, list):
            raise WrongResultError(f"`multiValueHeaders.{name}` is not a list: {describe(values)}")
        if is_the_functions:
            found += [(name, _read_value(f"multiValueHeaders.{name}", each)) for each in values]
    return found


def read_cookies(value: object) -> HeaderList:
    """Return `cookies` as one `Set-Cookie` each.

    Raises:
        WrongResultError: They are not a list of texts.
    """
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise WrongResultError(f"`cookies` is not a list of texts: {describe(value)}")
    return [("Set-Cookie", _read_value("cookies", each)) for each in value]


def read_body(result: Mapping[str, object]) -> bytes:
    """Return the body of a result, decoded if `isBase64Encoded` is true.

    Raises:
        WrongResultError: It is not text, or not Base64.
    """
    body, is_base64 = result.get("body"), result.get("isBase64Encoded")
    if not isinstance(is_base64, bool | None):
        raise WrongResultError(f"`isBase64Encoded` is not a boolean: {describe(is_base64)}")
    text = read_text_body(body)
    if not is_base64:
        return text.encode(errors="replace")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise WrongResultError(
            f"`body` is not Base64, though `isBase64Encoded` is true: {error}"
        ) from error


def read_text_body(value: object) -> str:
    """Return `body` as it is; None is an empty one.

    Raises:
        WrongResultError: It is not text.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise WrongResultError(f"`body` is not text: {describe(value)}; return JSON as a text")
    return value


def has_header(headers: HeaderList, name: str) -> bool:
    """Return whether there is a header with a name in lower case."""
    return any(own.lower() == name for own, _ in headers)


def is_sent(member: str, name: str) -> bool:
    """Return whether a header is the function's to set: the framing of the response is not.

    Raises:
        WrongResultError: It is not the name of a header.
    """
    if not HEADER_NAME.fullmatch(name):
        raise WrongResultError(
            f"`{member}` has a name that is not one of a header: {describe(name)}"
        )
    return name.lower() not in _FRAMING


def read_object(member: str, value: object) -> Mapping[str, object]:
    """Return a member that is an object; None is an empty one.

    Raises:
        WrongResultError: It is something else.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise WrongResultError(f"`{member}` is not an object: {describe(value)}")
    return value


def _read_value(member: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return json.dumps(value)
    if not isinstance(value, str):
        raise WrongResultError(f"`{member}` is not text: {describe(value)}")
    if NOT_IN_HEADER_VALUES.search(value):
        raise WrongResultError(f"`{member}` has a control character: {describe(value)}")
    # Values stand for bytes, decoded as Latin-1: text that is not ASCII is sent as UTF-8.
    return value if value.isascii() else value.encode(errors="replace").decode("latin-1")


def describe(value: object) -> str:
    """Return a value of JSON for a message: a long one shortened, an object or a list in words."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    # Half of a surrogate pair, which JSON may have, is not for a terminal.
    text = json.dumps(value, ensure_ascii=False).encode(errors="replace").decode()
    return f"`{text}`" if len(text) <= _SHOWN else f"`{text[:_SHOWN]}…`"
