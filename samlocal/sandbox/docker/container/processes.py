"""The processes of one container: what starts them, and how they end."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from signal import SIGKILL
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Final

from samlocal.errors import EnvironmentUnusableError, SandboxError
from samlocal.sandbox.docker.container.extension_listing import may_have_extensions
from samlocal.sandbox.docker.container.output_marks import new_token
from samlocal.sandbox.docker.container.process import ContainerProcess
from samlocal.sandbox.docker.container.supervisor import ShellSupervisor
from samlocal.sandbox.docker.container.supervisor_script import single_script, supervisor_script
from samlocal.sandbox.future_results import set_error, settle
from samlocal.sandbox.sandbox import Exit, Started

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.engine.engine import Engine
    from samlocal.engine.streams import Attached
    from samlocal.sandbox.container_spec import ContainerSpec
    from samlocal.sandbox.docker.container.extension_process import ExtensionProcess
    from samlocal.sandbox.docker.container.function_container import FunctionContainer
    from samlocal.sandbox.docker.container.output_marks import OutputMarks
    from samlocal.sandbox.docker.container.shell_messages import ReportedExit
    from samlocal.sandbox.docker.container.supervisor import Supervisor
    from samlocal.sandbox.output import Output

# Longer than a supervisor needs to carry out a command.
_END_SECONDS: Final = 2.0
# Options for another process 1, or another PID namespace.
_OPTIONS_OF_PROCESS_1: Final = frozenset({"init", "pid_mode"})


class Processes:
    """The runtimes and extensions of one container, which a supervisor controls.

    The methods about what has happened are called by the thread that reads the supervisor's messages.
    """

    def __init__(self, spec: ContainerSpec, engine: Engine, output: Output) -> None:
        self.token = new_token()
        self.extensions: Future[tuple[str, ...]] = Future()
        self.runtime = ContainerProcess("runtime", output, self)
        self._spec = spec
        self._engine = engine
        self._container: FunctionContainer | None = None
        self._supervisor: Supervisor | None = None
        self._marks: OutputMarks | None = None
        self._unread = deque([self.runtime])
        self._started_extensions: list[ExtensionProcess] = []
        self._oom_kills = 0
        self._clearings: deque[Future[None]] = deque()
        self._starting = Lock()
        # How the container, which has ended, ends its runtimes.
        self._end: Callable[[ContainerProcess], None] | None = None
        if not may_have_extensions(spec):
            self.extensions.set_result(())
        self.has_input = self._listens or not self.extensions.done()
        """Whether process 1 reads commands from its input."""

    def script(self) -> str:
        """Return the script of process 1."""
        if not self.has_input:
            return single_script(self.token)
        lists = not self.extensions.done()
        return supervisor_script(self.token, lists=lists, listens=self._listens)

    @property
    def _listens(self) -> bool:
        sandbox = self._spec.sandbox
        return sandbox.is_reused or sandbox.grace_seconds > 0 or not self._is_process_1

    @property
    def _is_process_1(self) -> bool:
        """Whether the supervisor certainly is the process 1 of a PID namespace of its own."""
        return not any(self._spec.engine_options.get(each) for each in _OPTIONS_OF_PROCESS_1)

    @property
    def supervisor(self) -> Supervisor:
        if self._supervisor is None:
            raise EnvironmentUnusableError("the sandbox has not started")
        return self._supervisor

    @property
    def can_restart(self) -> bool:
        return self._supervisor is not None and self._supervisor.can_restart

    def supervise(
        self, container: FunctionContainer, attached: Attached, marks: OutputMarks | None
    ) -> None:
        """Control a container that is about to start; without a shell it has no marks."""
        self._container = container
        self._marks = self.runtime.marks = marks
        if marks is None:
            from samlocal.sandbox.docker.container.supervisor import InitSupervisor  # noqa: PLC0415  # few need it

            self._supervisor = InitSupervisor(self._engine, container.id)
            return
        self._supervisor = ShellSupervisor(
            self._engine,
            container.id,
            self.token,
            send=attached.send if self.has_input else None,
            listens=self._listens,
            can_restart=self._is_process_1,
        )

    def container_started(self, started: Started) -> None:
        """The container has started, and its runtime too, unless it is held."""
        if self._marks is None and not self.extensions.done():
            self._list_without_shell()

        def start_runtime(extensions: Future[tuple[str, ...]]) -> None:
            if not (extensions.exception() or self._holds_runtime(extensions.result())):
                settle(self.runtime.started, started)

        self.extensions.add_done_callback(start_runtime)

    def _holds_runtime(self, extensions: tuple[str, ...]) -> bool:
        return bool(extensions and self._marks)

    def _list_without_shell(self) -> None:
        from samlocal.sandbox.docker.container.extension_listing import list_extensions  # noqa: PLC0415  # few need it

        container_id = self._container.id if self._container else ""
        try:
            names = list_extensions(self._engine, container_id)
        except SandboxError as error:
            if self._engine.is_running(container_id):
                set_error(self.extensions, error)
            # Otherwise whoever waits for its end knows why.
        else:
            settle(self.extensions, names)

    def start_runtime(self) -> ContainerProcess:
        with self._starting:
            runtime = self.runtime
            if runtime.exited.done():
                runtime = ContainerProcess("runtime", runtime.output, self)
                runtime.marks = self._marks
                self._unread.append(runtime)
                self.runtime = runtime
            if self._end:
                self._end(runtime)
            elif not runtime.started.done():
                self.supervisor.start()
                settle(runtime.started, Started(at=time.monotonic()))
            return runtime

    def start_extension(self, name: str) -> ExtensionProcess:
        from samlocal.sandbox.docker.container.extension_listing import command_of  # noqa: PLC0415  # few need it
        from samlocal.sandbox.docker.container.extension_process import ExtensionProcess  # noqa: PLC0415

        if self._container is None:
            raise EnvironmentUnusableError("the sandbox has not started")
        token = self.token if self._marks else None
        extension = ExtensionProcess(
            name, self, engine=self._engine, container_id=self._container.id, token=token
        )
        self._started_extensions.append(extension)
        extension.start(command_of(name, token, self._container.variables))
        return extension

    def kill(self) -> Future[None]:
        """Kill all processes; see `Sandbox.kill_processes`."""
        killed: Future[None] = Future()
        with self._starting:
            if self.supervisor.listens and not self._end:
                self._clearings.append(killed)
            else:  # a shell without commands does so before it runs the next runtime
                killed.set_result(None)
        processes = [
            each for each in (self.runtime, *self._started_extensions) if not each.exited.done()
        ]
        running = [each for each in processes if each.started.done()]
        for process in running:
            process.is_killed = True
        if running or not killed.done():
            self.supervisor.clear()
        self._require(killed)
        for process in running:
            self.require_end(process)
        for extension in self._started_extensions:
            if extension not in running:  # the engine is starting it
                extension.kill()
        return killed

    def close(self) -> None:
        """Read no more of the extensions' output."""
        for extension in self._started_extensions:
            extension.close()

    def found_extensions(self, names: bytes) -> None:
        """The supervisor has listed the extensions, as `/NAME…`."""
        found = sorted(names.decode(errors="surrogateescape").split("/")[1:])
        if found and isinstance(self._supervisor, ShellSupervisor):
            self._supervisor.listens = True
        settle(self.extensions, tuple(found))

    def were_killed(self, group: bytes) -> None:
        """The supervisor has killed an extension, or all if it names no group."""
        # Whoever learns of it may start the next ones at once.
        for extension in tuple(self._started_extensions):
            if not group or (extension.group is not None and extension.group == int(group)):
                extension.was_killed()
        if not group and self._clearings:
            settle(self._clearings.popleft(), None)

    def runtime_output_ended(self) -> None:
        """The output of the oldest runtime has been read whose output had not ended."""
        if self._unread:
            settle(self._unread.popleft().output_ended, None)

    def exit_of(self, process: ContainerProcess, reported: ReportedExit) -> Exit:
        # It goes on if the kernel has killed a child of it.
        was_killed = reported.signal == SIGKILL and not process.is_killed
        return Exit(
            at=time.monotonic(),
            status=reported.status,
            signal=reported.signal,
            out_of_memory=self._is_out_of_memory(reported.oom_kills) and was_killed,
        )

    def _is_out_of_memory(self, kills: int | None) -> bool:
        """Return whether the kernel has killed a process for its memory since the last exit."""
        if kills is None:
            kills = self._container.oom_kills() if self._container else 0
        before, self._oom_kills = self._oom_kills, kills
        return kills > before

    def require_end(self, process: ContainerProcess) -> None:
        self._require(process.exited)

    def _require(self, end: Future[Any]) -> None:
        """End the container if this is not done soon; return at once."""
        if not end.done():
            Thread(target=self._wait_for, args=(end,), daemon=True).start()

    def _wait_for(self, end: Future[Any]) -> None:
        with suppress(SandboxError):
            try:
                end.result(_END_SECONDS)
            except TimeoutError:
                if self._container:
                    self._container.stop()

    def container_ended(self, ended: Exit) -> None:
        """The container has ended, and its last runtime with it; the output of extensions ends too."""
        settle(self.extensions, ())

        def end(runtime: ContainerProcess) -> None:
            settle(runtime.started, Started(at=ended.at))
            settle(runtime.exited, ended)
            settle(runtime.output_ended, None)

        self._end_runtimes(end)

    def fail(self, error: BaseException) -> None:
        """Let all futures fail that are not done."""
        set_error(self.extensions, error)
        self._end_runtimes(lambda runtime: runtime.fail(error))
        for extension in self._started_extensions:
            extension.fail(error)

    def _end_runtimes(self, end: Callable[[ContainerProcess], None]) -> None:
        """End the present runtime and all that are still to start; the first cause counts."""
        with self._starting:
            self._end = self._end or end
            self._end(self.runtime)
            for killed in self._clearings:
                settle(killed, None)
