"""A sandbox in a container, from its listener to its removal."""

from __future__ import annotations

import logging
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Final, Self, cast

from samlocal.engine.leftovers import remove_leftovers
from samlocal.engine.removal import KILLED, remove, wait_for_end
from samlocal.errors import EngineError, SandboxError
from samlocal.sandbox.docker.container.container_factory import ContainerFactory
from samlocal.sandbox.docker.container.function_container import FunctionContainer
from samlocal.sandbox.docker.container.output_reader import OutputReader
from samlocal.sandbox.docker.container.processes import Processes
from samlocal.sandbox.docker.image_preparation import ImagePreparation
from samlocal.sandbox.docker.network.api_listener import ApiListener
from samlocal.sandbox.docker.network.reachability import reaches, reaches_from_new_container
from samlocal.sandbox.docker.start_clock import StartClock
from samlocal.sandbox.future_results import set_error, settle
from samlocal.sandbox.output import Output
from samlocal.sandbox.sandbox import Exit

if TYPE_CHECKING:
    import socket

    from samlocal.engine.engine import Engine
    from samlocal.engine.images.policy import ImageProgress
    from samlocal.sandbox.container_spec import ContainerSpec
    from samlocal.sandbox.sandbox import Debugger, Process, Started

_log = logging.getLogger(__name__)

# The longest wait for the removal of a container.
_REMOVAL_SECONDS: Final = 15.0
# The longest wait for the last output of a function.
_LAST_OUTPUT_SECONDS: Final = 2.0


class DockerSandbox:
    """A container of the function's image, which connects to the Runtime API here.

    Entering the `with` block returns at once. A thread opens the listening socket, then creates and starts
    the container. Leaving the block removes the container in any state.
    """

    def __init__(self, spec: ContainerSpec, engine: Engine, *, progress: ImageProgress) -> None:
        self.listening: Future[socket.socket] = Future()
        self.started: Future[Started] = Future()
        self.exited: Future[Exit] = Future()
        self.logs_ended: Future[None] = Future()
        self.output = Output()
        self._processes = Processes(spec, engine, self.output)
        self.extensions = self._processes.extensions
        self._spec = spec
        self._engine = engine
        self._factory = ContainerFactory(engine, pull=self._pull)
        self._images = ImagePreparation(engine, progress, cancelled=lambda: self._factory.is_closed)
        self._api = ApiListener(engine, lost=self._fail)
        self._clock = StartClock()
        self._container: FunctionContainer | None = None
        self._reader: OutputReader | None = None
        self._underway = Event()

    def __enter__(self) -> Self:
        Thread(target=self._run, daemon=True).start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._container:
            self._container.cancel()
        self._factory.close()
        container = self._container
        if container and container.id:
            self._remove(container)
        self._api.close()
        if container:
            container.close()
        self.output.close()
        self._processes.close()
        if self._reader:
            # The engine does not end the output of a container that has not started.
            self._reader.close(_LAST_OUTPUT_SECONDS if container and container.pid else 0)

    def give_head_start(self, seconds: float) -> None:
        """Wait until the engine starts the container or has failed, at most `seconds`.

        Work of the caller would slow down the thread that starts the container.
        """
        self._underway.wait(seconds)

    @property
    def debugger(self) -> Debugger | None:
        return self._spec.sandbox.debugger

    @property
    def is_starting(self) -> bool:
        return self._container is not None and self._container.is_starting

    @property
    def runtime(self) -> Process:
        return self._processes.runtime

    @property
    def can_restart(self) -> bool:
        return self._processes.can_restart

    def start_extension(self, name: str) -> Process:
        return self._processes.start_extension(name)

    def start_runtime(self) -> Process:
        return self._processes.start_runtime()

    def kill_processes(self) -> Future[None]:
        return self._processes.kill()

    def end_init(self) -> None:
        cpus = self._spec.sandbox.cpus
        if self._container and cpus is not None:
            Thread(target=self._container.limit_cpu, args=(cpus,), daemon=True).start()

    def stop(self) -> None:
        if self._container is None:
            return
        if grace_seconds := self._spec.sandbox.grace_seconds:
            self._container.begin_stop()
            self.runtime.terminate()
            with suppress(TimeoutError, SandboxError):
                self.runtime.exited.result(grace_seconds)
        self._container.stop()

    def accepts_peer(self, host: str, port: int) -> bool:
        return self._api.accepts_peer(host, port)

    @property
    def measures_at_once(self) -> bool:
        return self._container is None or self._container.measures_at_once

    def peak_memory_mb(self) -> int | None:
        return self._container.peak_memory_mb() if self._container else None

    def reaches_host(self) -> bool | None:
        container = self._container
        if container is None or not container.id or self._api.has_relay:
            return None
        if self.logs_ended.done():  # it may have ended because it cannot reach the API
            image = container.spec.image.name
            return reaches_from_new_container(self._engine, image, self._api.address)
        return reaches(self._engine, container.id, self._api.address)

    def connect(self, port: int) -> socket.socket:
        container = self._container
        if container is None or not container.pid:
            from samlocal.sandbox.refusal import refused  # noqa: PLC0415  # few need it

            raise refused(port)
        return self._api.connect_to(port, container)

    def listens_on(self, port: int) -> bool | None:
        from samlocal.sandbox.docker.container.open_ports import listens_on  # noqa: PLC0415  # only debuggers do

        container = self._container
        if container is None or not container.id:
            return False
        return listens_on(self._engine, container.id, container.pid, port)

    def _run(self) -> None:
        """Create and start the container; the futures report the result."""
        try:
            if self._engine.is_podman:
                self._remove_leftovers()
            created = self._create()
            if created is None:
                return
            container, reader = created
            self._start(container, reader)
        except BaseException as error:
            self._fail(error)
            if not isinstance(error, SandboxError):
                raise  # a defect of samlocal
        else:
            container.close_copies()
            if not self._engine.is_podman:
                self._remove_leftovers()

    def _remove_leftovers(self) -> None:
        """Remove leftovers of earlier commands, if possible while the function runs.

        With Podman this is done before: until netavark 1.9, the removal of a container may break the
        connections of others: https://github.com/containers/netavark/pull/833
        """
        with suppress(SandboxError):
            remove_leftovers(self._engine)

    def _fail(self, error: BaseException) -> None:
        for future in (self.listening, self.started, self.exited, self.logs_ended):
            set_error(cast("Future[object]", future), error)
        self._processes.fail(error)
        self._underway.set()

    def _create(self) -> tuple[FunctionContainer, OutputReader] | None:
        """Listen, prepare the image, and create the container; return None if closed."""
        self.listening.set_result(self._api.listen(self._spec))
        with self._clock.step("image"):
            self._prepare()
        with self._clock.step("connection"):
            if not self._api.connect(self._spec, self._factory):
                return None
        container = self._container = FunctionContainer(
            self._engine,
            self._spec,
            script=self._processes.script(),
            has_input=self._processes.has_input,
            runtime_api=self._api.address,
            relay_id=self._api.relay_id,
            note=self._images.progress.note,
        )
        # Before the container is created, so that `__exit__` finds both or neither.
        reader = self._reader = OutputReader(self._engine, container, self._processes)
        with self._clock.step("create"):
            return (container, reader) if container.create(self._factory) else None

    def _prepare(self) -> None:
        """Complete the spec with the network and the image."""
        if self._spec.network.hosts:
            from samlocal.sandbox.docker.network.host_gateway import with_host_gateway  # noqa: PLC0415  # few need it

            network = with_host_gateway(self._engine, self._spec.network)
            self._spec = replace(self._spec, network=network)
        self._spec = self._images.prepare(self._spec)

    def _pull(self, image: str) -> None:
        with self._clock.step("image"):
            self._images.pull(image, self._spec.image)

    def _start(self, container: FunctionContainer, reader: OutputReader) -> None:
        """Start the container; its output and its end are watched before the start."""
        reader.start(lambda: settle(self.logs_ended, None))
        watcher = Thread(target=self._watch, args=(container, reader), daemon=True)
        if self._engine.auto_removes:  # it may be gone before the call that started it returns
            watcher.start()
        container.is_starting = True
        self._underway.set()
        with self._clock.step("start"):
            started, addresses = container.start()
        self._api.allow(addresses)
        # Whoever learns of the start may ask for the runtime at once, which must not start it again.
        self._processes.container_started(started)
        settle(self.started, replace(started, steps=self._clock.steps))
        if not self._engine.auto_removes:
            watcher.start()

    def _watch(self, container: FunctionContainer, reader: OutputReader) -> None:
        """Wait for the end and the removal of the container."""
        try:
            status, out_of_memory = wait_for_end(self._engine, container.id)
        except EngineError as error:
            self._fail(error)
            return
        _log.debug("it has been removed, exit status %s", status)
        with suppress(TimeoutError, SandboxError):
            self.logs_ended.result(_LAST_OUTPUT_SECONDS)
        ended = Exit(
            # The output ends with the process; the engine reports the end later.
            at=reader.ended_at or time.monotonic(),
            status=status,
            signal=reader.signal_of(status),
            out_of_memory=not container.is_stopping
            # If the kernel kills only a child of the runtime, the runtime goes on.
            and status in {None, KILLED}
            and (out_of_memory or reader.ran_out_of_memory),
        )
        # A shell reports the exit of a runtime, and lives on.
        is_unexplained = not (ended.signal or container.is_stopping or container.is_one_stream)
        if is_unexplained and (failure := reader.explain(status)):
            self._fail(failure)
            return
        self._processes.container_ended(ended)
        settle(self.exited, ended)

    def _remove(self, container: FunctionContainer) -> None:
        if container.is_stopping:  # the engine is removing it already
            ended: Future[Any] = self.exited if container.is_removal_awaited else self.logs_ended
            with suppress(EngineError, TimeoutError):
                ended.result(_REMOVAL_SECONDS)
                return
        with suppress(EngineError):
            remove(self._engine, container.id)
