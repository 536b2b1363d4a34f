"""What a runtime answers, and how its errors are read."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import replace

from samlocal.frozen_dataclass import frozen
from samlocal.invocation import FunctionError


@frozen
class Answer:
    """A runtime's answer to an invocation, or its error in initialisation.

    `payload` is empty if the response was streamed to a sink. `error_type` is what the runtime calls the kind
    of its error, beside the function's own type of it.
    """

    payload: bytes
    content_type: str = "application/json"
    error: FunctionError | None = None
    error_type: str | None = None

    @property
    def reported_type(self) -> str | None:
        """The type of the error in reports: the runtime's, if it is one of Lambda's."""
        if self.error_type and self.error_type.startswith(("Runtime.", "Function.")):
            return self.error_type
        return self.error.type if self.error else None


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
    error = FunctionError(
        type=str(fields.get("errorType") or error_type or "Runtime.Unknown"),
        message=str(fields.get("errorMessage") or ""),
        body=body,
    )
    return replace(error_answer(error), error_type=error_type)


def decode_base64(text: str) -> bytes:
    """Decode the body of an error in a trailer; what is not base64 is the body itself."""
    encoded = text.encode("latin-1")
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return encoded
