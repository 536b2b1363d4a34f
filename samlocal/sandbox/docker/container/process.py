"""A process in a container: the runtime, or what the extensions have in common with it."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, Protocol, cast

from samlocal.sandbox.future_results import set_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.sandbox.docker.container.output_marks import OutputMarks
    from samlocal.sandbox.docker.container.shell_messages import ReportedExit
    from samlocal.sandbox.docker.container.supervisor import Supervisor
    from samlocal.sandbox.output import Output
    from samlocal.sandbox.sandbox import Exit, Started


class Supervision(Protocol):
    """The supervisor of a container, and what is common to all processes."""

    @property
    def supervisor(self) -> Supervisor:
        """The supervisor of the started container."""

    def exit_of(self, process: ContainerProcess, reported: ReportedExit) -> Exit:
        """Return the exit of a process that the supervisor has reported."""

    def require_end(self, process: ContainerProcess) -> None:
        """End the container if the process does not end soon; return at once."""


class ContainerProcess:
    """A process that a supervisor controls; see `Process`.

    Its `group` is that of an extension, None for the runtime. `marks` are those in its output, once it is
    read.
    """

    def __init__(self, name: str, output: Output, supervision: Supervision) -> None:
        self.name = name
        self.started: Future[Started] = Future()
        self.exited: Future[Exit] = Future()
        self.output_ended: Future[None] = Future()
        self.output = output
        self.group: int | None = None
        self.marks: OutputMarks | None = None
        self.is_killed = False
        """Whether samlocal has killed it, and so not the kernel for its memory."""
        self._supervision = supervision

    def terminate(self) -> None:
        self._when_started(lambda supervisor: supervisor.terminate(self.group))

    def kill(self) -> None:
        self.is_killed = True

        def kill(supervisor: Supervisor) -> None:
            supervisor.kill(self.group)
            self._supervision.require_end(self)

        self._when_started(kill)

    def request_flush(self) -> Future[None] | None:
        if self.output_ended.done():
            return self.output_ended
        return self.marks.request() if self.marks and self._can_mark else None

    def flush_output(self) -> None:
        if self.output_ended.done():
            return
        if not (self.marks and self._can_mark and self.marks.wait()):
            self.output.wait_until_quiet()

    @property
    def _can_mark(self) -> bool:
        return self.started.done() and self._supervision.supervisor.can_mark

    def fail(self, error: BaseException) -> None:
        """Let all futures fail that are not done."""
        for future in (self.started, self.exited, self.output_ended):
            set_error(cast("Future[object]", future), error)

    def _when_started(self, command: Callable[[Supervisor], None]) -> None:
        """Give a command about the process to its supervisor, if it has started and not ended."""

        def give(started: Future[Started]) -> None:
            if not (started.exception() or self.exited.done()):
                command(self._supervision.supervisor)

        self.started.add_done_callback(give)
