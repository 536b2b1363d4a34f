"""What a runtime answers, and how its errors are read."""

from __future__ import annotations

import base64
import binascii
import json

from samlocal.frozen_dataclass import frozen
from samlocal.invocation import FunctionError


@frozen
class Answer:
    """A runtime's answer to an invocation, or its error in initialisation.

    `payload` is empty if the response was streamed to a sink.
    """

    payload: bytes
    content_type: str = "application/json"
    error: FunctionError | None = None


def error_answer(error: FunctionError) -> Answer:
    """Return the answer for an error, as Lambda returns it."""
    return Answer(payload=error.payload, error=error)


def as_error(body: bytes, error_type: str | None) -> Answer:
    """Read Lambda's error object from any body; the body itself is the payload."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        fields = {}
    return error_answer(
        FunctionError(
            type=str(fields.get("errorType") or error_type or "Runtime.Unknown"),
            message=str(fields.get("errorMessage") or ""),
            body=body,
        )
    )


def decode_base64(text: str) -> bytes:
    """Decode the body of an error in a trailer; what is not base64 is the body itself."""
    encoded = text.encode("latin-1")
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return encoded
