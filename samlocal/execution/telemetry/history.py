"""What has happened since the beginning of Init, for extensions that have yet to subscribe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.execution.platform_events import PlatformEvent

# Output of Init beyond this is not kept.
MAX_KEPT_BYTES: Final = 1024 * 1024


class OutputPiece(NamedTuple):
    """Output of the function or, with its name, of an extension; None is its end. `time` is as in events."""

    time: str
    extension: str | None
    output: bytes | None


class History:
    """Events and output in their order. `dropped_records` and `dropped_bytes` tell what is not kept."""

    def __init__(self) -> None:
        self.dropped_records = 0
        self.dropped_bytes = 0
        self._kept: list[PlatformEvent | OutputPiece] = []
        self._bytes = 0

    def __iter__(self) -> Iterator[PlatformEvent | OutputPiece]:
        return iter(self._kept)

    def add(self, event: PlatformEvent | OutputPiece) -> None:
        output = event.output if isinstance(event, OutputPiece) else None
        if output and self._bytes + len(output) > MAX_KEPT_BYTES:
            self.dropped_records += output.count(b"\n")
            self.dropped_bytes += len(output)
            return
        self._bytes += len(output or b"")
        self._kept.append(event)
