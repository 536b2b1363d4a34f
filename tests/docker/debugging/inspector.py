"""A client of Node.js's inspector, over its WebSocket.

https://chromedevtools.github.io/devtools-protocol/v8/Debugger/
"""

from __future__ import annotations

import json
import urllib.request
from typing import Any, Self

import websocket

_SECONDS = 60


class InspectorClient:
    """One connection to an inspector."""

    def __init__(self, port: int) -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=_SECONDS) as file:
            target = json.load(file)[0]
        url = f"ws://127.0.0.1:{port}/{target['id']}"
        self._socket = websocket.create_connection(url, timeout=_SECONDS, suppress_origin=True)
        self._sequence = 0
        self._events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._socket.close()

    def attach(self, *, breakpoint_at: tuple[str, int]) -> None:
        """Begin, with a breakpoint at a line, from 1, of a file of the container."""
        path, line = breakpoint_at
        self.request("Runtime.enable")
        self.request("Debugger.enable")
        self.request("Debugger.setBreakpointByUrl", lineNumber=line - 1, url=f"file://{path}")
        self.request("Runtime.runIfWaitingForDebugger")

    def stopped(self) -> tuple[str, str]:
        """Wait until the program stops: why, and the id of the topmost frame."""
        paused = self.event("Debugger.paused")
        return paused["reason"], paused["callFrames"][0]["callFrameId"]

    def go_on(self) -> None:
        """Let the program run; it may end before the inspector can answer."""
        self._send("Debugger.resume")

    def evaluate(self, frame: str, expression: str) -> object:
        answer = self.request(
            "Debugger.evaluateOnCallFrame", callFrameId=frame, expression=expression
        )
        return answer["result"].get("value")

    def request(self, method: str, **params: object) -> Any:  # noqa: ANN401  # JSON
        sequence = self._send(method, **params)
        while True:
            message = self._receive()
            if message.get("id") == sequence:
                assert "error" not in message, message
                return message["result"]

    def _send(self, method: str, **params: object) -> int:
        self._sequence += 1
        self._socket.send(json.dumps({"id": self._sequence, "method": method, "params": params}))
        return self._sequence

    def event(self, method: str) -> Any:  # noqa: ANN401  # JSON
        """What the next event of that name says, which may have come already."""
        while True:
            for message in self._events:
                if message["method"] == method:
                    self._events.remove(message)
                    return message["params"]
            self._receive()

    def _receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self._socket.recv())
        if "method" in message:
            self._events.append(message)
        return message
