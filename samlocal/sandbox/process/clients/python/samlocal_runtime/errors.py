"""Errors as Lambda reports them: https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html."""

from __future__ import annotations

import os
import traceback
from typing import TYPE_CHECKING, Any, Dict

if TYPE_CHECKING:
    from types import TracebackType

ErrorResult = Dict[str, Any]

_OWN_FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep


class RuntimeFault(Exception):  # noqa: N818  # what AWS calls it
    """An error that the runtime finds, such as a missing handler; `type` is Lambda's name for it."""

    def __init__(self, type_: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.type = "Runtime." + type_
        self.message = message
        self.trace = trace


def error_result(
    message: str, type_: str, trace: list[str] | None, request_id: str | None
) -> ErrorResult:
    return {
        "errorMessage": message,
        "errorType": type_,
        "requestId": request_id or "",
        "stackTrace": trace or [],
    }


def describe(error: BaseException, request_id: str | None = None) -> ErrorResult:
    """Return an error of the function or the runtime; the trace begins in the function."""
    if isinstance(error, RuntimeFault):
        return error_result(error.message, error.type, error.trace, request_id)
    trace = _trace(error.__traceback__)
    return error_result(str(error), type(error).__name__, trace, request_id)


def _trace(end: TracebackType | None) -> list[str]:
    frames = [
        (frame.filename, frame.lineno, frame.name, frame.line)
        for frame in traceback.extract_tb(end)
    ]
    own = 0
    while own < len(frames) and frames[own][0].startswith(_OWN_FOLDER):
        own += 1
    # If nothing else is in it, the call of the handler failed.
    shown = frames[own:] or frames
    return traceback.format_list(shown)  # type: ignore[arg-type]  # the number of a line is never missing
