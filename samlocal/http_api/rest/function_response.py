"""What a function may answer to a REST API.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-output-format

No member is mandatory, and no others are allowed. What API Gateway does with values of other types is recorded in
https://github.com/localstack/localstack/blob/main/tests/aws/services/apigateway/test_apigateway_lambda.snapshot.json
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any, Final

from samlocal.frozen_dataclass import frozen
from samlocal.http_api.header_values import HeaderError, sendable
from samlocal.http_api.rest.client_headers import remap
from samlocal.http_api.result_members import (
    WrongResultError,
    describe,
    has_header,
    parse_json,
    read_cookies,
    read_object,
    read_status,
    read_text_body,
)
from samlocal.suggestions import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MEMBERS: Final = ("statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded")
_METADATA_MEMBERS: Final = ("statusCode", "headers", "multiValueHeaders", "cookies")
_DEFAULT_STATUS: Final = 200
_DEFAULT_CONTENT_TYPE: Final = ("Content-Type", "application/json")


class BrokenBase64Error(WrongResultError):
    """The body is not Base64, although it has to be decoded."""


@frozen
class FunctionResponse:
    """The response of a function, with the headers that a client gets from it."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""


def read_response(payload: bytes, *, decodes_base64: bool) -> FunctionResponse:
    """Return the response in a function's result; a body in Base64 is decoded only if the client accepts its type.

    Raises:
        WrongResultError: It is not a response.
        BrokenBase64Error: Its body cannot be decoded.
    """
    if not payload:
        raise WrongResultError("the result is empty")
    members = _read_members(parse_json(payload), _MEMBERS)
    body = read_text_body(members.get("body"))
    if _read_flag(members.get("isBase64Encoded")) and decodes_base64:
        content = _decode(body)
    else:
        content = body.encode(errors="replace")
    return FunctionResponse(
        status=_read_status(members), headers=_read_headers(members), body=content
    )


def read_metadata(metadata: Mapping[str, object]) -> FunctionResponse:
    """Return the response in the metadata of a streamed one; it has no body.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html

    Raises:
        WrongResultError: They are not those of a response.
    """
    members = _read_members(metadata, _METADATA_MEMBERS)
    cookies = read_cookies(members.get("cookies"))
    return FunctionResponse(status=_read_status(members), headers=_read_headers(members, cookies))


def _read_members(result: object, known: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(result, dict):
        raise WrongResultError(f"the result is not an object: {describe(result)}")
    for name in result:
        if name not in known:
            raise WrongResultError(
                f"the result has the member `{name}`; a response has only {quoted(known)}"
            )
    return result


def _read_status(members: Mapping[str, Any]) -> int:
    """Return the status, which may be text, and need not be there."""
    value = members.get("statusCode")
    return _DEFAULT_STATUS if value is None else read_status(value)


def _read_flag(value: object) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise WrongResultError(f"`isBase64Encoded` is not a boolean: {describe(value)}")


def _read_headers(
    members: Mapping[str, Any], cookies: Iterable[tuple[str, str]] = ()
) -> list[tuple[str, str]]:
    """Return the headers: the lists first, then the single values that those do not have."""
    pairs: dict[tuple[str, str], tuple[str, str]] = {}
    names: dict[str, str] = {}
    for name, values in read_object("multiValueHeaders", members.get("multiValueHeaders")).items():
        if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
            raise WrongResultError(f"`multiValueHeaders.{name}` is not a list of texts")
        names.setdefault(name.lower(), name)
        for value in values:
            pairs.setdefault((name.lower(), value), (name, value))
    for name, value in read_object("headers", members.get("headers")).items():
        if value is None:
            continue
        if isinstance(value, dict | list):
            raise WrongResultError(f"`headers.{name}` is not text: {describe(value)}")
        text = value if isinstance(value, str) else json.dumps(value)
        pairs.setdefault((name.lower(), text), (names.get(name.lower(), name), text))
    headers = [*pairs.values(), *cookies]
    if not has_header(headers, "content-type"):
        headers.insert(0, _DEFAULT_CONTENT_TYPE)
    try:
        return remap([(name, sendable(name, value)) for name, value in headers])
    except HeaderError as error:
        raise WrongResultError(str(error)) from error


def _decode(body: str) -> bytes:
    """Return the bytes in base64, which may lack its padding and have line breaks."""
    compact = "".join(body.split()).rstrip("=")
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise BrokenBase64Error("`isBase64Encoded` is true, but `body` is not Base64") from None
