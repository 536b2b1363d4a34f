"""A client of the Debug Adapter Protocol, which editors and debugpy use.

https://microsoft.github.io/debug-adapter-protocol/specification
"""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any, Self

import pytest

if TYPE_CHECKING:
    from pathlib import Path

_Message = dict[str, Any]
_SECONDS = 60


class DapClient:
    """One connection to a debugger; leaving the `with` block disconnects and resumes the program."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_SECONDS)
        self._reader = self._socket.makefile("rb")
        self._sequence = 0
        self._events: list[_Message] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._reader.close()
        self._socket.close()

    def attach(self, *, code: Path, breakpoint_at: tuple[Path, int]) -> None:
        """Attach with `code` as `/var/task`, and a breakpoint in a file of it."""
        source, line = breakpoint_at
        self.request("initialize", adapterID="samlocal", pathFormat="path")
        mapping = {"localRoot": str(code), "remoteRoot": "/var/task"}
        attaching = self._send("attach", pathMappings=[mapping], justMyCode=False)
        self.event("initialized")
        answer = self.request(
            "setBreakpoints", source={"path": str(source)}, breakpoints=[{"line": line}]
        )
        assert answer["breakpoints"][0]["verified"], answer
        self.request("configurationDone")
        self._response(attaching)

    def stopped(self) -> int:
        """Wait until a thread stops at the breakpoint; the id of its topmost frame."""
        thread = self.event("stopped")["threadId"]
        return int(self.request("stackTrace", threadId=thread)["stackFrames"][0]["id"])

    def local(self, frame: int, name: str) -> str:
        """The value of a local variable, as a person sees it."""
        variables = self.request("variables", variablesReference=self._locals(frame))["variables"]
        return str(next(each["value"] for each in variables if each["name"] == name))

    def set_local(self, frame: int, name: str, value: str) -> None:
        self.request("setVariable", variablesReference=self._locals(frame), name=name, value=value)

    def go_on(self) -> None:
        """Let the program run; it may end before the debugger can answer."""
        self._send("continue", threadId=1)

    def disconnect(self) -> None:
        """Leave, and let the program run on without a debugger."""
        self.request("disconnect", terminateDebuggee=False)
        while self._reader.read(1):  # the debugger ends the connection once it is done with it
            pass

    def request(self, command: str, **arguments: object) -> Any:  # noqa: ANN401  # JSON
        return self._response(self._send(command, **arguments))

    def event(self, name: str) -> Any:  # noqa: ANN401  # JSON
        """The body of the next event of that name, which may have come already."""
        while True:
            for message in self._events:
                if message["event"] == name:
                    self._events.remove(message)
                    return message.get("body", {})
            self._receive()

    def _locals(self, frame: int) -> int:
        scopes = self.request("scopes", frameId=frame)["scopes"]
        return int(next(each["variablesReference"] for each in scopes if each["name"] == "Locals"))

    def _send(self, command: str, **arguments: object) -> int:
        self._sequence += 1
        message = {"seq": self._sequence, "type": "request", "command": command}
        body = json.dumps(message | {"arguments": arguments}).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        return self._sequence

    def _response(self, sequence: int) -> Any:  # noqa: ANN401  # JSON
        while True:
            message = self._receive()
            if message["type"] == "response" and message["request_seq"] == sequence:
                return message.get("body", {})

    def _receive(self) -> _Message:
        length = 0
        while (line := self._reader.readline()) != b"\r\n":
            assert line, "the debugger closed the connection"
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        message: _Message = json.loads(self._reader.read(length))
        if message["type"] == "event":
            self._events.append(message)
        elif not message.get("success", True):
            pytest.fail(f"the debugger refused: {message}")
        return message
