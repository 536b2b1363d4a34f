"""The side of a command that is in touch with the process of a fleet."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any, Final

from samlocal.errors import SandboxError
from samlocal.sandbox.output import named_log
from samlocal.service.fleet_messages import (
    Accepted,
    Began,
    Chunk,
    Ended,
    Environments,
    Failed,
    Flush,
    Invoke,
    Line,
    Note,
    Output,
    Progress,
    Result,
    Taken,
    encode,
    read_message,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.engine.images.policy import ImageProgress
    from samlocal.invocation import InvocationResult, ResponseSink
    from samlocal.sandbox.output import LogOfSources
    from samlocal.service.fleet_messages import WarmEnvironmentInfo

# A fleet without environments may end in the moment in which it is asked.
_ATTEMPTS: Final = 3
# More than the largest chunk of a response.
_BUFFER_BYTES: Final = 1024 * 1024


async def invoke(
    connect: Callable[[], int],
    request: Invoke,
    *,
    log: LogOfSources,
    response: ResponseSink | None,
    progress: ImageProgress,
) -> InvocationResult:
    """Run an invocation in the fleet to which `connect` returns a connection.

    Raises:
        SandboxError: It is lost.
        SamlocalError: As `Fleet.invoke`, or as `log` and `response` do.
    """
    reader, writer = await _ask(connect, request)
    receiver = _Receiver(log, response, progress)
    try:
        while True:
            message = await read_message(reader)
            if message is None:
                raise _lost()
            if isinstance(message, Result):
                receiver.raise_error()
                return message.result
            if isinstance(message, Failed):
                raise message.error
            await receiver.take(message)
            if isinstance(message, Chunk):
                writer.write(encode(Taken()))
    finally:
        writer.close()


async def ask(connect: Callable[[], int], request: object) -> tuple[WarmEnvironmentInfo, ...]:
    """Return the environments that answer a request of another kind.

    Raises:
        SandboxError: The fleet has ended.
    """
    reader, writer = await _ask(connect, request)
    try:
        answer = await read_message(reader)
    finally:
        writer.close()
    if not isinstance(answer, Environments):
        raise _lost()
    return answer.environments


async def _ask(
    connect: Callable[[], int], request: object
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Send a request, and return its connection after the fleet has accepted it."""
    for _ in range(_ATTEMPTS):
        try:
            number = connect()
        except (EOFError, OSError, IndexError):
            break
        reader, writer = await asyncio.open_unix_connection(
            sock=socket.socket(fileno=number), limit=_BUFFER_BYTES
        )
        writer.write(encode(request))
        if isinstance(await read_message(reader), Accepted):
            return reader, writer
        writer.close()
    raise _lost()


class _Receiver:
    """Passes on what comes before the result. The first error of log or response is raised at the end."""

    def __init__(
        self, log: LogOfSources, response: ResponseSink | None, progress: ImageProgress
    ) -> None:
        self._log = log
        self._response = response
        self._progress = progress
        self._sources: dict[str, LogOfSources] = {}
        self._error: Exception | None = None

    async def take(self, message: Any) -> None:  # noqa: ANN401  # a tuple of `fleet_messages`
        try:
            match message:
                case Output() | Line() | Flush():
                    self._write(message)
                case Progress():
                    self._progress(*message)
                case Note(text):
                    self._progress.note(text)
                case _ if self._error is None:
                    await self._respond(message)
        except Exception as error:  # noqa: BLE001  # as in an environment: the invocation goes on
            self._error = self._error or error

    def raise_error(self) -> None:
        if self._error:
            raise self._error

    def _write(self, message: Output | Line | Flush) -> None:
        source = message.source
        if source is not None and source not in self._sources:
            self._sources[source] = named_log(self._log, source)
        log = self._log if source is None else self._sources[source]
        match message:
            case Output(output):
                log.write(output)
            case Line(text):
                log.line(text)
            case Flush():
                log.flush()

    async def _respond(self, message: Began | Chunk | Ended) -> None:
        if self._response is None:
            return
        match message:
            case Began(content_type, mode):
                await self._response.begin(content_type, mode)
            case Chunk(content):
                await self._response.write(content)
            case Ended(error):
                await self._response.end(error)


def _lost() -> SandboxError:
    return SandboxError(
        "the background service ended during the invocation",
        hint="run the command again; `samlocal warm list` shows what is warm",
    )
