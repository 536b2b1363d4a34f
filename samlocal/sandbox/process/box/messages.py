"""Messages between samlocal and a box: a length, and a value in the format of `marshal`.

Both ends run on the same Python, whose format it is. File descriptors travel beside the messages.
"""

from __future__ import annotations

import marshal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

# The socket of samlocal in a box.
CONTROL: Final = 3
_LENGTH: Final = 4


def pack(message: tuple[Any, ...]) -> bytes:
    """Return a message as bytes."""
    content = marshal.dumps(message)
    return len(content).to_bytes(_LENGTH, "little") + content


class Unpacker:
    """Takes bytes in any pieces, and returns whole messages; `rest` is the beginning of the next one."""

    def __init__(self, rest: bytes = b"") -> None:
        self.rest = rest

    def take(self, data: bytes) -> list[tuple[Any, ...]]:
        """Return the messages that are complete with these bytes."""
        self.rest += data
        messages = []
        while len(self.rest) >= _LENGTH:
            end = _LENGTH + int.from_bytes(self.rest[:_LENGTH], "little")
            if len(self.rest) < end:
                break
            messages.append(marshal.loads(self.rest[_LENGTH:end]))  # noqa: S302  # of our own process
            self.rest = self.rest[end:]
        return messages
