"""Splits the output of a process into records, one for each line."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# A longer line becomes several records. CloudWatch Logs has long had this limit for an event:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
MAX_RECORD_BYTES: Final = 256 * 1024
_CHARACTER_BYTES: Final = 4


class RecordSplitter:
    """Splits one process's output at its line feeds, whatever pieces it arrives in.

    A runtime writes carriage returns inside a message of several lines, which stays one record: they
    become line feeds. Bytes that are not UTF-8 are replaced.
    """

    def __init__(self) -> None:
        self._rest = bytearray()

    def split(self, output: bytes) -> list[str]:
        """Return the records that this output completes."""
        end = output.rfind(b"\n")
        if end < 0:
            self._rest += output
            return self._cut()
        lines = bytes(self._rest + output[:end])
        self._rest = bytearray(output[end + 1 :])
        return _records(lines) + self._cut()

    def end(self) -> list[str]:
        """Return the unfinished line as a record, if there is one."""
        rest = bytes(self._rest)
        self._rest.clear()
        return _records(rest) if rest else []

    def _cut(self) -> list[str]:
        """Cut records from an unfinished line that is too long, between two characters."""
        records = []
        while len(self._rest) > MAX_RECORD_BYTES:
            head = bytes(self._rest[:MAX_RECORD_BYTES])
            end = len(head) - _unfinished_bytes(head)
            records += _records(head[:end])
            del self._rest[:end]
        return records


def _records(lines: bytes) -> list[str]:
    text = lines.decode("utf-8", "replace")
    records = text.split("\n")
    if "\r" in text:
        records = [record.removesuffix("\r").replace("\r", "\n") for record in records]
    if len(lines) > MAX_RECORD_BYTES:
        records = [piece for record in records for piece in _pieces(record)]
    return records


def _pieces(record: str) -> Iterator[str]:
    yield record[:MAX_RECORD_BYTES]
    for start in range(MAX_RECORD_BYTES, len(record), MAX_RECORD_BYTES):
        yield record[start : start + MAX_RECORD_BYTES]


def _unfinished_bytes(text: bytes) -> int:
    """Return how many bytes at the end are the beginning of a character."""
    _, used = codecs.utf_8_decode(text[-_CHARACTER_BYTES:], "replace", False)
    return min(_CHARACTER_BYTES, len(text)) - used
