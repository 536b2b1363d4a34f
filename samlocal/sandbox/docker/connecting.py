"""Connecting to the engine while the caller does something else, such as reading its project."""

from __future__ import annotations

from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samlocal.sandbox.docker.engine import Engine


def connect_in_background(engine: str | None) -> Future[Engine]:
    """Connect to the engine that `--engine` names, or to the first that answers.

    Return at once; the future fails with `EngineNotReachableError` where no engine answers.
    """
    future: Future[Engine] = Future()
    Thread(target=_connect, args=(engine, future), daemon=True).start()
    return future


def _connect(engine: str | None, future: Future[Engine]) -> None:
    try:
        # The import takes longer than the connection.
        from samlocal.sandbox.docker.engine import Engine  # noqa: PLC0415

        future.set_result(Engine(engine))
    except BaseException as error:  # noqa: BLE001  # whoever waits for the engine is told
        future.set_exception(error)
