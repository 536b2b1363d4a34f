"""The log of a function: https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import traceback
from typing import Any, TextIO

from .marshalling import to_json

_TIME = "%Y-%m-%dT%H:%M:%S"
_JSON_TIME = _TIME + "Z"
_NO_BREAK_SPACE = "\u00a0"
# What a record has by itself: all else is the user's `extra`.
_OWN_FIELDS = {*logging.makeLogRecord({}).__dict__, "aws_request_id", "tenant_id"} - {"taskName"}


class Invocation:
    """The invocation that is running, for log records."""

    request_id: str | None = None
    tenant_id: str | None = None


class Unbuffered:
    """A stream that keeps nothing back."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def __enter__(self) -> Unbuffered:  # noqa: PYI034  # `Self` is newer than Python 3.8
        return self

    def __exit__(self, *_exc_info: object) -> None:
        pass

    def write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()

    def writelines(self, lines: list[str]) -> None:
        self.stream.writelines(lines)
        self.stream.flush()


class LogSink:
    """Where records go."""

    def log(self, message: str) -> None:
        sys.stdout.write(message)


class LambdaLoggerHandler(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.log_sink = LogSink()

    def emit(self, record: logging.LogRecord) -> None:
        self.log_sink.log(self.format(record))


class LambdaLoggerFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.aws_request_id = Invocation.request_id or ""
        record.tenant_id = Invocation.tenant_id
        return True


class JsonFormatter(logging.Formatter):
    def __init__(self) -> None:
        super().__init__(datefmt=_JSON_TIME)

    def format(self, record: logging.LogRecord) -> str:
        level = min(50, max(0, record.levelno)) // 10 * 10
        record.levelno, record.levelname = level, logging.getLevelName(level)
        is_object = isinstance(record.msg, dict) and not record.args
        entry: dict[str, Any] = {
            "timestamp": self.formatTime(record, self.datefmt),
            "level": record.levelname,
            "message": record.msg if is_object else record.getMessage(),
            "logger": record.name,
            **_error_fields(record),
            "requestId": getattr(record, "aws_request_id", None),
            "location": f"{record.pathname}:{record.funcName}:{record.lineno}"
            if record.exc_info
            else None,
            "tenantId": getattr(record, "tenant_id", None),
        }
        for name, value in record.__dict__.items():
            if name not in _OWN_FIELDS:
                entry.setdefault(name, value)
        shown = {name: value for name, value in entry.items() if value is not None}
        return json.dumps(shown, ensure_ascii=False, default=str) + "\n"


def _error_fields(record: logging.LogRecord) -> dict[str, Any]:
    if not record.exc_info or record.exc_info[0] is None:
        return {"stackTrace": None, "errorType": None, "errorMessage": None}
    return {
        "stackTrace": traceback.format_tb(record.exc_info[2]),
        "errorType": record.exc_info[0].__name__,
        "errorMessage": str(record.exc_info[1]),
    }


def set_up_logging() -> None:
    """Send what is logged and printed to the log of the function."""
    sys.stdout = Unbuffered(sys.stdout)
    sys.stderr = Unbuffered(sys.stderr)
    logging.Formatter.converter = time.gmtime  # of all loggers, as AWS's client does
    handler = LambdaLoggerHandler()
    handler.addFilter(LambdaLoggerFilter())
    handler.setFormatter(JsonFormatter() if _is_json() else _text_formatter())
    root = logging.getLogger()
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    if level == "TRACE":
        level = "DEBUG"
    if level in {"DEBUG", "INFO", "WARN", "WARNING", "ERROR", "FATAL", "CRITICAL"}:
        root.setLevel(level)
    root.addHandler(handler)


def log_error(result: dict[str, Any]) -> None:
    """Log an error of the function, in one line of the log."""
    if _is_json():
        now = time.strftime(_JSON_TIME, time.gmtime())
        line = to_json({"timestamp": now, "level": "ERROR", **result})
    else:
        line = "\r".join(_error_lines(result))
    sys.stdout.write(line + "\n")


def _error_lines(result: dict[str, Any]) -> list[str]:
    said = ": ".join(filter(None, (result["errorType"], result["errorMessage"])))
    lines = [f"[ERROR] {said}", "Traceback (most recent call last):"]
    for entry in result["stackTrace"]:
        for line in entry.splitlines() or [""]:
            text = line.lstrip(" ")
            lines.append(_NO_BREAK_SPACE * (len(line) - len(text)) + text)
    return lines


def _is_json() -> bool:
    return os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"


def _text_formatter() -> logging.Formatter:
    form = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
    return logging.Formatter(form, _TIME)
