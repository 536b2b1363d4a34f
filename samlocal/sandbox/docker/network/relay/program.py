"""The relay inside its container: forwards connections in frames to the attached client.

It runs as `python3 -c` in any image with Python 3, so it uses only the standard library of 3.6.
`program.js` is the same for images with Node.js. `frames.py` documents the frames.
"""

import os
import selectors
import socket
import struct
import sys

HEADER = struct.Struct(">BII")
READY, OPEN, DATA, END = range(4)
READ_BYTES = 64 * 1024


class Relay:
    """Serves all connections in one thread; only writes to stdout block, which slows down the senders."""

    def __init__(self, port: int) -> None:
        self.selector = selectors.DefaultSelector()
        self.connections: dict[int, Connection] = {}
        self.incoming = bytearray()
        self.opened = 0
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen(64)

    def run(self) -> None:
        self.selector.register(self.listener, selectors.EVENT_READ, self.accept)
        self.selector.register(0, selectors.EVENT_READ, self.read_frames)
        self.send(READY, self.listener.getsockname()[1])
        while True:
            for key, events in self.selector.select():
                key.data(events)

    def send(self, kind: int, number: int, data: bytes = b"") -> None:
        frame = memoryview(HEADER.pack(kind, number, len(data)) + data)
        while frame:
            frame = frame[os.write(1, frame) :]

    def accept(self, _events: int) -> None:
        self.opened += 1
        client, _ = self.listener.accept()
        self.connections[self.opened] = Connection(self, self.opened, client)
        self.send(OPEN, self.opened)

    def read_frames(self, _events: int) -> None:
        received = os.read(0, READ_BYTES)
        if not received:  # samlocal has ended or closes the relay
            sys.exit()
        self.incoming += received
        while len(self.incoming) >= HEADER.size:
            kind, number, length = HEADER.unpack_from(self.incoming)
            end = HEADER.size + length
            if len(self.incoming) < end:
                break
            data = bytes(self.incoming[HEADER.size : end])
            del self.incoming[:end]
            connection = self.connections.get(number)
            if connection:
                connection.take(data if kind == DATA else None)


class Connection:
    """One client of the Runtime API. Each direction ends independently."""

    def __init__(self, relay: Relay, number: int, client: socket.socket) -> None:
        self.relay = relay
        self.number = number
        self.client = client
        self.pending = bytearray()
        self.reads, self.writes, self.ending = True, True, False
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        relay.selector.register(client, selectors.EVENT_READ, self.ready)

    def ready(self, events: int) -> None:
        if self.number not in self.relay.connections:  # it has ended meanwhile
            return
        if events & selectors.EVENT_WRITE:
            self.write()
        if events & selectors.EVENT_READ and self.reads:
            self.read()
        self.update()

    def take(self, data: "bytes | None") -> None:
        """Queue data for the client; None is the end."""
        if data is None:
            self.ending = True
        elif self.writes:
            self.pending += data
        self.write()
        self.update()

    def read(self) -> None:
        try:
            data = self.client.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.relay.send(DATA, self.number, data)
        else:
            self.reads = False
            self.relay.send(END, self.number)

    def write(self) -> None:
        try:
            while self.pending and self.writes:
                del self.pending[: self.client.send(self.pending)]
            if self.ending and self.writes:
                self.writes = False
                self.client.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            pass
        except OSError:  # the client is gone: the read fails too
            self.writes = False
            self.pending.clear()

    def update(self) -> None:
        """Register for the remaining events; close the connection if there are none."""
        selector = self.relay.selector
        events = selectors.EVENT_READ if self.reads else 0
        events |= selectors.EVENT_WRITE if self.pending and self.writes else 0
        registered = self.client in selector.get_map()
        if events and registered:
            selector.modify(self.client, events, self.ready)
        elif events:
            selector.register(self.client, events, self.ready)
        elif registered:
            selector.unregister(self.client)
        if not (self.reads or self.writes):
            self.client.close()
            self.relay.connections.pop(self.number, None)


Relay(int(sys.argv[1])).run()
