"""A sandbox whose program listens on several hosts, and sends back what it gets."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

from samlocal.sandbox.container_spec import ContainerNetwork, ContainerSpec, ImageRequest
from samlocal.sandbox.docker.sandbox import DockerSandbox
from samlocal.sandbox.sandbox import SandboxSpec
from tests.docker.python_container import NoProgress
from tests.free_ports import free_ports

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from samlocal.engine.engine import Engine
    from samlocal.sandbox.container_spec import ApiConnection

SECONDS = 60
MIB = 1024 * 1024
HOSTS = ("0.0.0.0", "127.0.0.1", "sandbox.localdomain", "sandbox")  # noqa: S104  # the sandbox's
# Each listens at its hosts on a port of its own, then connects to the Runtime API.
PYTHON = """\
import os, socket, sys, threading

def echo(connection):
    with connection:
        while data := connection.recv(65536):
            connection.sendall(data)

def serve(listener):
    while True:
        threading.Thread(target=echo, args=(listener.accept()[0],)).start()

for argument in sys.argv[1:]:
    host, _, port = argument.partition("=")
    listener = socket.create_server((host, int(port)), backlog=128)
    threading.Thread(target=serve, args=(listener,)).start()
api, _, port = os.environ["AWS_LAMBDA_RUNTIME_API"].partition(":")
socket.create_connection((api, int(port))).close()
"""
NODE = """\
const net = require("net");
const listening = process.argv.slice(1).map((argument) => {
  const [host, port] = argument.split("=");
  const server = net.createServer({ allowHalfOpen: true }, (connection) => connection.pipe(connection));
  return new Promise((ready) => server.listen({ port: Number(port), host, backlog: 128 }, ready));
});
Promise.all(listening).then(() => {
  const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
  net.connect(Number(port), host).end();
});
"""


class Way(NamedTuple):
    """An API connection, an image for the program and the relay, a network, and a chosen host name."""

    connection: ApiConnection
    image: str = "python:3.11"
    network: str | None = None
    host_name: str | None = None


class Running(NamedTuple):
    """A sandbox whose program listens on `ports` by host."""

    sandbox: DockerSandbox
    engine: Engine
    container_id: str
    ports: dict[str, int]
    api: socket.socket


@contextmanager
def listening(engine: Engine, image: str, way: Way) -> Iterator[Running]:
    """Run a sandbox whose program listens on a port for each of `HOSTS`."""
    ports = dict(zip(HOSTS, free_ports(len(HOSTS)), strict=True))
    with DockerSandbox(_spec(way, image, ports), engine, progress=NoProgress()) as sandbox:
        api = sandbox.listening.result(SECONDS)
        api.settimeout(SECONDS)
        sandbox.started.result(SECONDS)
        calling, peer = api.accept()
        with calling:
            assert sandbox.accepts_peer(*peer)
        assert sandbox._container
        yield Running(sandbox, engine, sandbox._container.id, ports, api)


def _spec(way: Way, image: str, ports: dict[str, int]) -> ContainerSpec:
    arguments = [f"{host}={port}" for host, port in ports.items()]
    program = ("node", "-e", NODE) if "nodejs" in image else ("python3", "-uc", PYTHON)
    return ContainerSpec(
        sandbox=SandboxSpec(
            function="Listens",
            project=Path(__file__),
            environment={},
            memory_mb=256,
            entrypoint=program,
            command=tuple(arguments),
            family=way.image.partition(":")[0],
        ),
        image=ImageRequest(name=image),
        network=ContainerNetwork(name=way.network),
        api_connection=way.connection,
        engine_options={"hostname": way.host_name} if way.host_name else {},
    )


def echoed(connection: socket.socket, data: bytes) -> bytes:
    """Send data while what comes back is read; return that."""
    Thread(target=connection.sendall, args=(data,), daemon=True).start()
    received = bytearray()
    connection.settimeout(SECONDS)
    while len(received) < len(data) and (more := connection.recv(MIB)):
        received += more
    return bytes(received)
