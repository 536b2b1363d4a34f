"""The relay inside its container: forwards connections in frames to the attached client.

It runs as `python3 -c` in any image with Python 3, so it uses only the standard library of 3.6.
`program.js` is the same for images with Node.js. `frames.py` documents the frames.
"""

import errno
import os
import selectors
import socket
import struct
import sys

HEADER = struct.Struct(">BII")
NUMBER = struct.Struct(">I")
READY, OPEN, DATA, END, CONNECT, BROKEN, TAKEN = range(7)
READ_BYTES = 64 * 1024
WINDOW_BYTES = 1024 * 1024
ACKNOWLEDGED_BYTES = WINDOW_BYTES // 4
HOST_NAME = "sandbox.localdomain"
RESET = struct.pack("ii", 1, 0)


class Relay:
    """Serves all connections in one thread; only writes to stdout block, which slows down the senders."""

    def __init__(self, port: int) -> None:
        self.selector = selectors.DefaultSelector()
        self.connections: dict[int, Connection | Attempt] = {}
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
        client, _ = self.listener.accept()
        self.opened += 1
        self.open(self.opened, client)

    def open(self, number: int, client: socket.socket) -> None:
        self.connections[number] = Connection(self, number, client)
        self.send(OPEN, number)

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
                connection.take(kind, data)
            elif kind == CONNECT:
                Attempt(self, number, NUMBER.unpack(data)[0])


class Attempt:
    """A connection to a program in the sandbox that is not open yet. Its addresses are tried in turn."""

    def __init__(self, relay: Relay, number: int, port: int) -> None:
        self.relay = relay
        self.number = number
        self.port = port
        self.addresses = own_addresses()
        relay.connections[number] = self
        self.try_next()

    def try_next(self) -> None:
        while self.addresses:
            address = self.addresses.pop(0)
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            try:
                self.client = socket.socket(family)
                self.client.setblocking(False)
                status = self.client.connect_ex((address, self.port))
            except (OSError, OverflowError):  # no IPv6, or no such port
                continue
            if status in (0, errno.EINPROGRESS):
                self.relay.selector.register(self.client, selectors.EVENT_WRITE, self.ready)
                return
            self.client.close()
        self.end()
        self.relay.send(BROKEN, self.number)

    def ready(self, _events: int) -> None:
        if self.relay.connections.get(self.number) is not self:  # it has ended meanwhile
            return
        self.relay.selector.unregister(self.client)
        if self.client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self.client.close()
            self.try_next()
        else:
            self.relay.open(self.number, self.client)

    def take(self, _kind: int, _data: bytes) -> None:
        """End, because samlocal has given up: it sends nothing else."""
        self.relay.selector.unregister(self.client)
        self.client.close()
        self.end()

    def end(self) -> None:
        del self.relay.connections[self.number]


class Connection:
    """An open connection. Each direction ends independently."""

    def __init__(self, relay: Relay, number: int, client: socket.socket) -> None:
        self.relay = relay
        self.number = number
        self.client = client
        self.pending = bytearray()
        self.window, self.taken = WINDOW_BYTES, 0
        self.reads, self.writes, self.ending = True, True, False
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        relay.selector.register(client, selectors.EVENT_READ, self.ready)

    def ready(self, events: int) -> None:
        if self.relay.connections.get(self.number) is not self:  # it has ended meanwhile
            return
        if events & selectors.EVENT_WRITE:
            self.write()
        if events & selectors.EVENT_READ and self.reads and self.window > 0:
            self.read()
        self.update()

    def take(self, kind: int, data: bytes) -> None:
        """Take a frame of the connection."""
        if kind == DATA:
            self.pending += data
        elif kind == END:
            self.ending = True
        elif kind == TAKEN:
            self.window += NUMBER.unpack(data)[0]
        else:
            self.reads = self.writes = False
        self.write()
        self.update()

    def read(self) -> None:
        try:
            data = self.client.recv(min(READ_BYTES, self.window))
        except BlockingIOError:
            return
        except OSError:
            self.fail()
            return
        if data:
            self.window -= len(data)
            self.relay.send(DATA, self.number, data)
        else:
            self.reads = False
            self.relay.send(END, self.number)

    def write(self) -> None:
        try:
            while self.pending and self.writes:
                sent = self.client.send(self.pending)
                del self.pending[:sent]
                self.acknowledge(sent)
            if self.ending and self.writes:
                self.writes = False
                self.client.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            pass
        except OSError:
            self.fail()

    def acknowledge(self, sent: int) -> None:
        self.taken += sent
        if self.taken >= ACKNOWLEDGED_BYTES:
            self.relay.send(TAKEN, self.number, NUMBER.pack(self.taken))
            self.taken = 0

    def fail(self) -> None:
        """End both directions, because the program has closed its side."""
        self.reads = self.writes = False
        self.relay.send(BROKEN, self.number)

    def update(self) -> None:
        """Register for the remaining events; close the connection if there are none."""
        selector = self.relay.selector
        events = selectors.EVENT_READ if self.reads and self.window > 0 else 0
        events |= selectors.EVENT_WRITE if self.pending and self.writes else 0
        registered = self.client in selector.get_map()
        if events and registered:
            selector.modify(self.client, events, self.ready)
        elif events:
            selector.register(self.client, events, self.ready)
        elif registered:
            selector.unregister(self.client)
        if not (self.reads or self.writes):
            self.close()

    def close(self) -> None:
        if not self.ending:  # broken off: the program must not take it for an ordinary end
            self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.client.close()
        self.relay.connections.pop(self.number, None)


def own_addresses() -> "list[str]":
    """Return the sandbox's addresses: that of its host name first, because programs listen there."""
    addresses = []
    try:
        with open("/etc/hosts") as hosts:  # noqa: PTH123  # `pathlib` takes long to import
            for line in hosts:
                address, *names = line.partition("#")[0].split() or [""]
                if HOST_NAME in names:
                    addresses.append(address)
    except OSError:
        pass
    return [*addresses, "127.0.0.1", "::1"]


Relay(int(sys.argv[1])).run()
