"""An invocation that the service rehearses as it starts, so that every command finds modules and caches ready."""

from __future__ import annotations

import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from samlocal.invocation import InvocationResult, Phase, Report
from samlocal.service.fleet_messages import (
    Accepted,
    Began,
    Chunk,
    Ended,
    Line,
    Output,
    Result,
    Taken,
    encode,
)
from samlocal.service.session import Session, begin_session
from samlocal.service.zygote import set_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from samlocal.sandbox.backend import Backend

_TEMPLATE: Final = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: dev}
Globals:
  Function: {Timeout: 5, Environment: {Variables: {STAGE: !Ref Stage}}}
Resources:
  Rehearsal:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: ., Handler: app.handler, Runtime: python3.13, MemorySize: 256}
"""
_SAMCONFIG: Final = """\
version = 0.1
[default.local_invoke.parameters]
keep_warm = "5m"
"""
_FILES: Final = {
    "template.yaml": _TEMPLATE,
    "samconfig.toml": _SAMCONFIG,
    "event.json": '{"message": "hey"}',
    "app.py": "",
}
_COMMAND: Final = ("samlocal", "local", "invoke", "Rehearsal", "-e", "event.json")


def rehearse(run: Callable[[], int]) -> None:
    """Run an invocation by `run`, in a project that is made for it and with a fleet that only answers."""
    environment, arguments, directory = dict(os.environb), sys.argv, Path.cwd()
    with TemporaryDirectory(prefix="samlocal-") as folder:
        for name, content in _FILES.items():
            Path(folder, name).write_text(content)
        os.chdir(folder)
        set_environment({b"HOME": folder.encode(), b"PATH": os.environb.get(b"PATH", b"")})
        sys.argv = list(_COMMAND)
        begin_session(_Rehearsal())
        try:
            code = run()
        finally:
            os.chdir(directory)
            set_environment(environment)
            sys.argv = arguments
            begin_session(None)
    if code:
        raise SystemExit(code)


class _Rehearsal(Session):
    """A session whose fleet has answered already."""

    def __init__(self) -> None:
        control, _ = socket.socketpair()
        super().__init__(control, client=os.getpid())

    def connect_fleet(self, backend: Backend, variables: Mapping[str, str]) -> int:
        del backend, variables
        ours, theirs = socket.socketpair()
        report = Report(request_id="", duration_ms=1.0, memory_size_mb=256, max_memory_used_mb=None)
        phase = Phase(name="invoke", start=datetime.now(UTC), duration_ms=1.0)
        result = InvocationResult(outcome="success", payload=b"", report=report, phases=(phase,))
        answers = (
            Accepted(),
            Line("START"),
            Output(b"output\n"),
            Began("application/json", "buffered"),
            Chunk(b"{}"),
            Ended(None),
            Result(result),
        )
        encode(Taken())
        with ours:
            ours.sendall(b"".join(map(encode, answers)))
            ours.shutdown(socket.SHUT_WR)
            self._kept = ours.dup()
        return theirs.detach()
