"""An external extension in a container, which the engine's `exec` starts.

https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Exec
"""

from __future__ import annotations

import time
from signal import SIGKILL
from threading import Thread
from typing import TYPE_CHECKING, Final

from samlocal.engine.output import read_output
from samlocal.engine.removal import KILLED
from samlocal.errors import EngineError
from samlocal.sandbox.docker.container.launch_reasons import (
    NOT_EXECUTED,
    reason_of_engine,
    reason_of_shell,
)
from samlocal.sandbox.docker.container.output_marks import OutputMarks
from samlocal.sandbox.docker.container.process import ContainerProcess
from samlocal.sandbox.docker.container.shell_messages import ShellMessages, signal_of
from samlocal.sandbox.future_results import set_error, settle
from samlocal.sandbox.launch_errors import launch_error
from samlocal.sandbox.output import Output
from samlocal.sandbox.sandbox import Exit, Started

if TYPE_CHECKING:
    from samlocal.engine.engine import Engine
    from samlocal.engine.streams import Attached
    from samlocal.sandbox.docker.container.process import Supervision

_FIRST_BYTES: Final = 1024


class ExtensionProcess(ContainerProcess):
    """An extension that is started in a thread, which reads its output to the end.

    With a `token`, a shell starts it and reports about it; see `supervisor_script`.
    """

    def __init__(
        self,
        name: str,
        supervision: Supervision,
        *,
        engine: Engine,
        container_id: str,
        token: str | None,
    ) -> None:
        super().__init__(name, Output(), supervision)
        self._engine = engine
        self._container_id = container_id
        self._messages: ShellMessages | None = None
        if token:
            self._messages = ShellMessages(token, handle=self._handle, log=self._show)
            self.marks = OutputMarks(token, request=self._request_mark, ended=self._end_output)
        self._attached: Attached | None = None
        self._is_closed = False
        self._first_output = b""
        self._beginning = b""
        self._unexplained: Exit | None = None

    def start(self, command: list[str]) -> None:
        """Run the command in the container; return at once."""
        Thread(target=self._run, args=(command,), daemon=True).start()

    def was_killed(self) -> None:
        """Take the supervisor's word that the process has been killed."""
        settle(self.exited, Exit(at=time.monotonic(), status=KILLED, signal=SIGKILL))

    def close(self) -> None:
        """End the thread: its output has ended, or is of no interest."""
        self.output.close()
        self._is_closed = True
        if self._attached:
            self._attached.close()

    def _run(self, command: list[str]) -> None:
        try:
            with self._engine.translated_errors():
                execution = self._engine.api.create_execution(self._container_id, command)
                self._read(self._engine.api.start_execution(execution))
                self._end_output()
                if not self.exited.done():
                    self._end(self._engine.api.execution_status(execution))
        except EngineError as error:
            self._explain(error)
        finally:
            self._end_output()

    def _read(self, attached: Attached) -> None:
        self._attached = attached
        if self._is_closed:  # `close` may have run before the connection was set
            attached.close()
        if self._messages and self.marks:
            pieces = read_output(attached.receive, stderr=self._messages.take)
            pieces = self.marks.strip(pieces)
        else:
            settle(self.started, Started(at=time.monotonic()))
            pieces = read_output(attached.receive)
        for output in pieces:
            self._show(output)

    def _show(self, output: bytes) -> None:
        self._first_output += output[: _FIRST_BYTES - len(self._first_output)]
        self.output.write(output)

    def _handle(self, word: str, details: bytes) -> None:
        if word == "started":
            group, _, self._beginning = details.partition(b" ")
            self.group = int(group)
            settle(self.started, Started(at=time.monotonic()))
        elif word == "refused":
            self._refuse(details.decode(errors="replace"))
        elif word == "exit" and self._messages:
            reported = self._messages.take_exit(details)
            exited = self._supervision.exit_of(self, reported)
            if exited.signal is None and exited.status in NOT_EXECUTED:
                self._unexplained = exited  # its output, which may tell why, is to come
            else:
                settle(self.exited, exited)

    def _end_output(self) -> None:
        if exited := self._unexplained:
            self._unexplained = None
            reason = reason_of_shell(
                self.name,
                exited.status,
                said=self._first_output,
                beginning=self._beginning,
                architecture=self._architecture(),
            )
            if reason:
                self._refuse(reason)
            settle(self.exited, exited)
        settle(self.output_ended, None)

    def _architecture(self) -> str:
        try:
            return self._engine.architecture()
        except EngineError:  # it is lost, which another thread reports
            return ""

    def _end(self, status: int | None) -> None:
        """Settle what nothing was reported about: there is no shell, or it was killed."""
        exited = Exit(at=time.monotonic(), status=status, signal=signal_of(status, None))
        if self._messages is None:
            said = self._first_output.decode(errors="replace")
            if reason := reason_of_engine(self.name, status, said):
                self._refuse(reason)
        settle(self.started, Started(at=exited.at))
        settle(self.exited, exited)

    def _explain(self, error: EngineError) -> None:
        """Fail with the error of a command that the engine does not execute, if the container runs."""
        if self._engine.is_running(self._container_id):
            if reason := reason_of_engine(self.name, None, error.message):
                self._refuse(reason)
            else:
                self.fail(error)
        self._end(None)

    def _refuse(self, reason: str) -> None:
        """Fail because the extension cannot be executed."""
        error = launch_error(self.name, reason)
        set_error(self.started, error)
        set_error(self.exited, error)

    def _request_mark(self) -> None:
        self._supervision.supervisor.mark(self.group)
