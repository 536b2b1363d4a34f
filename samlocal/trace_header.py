"""X-Ray trace headers: `Root=1-…;Parent=…;Sampled=1`.

https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
"""

from __future__ import annotations

import re
import time
import uuid
from typing import TYPE_CHECKING, Final

from samlocal.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROOT: Final = "1-[0-9a-f]{8}-[0-9a-f]{24}"
# The forms of the fields that Lambda reads; others, such as `Lineage`, are passed on.
_FIELDS: Final = {"Root": _ROOT, "Parent": "[0-9a-f]{16}", "Sampled": "[01?]"}
_PRINTABLE: Final = r"[\x20-\x7e]+"


def new_trace_header() -> str:
    """Return the header of a new trace that is not sampled."""
    return f"Root={_new_root()};Parent={_new_segment()};Sampled=0"


def complete_trace_header(text: str) -> str:
    """Return the header for a trace ID, or for a header that may lack its parent or its sampling decision.

    Without a decision the trace is sampled, as whoever names a trace wants to see it.

    Raises:
        UsageError: The text is neither.
    """
    fields = read_trace_header(text if "=" in text else f"Root={text}")
    wrong = [n for n, form in _FIELDS.items() if n in fields and not re.fullmatch(form, fields[n])]
    if wrong or "Root" not in fields or not re.fullmatch(_PRINTABLE, text):
        raise UsageError(
            f"`{text}` is not a trace ID",
            hint="use `1-5759e988-bd862e3fe1be46a994272793`, or a header such as"
            " `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`",
        )
    complete = {
        "Root": fields["Root"],
        "Parent": fields.get("Parent") or _new_segment(),
        "Sampled": "0" if fields.get("Sampled") == "0" else "1",
    }
    return format_trace_header(complete | _rest(fields))


def with_new_segment(header: str, *, is_sampled: bool) -> str:
    """Return the header of the same trace with a new segment for the function, as Lambda gives it one."""
    fields = read_trace_header(header)
    changed = {
        "Root": fields.get("Root") or _new_root(),
        "Parent": _new_segment(),
        "Sampled": "1" if is_sampled else "0",
    }
    return format_trace_header(changed | _rest(fields))


def usable_fields(header: str | None) -> dict[str, str]:
    """Return the fields of a header that anybody sent, without malformed ones; a new trace if it names none."""
    fields = read_trace_header(header) if header and re.fullmatch(_PRINTABLE, header) else {}
    fields = {n: v for n, v in fields.items() if n not in _FIELDS or re.fullmatch(_FIELDS[n], v)}
    if "Root" not in fields:
        fields = read_trace_header(new_trace_header()) | _rest(fields)
    return fields


def read_trace_header(header: str) -> dict[str, str]:
    """Return the fields of a header by name: `Root`, `Parent` (the segment of the function), `Sampled`."""
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return {name: value for name, equals, value in pairs if equals}


def format_trace_header(fields: Mapping[str, str]) -> str:
    """Return the header with these fields, in their order."""
    return ";".join(f"{name}={value}" for name, value in fields.items())


def _rest(fields: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if name not in _FIELDS}


def _new_root() -> str:
    return f"1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]}"


def _new_segment() -> str:
    return uuid.uuid4().hex[:16]
