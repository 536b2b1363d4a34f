"""Events as the JSON that subscribers receive, one object a line."""

from __future__ import annotations

import json
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, NamedTuple, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from samlocal.execution.logs_api_events import LogsEvent
    from samlocal.execution.platform_events import PlatformEvent


class EncodedEvents(NamedTuple):
    """Events as JSON objects that line feeds separate, and their number."""

    data: bytes
    number: int

    def split(self, number: int, size: int) -> tuple[EncodedEvents, EncodedEvents]:
        """Return the first events, until they are this many or have this many bytes, and the rest."""
        end = used = 0
        for end, line in enumerate(self.data.split(b"\n"), start=1):
            used += len(line) + 1
            if end == number or used > size:
                break
        head, rest = self.data[: used - 1], self.data[used:]
        return EncodedEvents(head, end), EncodedEvents(rest, self.number - end)


def encode_events(events: Iterable[PlatformEvent | LogsEvent]) -> EncodedEvents | None:
    """Encode events of the platform; return None without one."""
    lines = [event.as_json().encode() for event in events]
    return EncodedEvents(b"\n".join(lines), len(lines)) if lines else None


def encode_records(
    time: str, type_: str, records: Sequence[str], *, as_objects: bool
) -> EncodedEvents | None:
    """Encode records of a log; return None without one.

    With `as_objects`, a record that is a JSON object is one in the event too, not a string.
    """
    if not records:
        return None
    encode = _encode_object if as_objects else encode_basestring
    head = f'{{"time":"{time}","type":"{type_}","record":'
    lines = f"}}\n{head}".join([encode(record) for record in records])
    return EncodedEvents(f"{head}{lines}}}".encode(), len(records))


def _encode_object(record: str) -> str:
    """Encode a record as the JSON object that it is, otherwise as a string.

    What Python reads but other parsers refuse is a string: they would refuse the whole batch.
    """
    if record.startswith("{"):
        try:
            text = _write_json(_read_json(record))
            text.encode()
        except (ValueError, RecursionError):
            pass
        else:
            return text
    return encode_basestring(record)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


# `json.loads` and `json.dumps` would create these for every record.
_read_json = json.JSONDecoder(parse_constant=_refuse).decode
_write_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
