"""A client of the real HTTP server whose bytes take no socket, so that a million requests take minutes."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fuzz.api_requests import Sent

_HEAD: Final = re.compile(
    rb"HTTP/1\.1 ([1-5]\d\d) [^\r\n]*\r\n((?:[A-Za-z0-9-]+: [^\r\n\0]*\r\n)*)\r\n"
)
_READ_BYTES: Final = 256 * 1024
# A loop that has so much to do after one step is busy for ever.
_MAX_STEPS: Final = 10_000


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A response of the server."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_json(self) -> bool:
        return self.headers.get("content-type") == "application/json"

    @property
    def error_type(self) -> str | None:
        """The type of a refusal; None for any other response."""
        if self.status < HTTPStatus.BAD_REQUEST or not self.is_json or not self.body:
            return None
        error = json.loads(self.body)
        assert error.keys() == {"errorMessage", "errorType"}, self
        assert all(isinstance(each, str) for each in error.values()), self
        return str(error["errorType"])


class Client:
    """One connection to the server, and what has come back over it.

    What the server has no room for waits here, and arrives in pieces as from a socket.
    """

    def __init__(self, connect: Callable[[], asyncio.Protocol], number: int) -> None:
        self.sent: list[Sent] = []
        self.answers: list[Answer] = []
        self.is_open = True
        self.held_back = b""
        """The end of the last request, if it is to arrive later."""
        self._transport = _Transport(self, number)
        self._protocol = connect()
        self._protocol.connection_made(self._transport)
        self._unsent = bytearray()
        self._received = bytearray()
        self._paused = False

    @property
    def is_clean(self) -> bool:
        """Whether all that was sent is well-formed."""
        return all(each.clean for each in self.sent)

    @property
    def takes_more(self) -> bool:
        """Whether another request may follow."""
        return self.is_open and self.is_clean and not (self.sent and self.sent[-1].last)

    @property
    def pending(self) -> Sent | None:
        """The first complete request without an answer."""
        complete = self.sent[:-1] if self.held_back else self.sent
        return complete[len(self.answers)] if len(self.answers) < len(complete) else None

    def send(self, sent: Sent, *, held_back: int = 0) -> None:
        """Send a request, but its last bytes; what was held back before goes first."""
        self.go_on()
        self.sent.append(sent)
        end = len(sent.data) - held_back
        self.held_back = sent.data[end:]
        self._give(sent.data[:end])

    def go_on(self, size: int | None = None) -> None:
        """Send what was held back, or only so many bytes of it."""
        given, self.held_back = self.held_back[:size], self.held_back[size:] if size else b""
        self._give(given)

    def close(self) -> None:
        """Disconnect, whatever is under way."""
        self._lose()

    def read(self) -> list[Answer]:
        """Return the new answers.

        Raises:
            AssertionError: They are malformed.
        """
        known = len(self.answers)
        while self._received and not self._is_guessing and (end := self._read_one()):
            del self._received[:end]
        if self._is_guessing:
            assert b"HTTP/1.1 500" not in self._received, self._received[:200]
            self._received.clear()
        assert self.is_open or not self._received, self._received[:200]
        return self.answers[known:]

    @property
    def _is_guessing(self) -> bool:
        """Whether the next answers are to something malformed: the server may see any number of requests."""
        return len(self.answers) < len(self.sent) and not self.sent[len(self.answers)].clean

    def _read_one(self) -> int:
        """Read an answer; return how many bytes it has, 0 if it is not whole."""
        found = _HEAD.match(self._received)
        if found is None:
            assert b"\r\n\r\n" not in self._received, self._received[:200]
            return 0
        status = int(found[1])
        fields = [line.partition(": ") for line in found[2].decode("latin-1").split("\r\n")[:-1]]
        headers = {name.lower(): value for name, _, value in fields}
        assert len(headers) == len(fields), fields
        if status < HTTPStatus.OK:
            return found.end()
        size = int(headers["content-length"])
        assert len(self.answers) < len(self.sent), "an answer to nothing"
        is_head = self.sent[len(self.answers)].call.method == "HEAD"
        end = found.end() + (0 if is_head else size)
        if len(self._received) < end:
            return 0
        body = bytes(self._received[found.end() : end])
        self.answers.append(Answer(status=status, headers=headers, body=body))
        return end

    def _give(self, data: bytes) -> None:
        self._unsent += data
        self._push()

    def _push(self) -> None:
        while self._unsent and not self._paused and self.is_open:
            data = bytes(self._unsent[:_READ_BYTES])
            del self._unsent[: len(data)]
            self._protocol.data_received(data)

    def _lose(self) -> None:
        if self.is_open:
            self.is_open = False
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)


class _Transport(asyncio.Transport):
    """What the server sees of a client."""

    def __init__(self, client: Client, number: int) -> None:
        super().__init__({"peername": ("127.0.0.1", number)})
        self._client = client

    def write(self, data: Any) -> None:  # noqa: ANN401  # bytes of any type, as asyncio has it
        if self._client.is_open:
            self._client._received += data

    def close(self) -> None:
        self._client._lose()

    def abort(self) -> None:
        self._client._lose()

    def is_closing(self) -> bool:
        return not self._client.is_open

    def pause_reading(self) -> None:
        self._client._paused = True

    def resume_reading(self) -> None:
        if self._client._paused:
            self._client._paused = False
            asyncio.get_running_loop().call_soon(self._client._push)


async def settle() -> None:
    """Run the loop until it has nothing to do but wait."""
    loop: Any = asyncio.get_running_loop()
    for _ in range(_MAX_STEPS):
        await asyncio.sleep(0)
        if not loop._ready:
            return
    raise AssertionError("the loop is busy for ever")
