"""An external extension in a container, which the engine's `exec` starts.

https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Exec
"""

from __future__ import annotations

import re
import time
from threading import Thread
from typing import TYPE_CHECKING, Final

from samlocal.engine.output import read_output
from samlocal.engine.removal import KILLED
from samlocal.errors import EngineError, LaunchError
from samlocal.sandbox.docker.container.output_marks import OutputMarks
from samlocal.sandbox.docker.container.process import ContainerProcess, settle
from samlocal.sandbox.docker.container.shell_messages import ShellMessages, signal_of
from samlocal.sandbox.docker.container.supervisor_script import EXTENSIONS_FOLDER
from samlocal.sandbox.output import Output
from samlocal.sandbox.sandbox import Exit, Started

if TYPE_CHECKING:
    from samlocal.engine.engine import Engine
    from samlocal.engine.streams import Attached
    from samlocal.sandbox.docker.container.process import Supervision

_SIGKILL: Final = 9
# The exit statuses of shells, which run a file that the kernel cannot execute as a script, and of engines.
_NOT_STARTED: Final = frozenset({126, 127})
_NOT_EXECUTED: Final = _NOT_STARTED | {2}
_FIRST_BYTES: Final = 1024
# In the output of a command that runc or crun cannot execute.
_REFUSED: Final = re.compile(r"OCI runtime.*exec.*?: (?P<reason>[^:]+?)(: unknown)?\s*$", re.DOTALL)
# The beginning of an ELF file without its zero bytes, which shells drop: class, order, version, ABI, type.
_ELF: Final = re.compile(rb"\x7fELF\x02\x01\x01\x03?[\x02\x03](?P<machine>[\x3e\xb7])")
_MACHINES: Final = {b"\x3e": ("amd64", "x86_64"), b"\xb7": ("arm64", "arm64")}
_HINTS: Final = {
    "permission denied": "make the file in the layer executable: `chmod +x`",
    "exec format error": "an extension is a program for Linux, or a script with `#!` in its first line",
}


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
        settle(self.exited, Exit(at=time.monotonic(), status=KILLED, signal=_SIGKILL))

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
            self.fail(launch_error(self.name, details.decode(errors="replace")))
        elif word == "exit" and self._messages:
            reported = self._messages.take_exit(details)
            exited = self._supervision.exit_of(self, reported)
            if exited.signal is None and exited.status in _NOT_EXECUTED:
                self._unexplained = exited  # its output, which may tell why, is to come
            else:
                settle(self.exited, exited)

    def _end_output(self) -> None:
        if exited := self._unexplained:
            self._unexplained = None
            if error := self._launch_error(exited.status):
                self.fail(error)
            settle(self.exited, exited)
        settle(self.output_ended, None)

    def _end(self, status: int | None) -> None:
        """Settle what nothing was reported about: there is no shell, or it was killed."""
        exited = Exit(at=time.monotonic(), status=status, signal=signal_of(status, None))
        refused = _REFUSED.search(self._first_output.decode(errors="replace"))
        if self._messages is None and refused and status in _NOT_EXECUTED:
            self.fail(launch_error(self.name, refused["reason"]))
        settle(self.started, Started(at=exited.at))
        settle(self.exited, exited)

    def _explain(self, error: EngineError) -> None:
        """Fail with the error of a command that the engine does not execute, if the container runs."""
        try:
            with self._engine.translated_errors():
                state = self._engine.api.container(self._container_id)["State"]
        except EngineError:
            state = {}
        if state.get("Running"):
            refused = _REFUSED.search(error.message)
            self.fail(launch_error(self.name, refused["reason"]) if refused else error)
        self._end(None)

    def _launch_error(self, status: int | None) -> LaunchError | None:
        """Return why the extension could not be executed; None if it was."""
        if (elf := _ELF.match(self._beginning)) is not None:
            name, machine = _MACHINES[elf["machine"]]
            if self._engine.architecture() != name:
                return launch_error(self.name, f"exec format error: it is built for {machine}")
        path = f"{EXTENSIONS_FOLDER}/{self.name}"
        lines = self._first_output.decode(errors="replace").splitlines()
        # The shell runs under the extension's name, which is therefore in its message twice.
        of_shell = len(lines) == 1 and lines[0].startswith(path) and lines[0].count(path) > 1
        if not of_shell or status not in _NOT_STARTED:
            return None
        return launch_error(self.name, "its interpreter or loader is not in the sandbox")

    def _request_mark(self) -> None:
        self._supervision.supervisor.mark(self.group)


def launch_error(name: str, reason: str) -> LaunchError:
    hint = next((each for start, each in _HINTS.items() if reason.startswith(start)), None)
    return LaunchError(f"the extension `{name}` cannot be started: {reason}", hint=hint)
