"""An engine without containers: it starts threads and processes of this machine."""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import subprocess
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler
from itertools import count
from socketserver import ThreadingMixIn, UnixStreamServer
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from tests.functional.execution.fakes import FakeProcess, Runtime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.functional.execution.fakes import Program

_KILLED = 137
_READ_BYTES = 64 * 1024
_FRAME = struct.Struct(">BxxxL")
_UPGRADED = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"


@dataclass(kw_only=True)
class Container:
    """One of an engine's `containers`. `stream` is the attached connection."""

    id: str
    config: dict[str, Any]
    containers: dict[str, Container] = field(repr=False)
    stopped: Event = field(default_factory=Event)
    ended: Event = field(default_factory=Event)
    status: int = 0
    stream: socket.socket | None = None
    process: subprocess.Popen[bytes] | None = None

    @property
    def kind(self) -> str:
        return "relay" if "samlocal.relay" in self.config["Labels"] else "function"

    def start(self, program: Program) -> None:
        if self.kind == "relay":
            self._start_process()
        else:
            Thread(target=self._run, args=(program,), daemon=True).start()

    def end(self, status: int) -> None:
        """Be over, unless that has happened before."""
        self.stopped.set()
        if not self.ended.is_set():
            self.status = status
            self.containers.pop(self.id, None)
            self.ended.set()
        if self.process:
            self.process.kill()
            self.process.wait()
        if self.stream:
            with suppress(OSError):
                self.stream.shutdown(socket.SHUT_RDWR)

    def _run(self, program: Program) -> None:
        variables = dict(each.split("=", 1) for each in self.config["Env"])
        host, port = variables["AWS_LAMBDA_RUNTIME_API"].split(":")
        status = 1
        with suppress(OSError, HTTPException, KeyError):  # its API has gone in the middle of a call
            process = FakeProcess("runtime", killed=self.stopped)
            status = program(Runtime((host, int(port)), process, number=1))
        self.end(status)

    def _start_process(self) -> None:
        """Run the relay's own program here; what it writes goes to whoever is attached, and back."""
        command = [*self.config["Entrypoint"], *self.config["Cmd"]]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        Thread(target=self._write, args=(self.process,), daemon=True).start()
        Thread(target=self._read, args=(self.process,), daemon=True).start()

    def _write(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin
        assert self.stream
        with suppress(OSError), process.stdin:
            while data := self.stream.recv(_READ_BYTES):
                process.stdin.write(data)
                process.stdin.flush()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout
        assert self.stream
        with suppress(OSError), process.stdout as output:
            while data := os.read(output.fileno(), _READ_BYTES):
                self.stream.sendall(_FRAME.pack(1, len(data)) + data)
        self.end(process.wait())


class FakeEngine(ThreadingMixIn, UnixStreamServer):
    """Serves the part of the Engine API that an invocation needs; each function's container runs `program`.

    Like any engine it removes a container that has ended. `ends` says which ones a client ended and how, in that order.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, path: Path, program: Program) -> None:
        super().__init__(str(path), _Handler)
        self.address = f"unix://{path}"
        self.program = program
        self.containers: dict[str, Container] = {}
        self.ends: list[str] = []
        self.guard = Lock()
        self._numbers = count(1)

    def create(self, config: dict[str, Any]) -> Container:
        with self.guard:
            container = Container(
                id=f"{next(self._numbers):064x}", config=config, containers=self.containers
            )
            self.containers[container.id] = container
        return container


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeEngine

    def address_string(self) -> str:
        return "a socket"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self._answer({})

    def do_GET(self) -> None:
        answers: dict[str, object] = {
            "/_ping": {},
            "/info": {"Name": socket.gethostname()},
            "/networks/bridge": {"IPAM": {"Config": [{"Gateway": "127.0.0.1"}]}},
            "/images/json": [],
            "/containers/json": [],
            "/events": {"Action": "die"},
        }
        path = self._path
        if path in answers:
            self._answer(answers[path])
        elif path.startswith("/images/"):
            self._answer({"Config": {"Entrypoint": ["/lambda-entrypoint.sh"]}})
        elif self._container:
            self._answer(
                {
                    "State": {"Pid": 0, "StartedAt": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"},
                    "NetworkSettings": {"Networks": {}},
                }
            )
        else:
            self._refuse()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        container = self._container
        action = self._path.rpartition("/")[2]
        if action == "create":
            self._answer({"Id": self.server.create(json.loads(body)).id}, status=201)
        elif container is None:
            self._refuse()
        elif action == "attach":
            self._attach(container)
        elif action == "start":
            container.start(self.server.program)
            self._answer({})
        elif action == "wait":
            container.ended.wait()
            self._answer({"StatusCode": container.status})
        elif action == "kill":
            self._end(container, "kill")
        else:
            self._refuse()

    def do_DELETE(self) -> None:
        container = self._container
        if container:
            self._end(container, "remove")
        else:
            self._refuse()

    @property
    def _path(self) -> str:
        return re.sub(r"^/v[\d.]+|\?.*$", "", self.path)

    @property
    def _container(self) -> Container | None:
        parts = self._path.split("/")
        return self.server.containers.get(parts[2]) if parts[1] == "containers" else None

    def _end(self, container: Container, how: str) -> None:
        self.server.ends.append(f"{how} {container.kind}")
        container.end(_KILLED)
        self._answer({})

    def _attach(self, container: Container) -> None:
        # Whoever reads that it is attached may start the container.
        container.stream = self.connection
        self.wfile.write(_UPGRADED)
        container.ended.wait()
        self.close_connection = True

    def _answer(self, body: object, *, status: int = 200) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Api-Version", "1.41")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _refuse(self) -> None:
        self._answer({"message": f"this engine has no {self.command} {self._path}"}, status=404)


@contextmanager
def fake_engine(path: Path, program: Program) -> Iterator[FakeEngine]:
    """Serve an engine at a socket until the block ends."""
    with FakeEngine(path, program) as engine:
        Thread(target=engine.serve_forever, daemon=True).start()
        try:
            yield engine
        finally:
            engine.shutdown()
            for container in list(engine.containers.values()):
                container.end(_KILLED)
