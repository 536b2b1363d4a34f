"""What a runtime answers, and how its errors are read."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import replace
from typing import Final

from samlocal.frozen_dataclass import frozen
from samlocal.invocation import FunctionError, read_error

# https://github.com/aws/aws-lambda-runtime-interface-emulator/blob/develop/internal/lambda/fatalerror/fatalerror.go
_REPORTED_TYPE: Final = re.compile(r"(Runtime|Function)\.[A-Z][a-zA-Z]+")


@frozen
class Answer:
    """A runtime's answer to an invocation, or its error in initialisation.

    `payload` is empty if the response was streamed to a sink. `error_type` is what the runtime calls the kind
    of its error, beside the function's own type of it. `is_whole` is False if the connection broke in the middle.
    """

    payload: bytes
    content_type: str = "application/json"
    error: FunctionError | None = None
    error_type: str | None = None
    is_whole: bool = True

    @property
    def reported_type(self) -> str:
        """The type of the error in reports: the runtime's, if it has the form of Lambda's."""
        error_type = self.error_type or ""
        if _REPORTED_TYPE.fullmatch(error_type):
            return error_type
        return "Function.Unknown" if error_type.startswith("Function.") else "Runtime.Unknown"


def error_answer(error: FunctionError) -> Answer:
    """Return the answer for an error, as Lambda returns it."""
    return Answer(payload=error.payload, error=error)


def as_error(body: bytes, error_type: str | None) -> Answer:
    """Read Lambda's error object from any body; the body itself is the payload."""
    error = read_error(body, default_type=error_type or "Runtime.Unknown")
    return replace(error_answer(error), error_type=error_type)


def decode_base64(text: str) -> bytes:
    """Decode the body of an error in a trailer; what is not base64 is the body itself."""
    encoded = text.encode("latin-1")
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return encoded
