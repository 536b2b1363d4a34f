"""Answers about the service itself: what is warm, and its end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from samlocal.errors import SandboxError
from samlocal.service.fleet_client import ask
from samlocal.service.fleet_messages import ListEnvironments, StopFunctions
from samlocal.service.messages import end_service, receive, send

if TYPE_CHECKING:
    import socket

    from samlocal.service.client import Message
    from samlocal.service.fleet_messages import WarmEnvironmentInfo


def answer_about_fleets(control: socket.socket, kind: str, values: list[Any]) -> Message:
    """Return the answer to a request of `warm list` or `warm stop`, as plain data.

    Services of other versions get such requests, too, so the requests and their answers are plain. Without names,
    `stop` ends the whole service.
    """
    if kind == "list":
        return _ask_all(control, ListEnvironments())
    if kind != "stop":
        return None
    (names,) = values
    stopped = _ask_all(control, StopFunctions(tuple(names)))
    if not names:
        end_service(control)
    return stopped


def _ask_all(control: socket.socket, request: object) -> list[dict[str, Any]]:
    send(control, ("fleets",))
    connections = []
    while True:
        _, files = receive(control)
        if not files:
            break
        connections += files

    async def ask_each() -> list[WarmEnvironmentInfo]:
        found: list[WarmEnvironmentInfo] = []
        for number in connections:
            with suppress(SandboxError):  # it has ended
                found += await ask([number].pop, request)
        return found

    return [_as_plain_data(each) for each in asyncio.run(ask_each())]


def _as_plain_data(info: WarmEnvironmentInfo) -> dict[str, Any]:
    return {
        **info._asdict(),
        "started": info.started.isoformat(),
        "ends": info.ends and info.ends.isoformat(),
    }
