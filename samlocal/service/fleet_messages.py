"""What a command and the process of a fleet say to each other, over a socket.

The messages are pickles. Both processes are forks of one process and belong to one user, and the socket has no name:
nobody else can write to it.
"""

from __future__ import annotations

import asyncio
import pickle
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from samlocal.execution.fleet.warm_environment import State
    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.invocation import FunctionError, Invocation, InvocationResult, ResponseMode
    from samlocal.sandbox.spec import Spec
    from samlocal.serving.options import ServingOptions

_LENGTH_BYTES: Final = 4


class WarmFunction(NamedTuple):
    """A prepared function: a `FleetFunction` without its log, and what `warm list` shows of it."""

    key: str
    fingerprint: str
    spec: Spec
    configuration: FunctionConfiguration
    idle_seconds: float
    name: str
    project: str


class Neighbours(NamedTuple):
    """What the other functions of a project need, for calls between functions; all paths are absolute."""

    options: ServingOptions
    variables: Mapping[str, str]
    home: Path
    directory: Path
    cache: Path


class Invoke(NamedTuple):
    """A request for an invocation.

    `variables` are those of the command about AWS, for pulls of images. Without `neighbours`, the function does not
    call others.
    """

    function: WarmFunction
    invocation: Invocation
    fresh: bool
    variables: Mapping[str, str]
    neighbours: Neighbours | None


class ListEnvironments(NamedTuple):
    """A request for all environments, which an `Environments` answers."""


class StopFunctions(NamedTuple):
    """A request to end the environments of functions, all if there are no names; `Environments` are the ended ones."""

    names: tuple[str, ...]


class WarmEnvironmentInfo(NamedTuple):
    """An environment, as `warm list` shows it; `ends` is aware, None unless it is idle."""

    function: str
    project: str
    version: str
    state: State
    invocations: int
    started: datetime
    ends: datetime | None
    engine: str
    debug_ports: tuple[int, ...]


class Environments(NamedTuple):
    environments: tuple[WarmEnvironmentInfo, ...]


class Accepted(NamedTuple):
    """The first answer to each request: it will be followed."""


class Output(NamedTuple):
    """Output of a function, or of its extension `source`."""

    output: bytes
    source: str | None = None


class Line(NamedTuple):
    """A line of the platform."""

    text: str
    source: str | None = None


class Flush(NamedTuple):
    """The end of the output so far, of the function and its extensions."""

    source: str | None = None


class Began(NamedTuple):
    content_type: str
    mode: ResponseMode


class Chunk(NamedTuple):
    """A part of a response, which the command answers with `Taken` before the next one."""

    content: bytes


class Taken(NamedTuple):
    pass


class Ended(NamedTuple):
    error: FunctionError | None


class Progress(NamedTuple):
    """The progress of a pull: the arguments of `ImageProgress`."""

    layer: str
    status: str
    current: int
    total: int


class Note(NamedTuple):
    text: str


class Result(NamedTuple):
    """The last answer to an `Invoke` that has a result; its payload has come in parts."""

    result: InvocationResult


class Failed(NamedTuple):
    """The last answer to a request that has none."""

    error: Exception


def encode(message: object) -> bytes:
    """Return a message with its length before it."""
    content = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return len(content).to_bytes(_LENGTH_BYTES) + content


async def read_message(reader: asyncio.StreamReader) -> Any | None:  # noqa: ANN401  # one of the above
    """Return the next message; None if the other side has gone."""
    with suppress(asyncio.IncompleteReadError, OSError):
        length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES))
        return pickle.loads(await reader.readexactly(length))  # noqa: S301  # see above
    return None
