from __future__ import annotations

from threading import Thread
from types import SimpleNamespace

import pytest

from samlocal.engine.engine_api import ApiError
from samlocal.engine.streams import attached
from samlocal.errors import EngineError
from samlocal.sandbox.docker.network.relay import relay as relay_module
from samlocal.sandbox.docker.network.relay.relay import Relay
from tests.unit.engine.fakes import Connection, fake_engine


@pytest.mark.parametrize("moment", ["attach", "thread"])
def test_relay_that_is_closed_while_it_attaches(
    monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Its connection is closed, and its thread ended, although its container never starts."""
    connection = Connection()

    class LateThread(Thread):
        def start(self) -> None:
            if moment == "thread":
                relay.close()
            super().start()

    monkeypatch.setattr(relay_module, "Thread", LateThread)

    def attach(_container_id: str, *, stdin: bool) -> object:
        assert stdin
        if moment == "attach":
            relay.close()
        return attached(connection, b"")

    def refuse(_container_id: str, *, force: bool = False) -> None:
        del force
        raise ApiError(404, "no such container")

    engine = fake_engine(attach=attach, api=SimpleNamespace(remove_container=refuse, start=refuse))
    relay = Relay(engine, "1", target=("127.0.0.1", 1), lost=lambda _error: None)
    with connection.sock, connection.container:
        with pytest.raises(EngineError):
            relay.start(None)
        assert relay._reader
        relay._reader.join(10)
        assert connection.is_closed
        with pytest.raises(ConnectionRefusedError):
            relay.connect(8080)
