"""A client of the Runtime API: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.

It speaks HTTP itself: the standard library's client takes longer to import than most functions run.
"""

from __future__ import annotations

import socket
from typing import Dict, Mapping

_BASE = "/2018-06-01/runtime/"
_REFUSED = 300
_ERROR_TYPE = "Lambda-Runtime-Function-Error-Type"

Headers = Dict[str, str]


class RuntimeApiError(Exception):
    """The API refused a request, with a status of HTTP."""

    def __init__(self, path: str, status: int, body: bytes) -> None:
        text = body.decode("utf-8", "replace")
        super().__init__(
            f"Request to Lambda Runtime '{path}' endpoint failed. Reason: '{status}'. Response body: '{text}'"
        )
        self.status = status


class RuntimeApi:
    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._address = (host, int(port))
        self._host = address
        self._socket: socket.socket | None = None
        self._unread = b""

    def next_invocation(self) -> tuple[Headers, bytes]:
        """Return the headers of the next invocation, their names in lower case, and its event; wait for it."""
        return self._request("GET", "invocation/next")

    def respond(self, request_id: str, body: bytes, content_type: str) -> None:
        self._request(
            "POST", f"invocation/{request_id}/response", body, {"Content-Type": content_type}
        )

    def report_error(self, request_id: str, body: bytes) -> None:
        self._request("POST", f"invocation/{request_id}/error", body)

    def report_init_error(self, body: bytes, type_: str) -> None:
        self._request("POST", "init/error", body, {_ERROR_TYPE: type_})

    def wait_for_restore(self) -> None:
        self._request("GET", "restore/next")

    def report_restore_error(self, body: bytes) -> None:
        self._request("POST", "restore/error", body, {_ERROR_TYPE: "Runtime.AfterRestoreError"})

    def _request(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[Headers, bytes]:
        fields = {"Host": self._host, "User-Agent": "samlocal", **(headers or {})}
        if method == "POST":
            fields.setdefault("Content-Type", "application/json")
            fields["Content-Length"] = str(len(body))
        lines = [f"{method} {_BASE}{path} HTTP/1.1", *(f"{key}: {fields[key]}" for key in fields)]
        request = "\r\n".join([*lines, "", ""]).encode("latin-1") + body
        status, answered, content = self._exchange(request)
        if status >= _REFUSED:
            raise RuntimeApiError(_BASE + path, status, content)
        return answered, content

    def _exchange(self, request: bytes) -> tuple[int, Headers, bytes]:
        """Return the answer to a request; a connection that the server has closed meanwhile is replaced."""
        if self._socket is not None:
            try:
                return self._send(self._socket, request)
            except ConnectionError:
                self._close()
        self._socket = socket.create_connection(self._address)
        # The user's code may have set another default: the next event may take its time.
        self._socket.settimeout(None)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._send(self._socket, request)

    def _send(self, connection: socket.socket, request: bytes) -> tuple[int, Headers, bytes]:
        try:
            connection.sendall(request)
        except ConnectionError:  # a large body: the answer may be there already
            status, headers, body = self._receive(connection)
            self._close()
            return status, headers, body
        status, headers, body = self._receive(connection)
        if headers.get("connection", "").lower() == "close":
            self._close()
        return status, headers, body

    def _receive(self, connection: socket.socket) -> tuple[int, Headers, bytes]:
        first = self._line(connection)
        headers: Headers = {}
        while line := self._line(connection):
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = self._chunks(connection)
        else:
            body = self._bytes(connection, int(headers.get("content-length", "0")))
        return int(first.split(" ")[1]), headers, body

    def _chunks(self, connection: socket.socket) -> bytes:
        chunks = []
        while size := int(self._line(connection).partition(";")[0], 16):
            chunks.append(self._bytes(connection, size))
            self._line(connection)
        while self._line(connection):  # trailers
            pass
        return b"".join(chunks)

    def _line(self, connection: socket.socket) -> str:
        while b"\r\n" not in self._unread:
            self._fill(connection)
        line, _, self._unread = self._unread.partition(b"\r\n")
        return line.decode("latin-1")

    def _bytes(self, connection: socket.socket, size: int) -> bytes:
        pieces = [self._unread]
        missing = size - len(self._unread)
        while missing > 0:
            piece = connection.recv(max(missing, 65536))
            if not piece:
                raise ConnectionResetError("the Runtime API closed the connection")
            pieces.append(piece)
            missing -= len(piece)
        received = b"".join(pieces)
        self._unread = received[size:]
        return received[:size]

    def _fill(self, connection: socket.socket) -> None:
        received = connection.recv(65536)
        if not received:
            raise ConnectionResetError("the Runtime API closed the connection")
        self._unread += received

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self._unread = None, b""
