"""An engine for tests, with any given attributes, and what the real one does about errors."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import cast

from samlocal.engine.engine import Engine


class Connection:
    """Both ends of a container's attached connection."""

    is_tls = False

    def __init__(self) -> None:
        self.sock, self.container = socket.socketpair()

    def close(self) -> None:
        self.sock.close()

    @property
    def is_closed(self) -> bool:
        return self.sock.fileno() == -1


class _FakeEngine(SimpleNamespace):
    address = "unix:///engine.sock"
    translated_errors = Engine.translated_errors
    find_container = Engine.find_container
    is_running = Engine.is_running


def fake_engine(**attributes: object) -> Engine:
    return cast("Engine", _FakeEngine(**attributes))
