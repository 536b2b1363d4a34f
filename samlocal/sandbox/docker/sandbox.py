"""One function's container, from its creation to its removal."""

from __future__ import annotations

import logging
import os
import time
from concurrent.futures import Future, InvalidStateError
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar, cast

from samlocal.engine.engine_api import ApiError
from samlocal.engine.images.policy import is_pulled_always, skipped_pull_error
from samlocal.engine.leftovers import sweep
from samlocal.engine.output import read_output, whole_lines
from samlocal.engine.removal import KILLED, remove, wait_for_end
from samlocal.errors import EngineError, SandboxError
from samlocal.sandbox.docker.container.combined_output import (
    ShellWords,
    has_shell,
    in_one_stream,
    names_signals,
    own_program,
    signal_of,
)
from samlocal.sandbox.docker.container.container_factory import ContainerFactory
from samlocal.sandbox.docker.container.creation import (
    ContainerContext,
    container_config,
    cpu_limits,
)
from samlocal.sandbox.docker.container.engine_options import chosen_options
from samlocal.sandbox.docker.container.memory import memory_group, peak_memory_mb
from samlocal.sandbox.docker.container.mount_delivery import mounts_to_copy
from samlocal.sandbox.docker.container.proxies import proxy_variables
from samlocal.sandbox.docker.emulation import emulated, platform_of
from samlocal.sandbox.docker.network.api_connection import listen
from samlocal.sandbox.docker.network.reachability import reaches, reaches_from_new_container
from samlocal.sandbox.ports import port_errors
from samlocal.sandbox.sandbox import Exit, Output, Started

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Sequence

    from samlocal.engine.engine import Engine
    from samlocal.engine.images.policy import ImageProgress
    from samlocal.sandbox.container_spec import ContainerSpec
    from samlocal.sandbox.docker.container.file_copies import Copies
    from samlocal.sandbox.docker.container.memory import MemoryGroup
    from samlocal.sandbox.docker.container.start_errors import FormatErrors
    from samlocal.sandbox.docker.network.relay.launch import RelayLauncher
    from samlocal.sandbox.sandbox import Debugger, Mount

_T = TypeVar("_T")

_log = logging.getLogger(__name__)

# How long the engine may take to remove a container before we stop waiting for it.
_REMOVAL_SECONDS: Final = 15.0
# How long what the function wrote last may take to arrive.
_LAST_OUTPUT_SECONDS: Final = 2.0
# How long a function may use all of the CPU: Lambda, too, divides it by periods.
_UNLIMITED_SECONDS: Final = 0.02
_FIRST_BYTES: Final = 1024
# With which shells and inits end where the program can't be run.
_NOT_EXECUTED: Final = frozenset({126, 127})
# Podman's words.
_NO_INIT: Final = "container-init binary not found"
_LOOPBACK: Final = "127.0.0.1"


class DockerSandbox:
    """A container of the function's runtime image, calling back to us.

    Entering the `with` block returns at once; a thread opens the listening socket, then creates and
    starts the container. Leaving the block removes it, however far it came.
    """

    def __init__(self, spec: ContainerSpec, engine: Engine, *, progress: ImageProgress) -> None:
        self.listening: Future[socket.socket] = Future()
        self.started: Future[Started] = Future()
        self.exited: Future[Exit] = Future()
        self.logs_ended: Future[None] = Future()
        self.output = Output()
        self.is_starting = False
        self._spec = spec
        self._engine = engine
        self._progress = progress
        self._factory = ContainerFactory(engine, pull=self._pull)
        self._underway = Event()
        self._stopping = False
        self._container_id: str | None = None
        self._format_errors: FormatErrors | None = None
        self._is_one_stream = False
        self._words_of_shell = ShellWords(self._show)
        self._first_words = b""
        self._copies: Copies | None = None
        self._relay: RelayLauncher | None = None
        self._peers: frozenset[str] = frozenset()
        self._memory: MemoryGroup | None = None
        self._ran_out_of_memory = False
        self._reader: Thread | None = None
        self._ending = Event()
        self._ended_at: float | None = None
        self._pid = 0
        self._api_address = ""

    def __enter__(self) -> Self:
        Thread(target=self._run, daemon=True).start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._copies:
            self._copies.cancel()
        self._factory.close()
        self._ending.set()
        if self._container_id:
            self._remove(self._container_id)
        if self._relay:  # after the container that is in its network
            self._relay.close()
        if self._copies:
            self._copies.close()
        if self._reader and self._pid:
            self._reader.join(_LAST_OUTPUT_SECONDS)
        if self.listening.done() and not self.listening.exception():
            self.listening.result().close()

    def give_head_start(self, seconds: float) -> None:
        """Wait until the engine is starting the container, or never will, but not for longer.

        What the caller does meanwhile would hold up the thread that is on its way there.
        """
        self._underway.wait(seconds)

    @property
    def debugger(self) -> Debugger | None:
        return self._spec.sandbox.debugger

    def end_init(self) -> None:
        if self._spec.sandbox.cpus is not None:
            Thread(target=self._limit_cpu, args=(self._spec.sandbox.cpus,), daemon=True).start()

    def stop(self) -> None:
        self._stopping = True
        self._ending.set()
        if self._container_id:
            with suppress(EngineError), self._engine.translated_errors():
                if self._spec.sandbox.grace_seconds:
                    self._engine.api.stop(self._container_id, self._spec.sandbox.grace_seconds)
                else:
                    self._engine.api.kill(self._container_id)

    def accepts_peer(self, host: str, port: int) -> bool:
        return self._relay.accepts_peer(host, port) if self._relay else host in self._peers

    def flush_output(self) -> None:
        self.output.wait_until_quiet()

    def peak_memory_mb(self) -> int | None:
        if self._container_id is None:
            return None
        return peak_memory_mb(
            self._engine,
            self._container_id,
            self._memory,
            # Files in a /tmp in memory are none of the function's.
            of_group=not self._spec.sandbox.strict,
        )

    def reaches_host(self) -> bool | None:
        if self._container_id is None or self._relay:
            return None
        if self.logs_ended.done():  # it may have ended because it can't
            return reaches_from_new_container(
                self._engine, self._spec.image.name, self._api_address
            )
        return reaches(self._engine, self._container_id, self._api_address)

    def listens_on(self, port: int) -> bool | None:
        from samlocal.sandbox.docker.container.open_ports import listens_on  # noqa: PLC0415  # only debuggers do

        if self._container_id is None:
            return False
        return listens_on(self._engine, self._container_id, self._pid, port)

    def _run(self) -> None:
        """Come as far as a running container; whoever waits is told how it goes."""
        try:
            if self._engine.is_podman:
                self._sweep()
            self._api_address = self._connect_api()
            _log.debug("the Runtime API is at %s", self._api_address)
            container_id = self._create() if self._api_address else None
            if container_id is None:
                return
            self._reader = self._read_output(container_id)
            watcher = Thread(target=self._watch, args=(container_id,), daemon=True)
            if self._engine.auto_removes:  # it may be gone before the call that started it returns
                watcher.start()
            self.started.set_result(self._start(container_id))
            if not self._engine.auto_removes:
                watcher.start()
        except BaseException as error:
            self._fail(error)
            if not isinstance(error, SandboxError):
                raise  # a defect of ours
        else:
            if self._copies:
                self._copies.close()
            if not self._engine.is_podman:
                self._sweep()

    def _sweep(self) -> None:
        """Remove what earlier commands left behind: while the function runs, where that does it no harm.

        With Podman it is done before: a container that goes may take the others' connections along there,
        before netavark 1.9: https://github.com/containers/netavark/pull/833
        """
        with suppress(SandboxError):
            sweep(self._engine)

    def _fail(self, error: BaseException) -> None:
        for future in (self.listening, self.started, self.exited, self.logs_ended):
            with suppress(InvalidStateError):
                cast("Future[object]", future).set_exception(error)
        self._underway.set()

    def _connect_api(self) -> str:
        """Return the address at which the container will find the Runtime API; empty once closed."""
        connection = listen(
            self._engine, network=self._spec.network.name, chosen=self._spec.api_connection
        )
        self.listening.set_result(connection.listener)
        self._prepare()
        if not connection.relayed:
            return connection.address
        from samlocal.sandbox.docker.network.relay.launch import RelayLauncher  # noqa: PLC0415  # the cold path goes without

        _log.debug("it takes a relay: %s", connection.relayed)
        target = connection.listener.getsockname()
        self._relay = RelayLauncher(self._engine, self._spec, target=target, lost=self._fail)
        with port_errors(self._spec.sandbox.debug_ports):
            port = self._relay.launch(self._factory, network_id=self._extra_network_id())
        return f"{_LOOPBACK}:{port}" if port else ""

    def _create(self) -> str | None:
        """Create the container, in the network of its relay if it has one; None once closed."""
        network_id = None if self._relay else self._extra_network_id()
        container_id = self._factory.make(self._spec.image.name, self._create_container)
        if container_id and network_id:
            with self._engine.translated_errors():
                self._engine.api.connect_container_to_network(container_id, network_id)
        return container_id

    def _prepare(self) -> None:
        """Find out what there is to run, on the engine's machine and with the image there."""
        if self._spec.network.hosts:
            from samlocal.sandbox.docker.network.host_gateway import with_host_gateway  # noqa: PLC0415  # few need it

            network = with_host_gateway(self._engine, self._spec.network)
            self._spec = replace(self._spec, network=network)
        self._spec = emulated(self._engine, self._spec)
        image = self._spec.image
        if image.is_function or image.is_chosen or image.foreign_architecture:
            self._complete_spec()
        elif is_pulled_always(image.name, image.pull):
            self._pull(image.name)

    def _pull(self, image: str) -> None:
        request = self._spec.image
        if request.pull == "never":
            raise skipped_pull_error(image, request.pull_option)
        from samlocal.engine.images.pull import pull_image  # noqa: PLC0415  # the cold path goes without

        pull_image(
            self._engine,
            image,
            profile=request.profile,
            progress=self._progress,
            cancelled=lambda: self._factory.is_closed,
            platform=platform_of(request),
        )

    def _complete_spec(self) -> None:
        """Have the image here, and take from it what it is for and what it runs."""
        from samlocal.sandbox.docker.function_images import ready_to_run  # noqa: PLC0415  # few need it

        self._spec = ready_to_run(
            self._engine,
            self._spec,
            progress=self._progress,
            cancelled=lambda: self._factory.is_closed,
        )

    def _create_container(self) -> str:
        """Create the container, of whose shell, if it has one, the function's output becomes one stream."""
        own = own_program(self._engine, self._spec.image.name)
        sandbox = self._spec.sandbox
        sandbox = replace(sandbox, entrypoint=sandbox.entrypoint or own.entrypoint)
        self._spec = replace(self._spec, sandbox=sandbox)
        copied = mounts_to_copy(self._spec, self._engine)
        carrier = self._copy(copied)
        wrapped = replace(self._spec, sandbox=in_one_stream(sandbox, own))
        container_id = self._create_as(wrapped, copied, carrier)
        self._is_one_stream = own.has_shell or has_shell(self._engine, container_id)
        if not self._is_one_stream:
            remove(self._engine, container_id)
            container_id = self._create_with_init(copied, carrier)
        if self._copies:
            self._copies.complete(container_id)
        _log.debug("created container %s of %s", container_id[:12], self._spec.image.name)
        return container_id

    def _create_with_init(self, copied: Sequence[Mount], carrier: str | None) -> str:
        try:
            return self._create_as(self._spec, copied, carrier, init=True)
        except ApiError as error:
            if _NO_INIT not in error.explanation:
                raise
            self._progress.note(
                "The engine has no init, such as catatonit: the kernel keeps most signals from the function"
            )
            return self._create_as(self._spec, copied, carrier)

    def _create_as(
        self,
        spec: ContainerSpec,
        copied: Sequence[Mount],
        carrier: str | None,
        *,
        init: bool = False,
    ) -> str:
        api = self._engine.api
        context = ContainerContext(
            runtime_api=self._api_address,
            chosen=chosen_options(spec.engine_options, version=api.version),
            proxies=proxy_variables(self._engine.address, os.environ),
            copied=copied,
            carrier=carrier,
            relay_id=self._relay.container_id if self._relay else None,
        )
        config = container_config(spec, context, auto_remove=self._engine.auto_removes, init=init)
        self._container_id = api.create_container(config, platform=platform_of(spec.image))
        return self._container_id

    def _copy(self, mounts: Sequence[Mount]) -> str | None:
        """Copy what can't be mounted; return the container that the sandbox has it from."""
        if not mounts:
            return None
        from samlocal.sandbox.docker.container.file_copies import Copies  # noqa: PLC0415  # the cold path goes without

        self._copies = self._copies or Copies(self._engine, self._spec, mounts)
        return self._copies.carry()

    def _extra_network_id(self) -> str | None:
        """Return the network to join besides the default one, as `--docker-network` has it."""
        return self._engine.network_id(self._extra_network) if self._extra_network else None

    @property
    def _extra_network(self) -> str | None:
        return self._spec.network.joined

    def _start(self, container_id: str) -> Started:
        before = time.monotonic()
        self.is_starting = True
        self._underway.set()
        with self._start_errors():
            self._engine.api.start(container_id)
            after = time.monotonic()
            found = self._engine.api.container(container_id)
        _log.debug("started it in %.0f ms", (after - before) * 1000)
        self._pid = found["State"]["Pid"]
        self._memory = memory_group(container_id, self._pid)
        addresses = {each["IPAddress"] for each in found["NetworkSettings"]["Networks"].values()}
        self._peers = frozenset(addresses - {""} | {_LOOPBACK})
        return Started(at=min(max(_monotonic(found["State"]["StartedAt"]), before), after))

    @contextmanager
    def _start_errors(self) -> Iterator[None]:
        """Say what it means that a container doesn't start."""
        try:
            with port_errors(self._spec.sandbox.debug_ports), self._engine.translated_errors():
                yield
        except EngineError as error:
            from samlocal.sandbox.docker.container.start_errors import start_error  # noqa: PLC0415  # few need it

            raise start_error(self._spec, error) from error

    def _limit_cpu(self, cpus: float) -> None:
        """Limit the CPU, unless the function is over before that matters: the engine takes a while."""
        if self._ending.wait(_UNLIMITED_SECONDS):
            return
        try:
            with self._engine.translated_errors():
                self._engine.api.update_container(str(self._container_id), cpu_limits(cpus))
        except EngineError as error:  # mostly because the function has ended already
            _log.debug("its CPU is not limited: %s", error.message)

    def _read_output(self, container_id: str) -> Thread:
        """Attach to the container before it starts, and show what it writes until it ends."""
        with self._start_errors():  # Podman prepares all but the process when somebody attaches
            receive = self._engine.attach(container_id).receive
        if self._is_one_stream:
            pieces = read_output(receive, stderr=self._words_of_shell.hear)
        else:
            pieces = whole_lines(receive)

        if self._spec.image.foreign_architecture:
            from samlocal.sandbox.docker.container.start_errors import FormatErrors  # noqa: PLC0415  # few need it

            self._format_errors = FormatErrors()

        def read() -> None:
            # Where the engine goes away, `_watch` sees it too, and says so.
            with suppress(EngineError), self._engine.translated_errors():
                for output in pieces:
                    self._first_words += output[: _FIRST_BYTES - len(self._first_words)]
                    self._show(output)
            if self._stopping:  # no shell says a word when it is killed
                self._words_of_shell.pass_on()
            self._ended_at = time.monotonic()
            # The engine may not notice; the group is there for a moment longer than what it ran.
            self._ran_out_of_memory = self._memory is not None and self._memory.has_killed()
            _settle(self.logs_ended, None)

        reader = Thread(target=read, daemon=True)
        reader.start()
        return reader

    def _show(self, output: bytes) -> None:
        if self._format_errors:
            self._format_errors.read(output)
        self.output.write(output)

    def _watch(self, container_id: str) -> None:
        """See the container end and the engine remove it."""
        try:
            status, out_of_memory = wait_for_end(self._engine, container_id)
        except EngineError as error:
            self._fail(error)
            return
        _log.debug("it has been removed, exit status %s", status)
        with suppress(TimeoutError, SandboxError):
            self.logs_ended.result(_LAST_OUTPUT_SECONDS)
        ended = Exit(
            # The end of the output is the end of the process; the engine takes a while to see it.
            at=self._ended_at or time.monotonic(),
            status=status,
            signal=signal_of(
                status, self._words_of_shell.last if self._has_talking_shell else None
            ),
            out_of_memory=not self._stopping
            # Where the kernel ends only what the runtime has started, the runtime goes on.
            and status in {None, KILLED}
            and (out_of_memory or self._ran_out_of_memory),
        )
        if ended.signal is None and not self._stopping:
            self._explain(status)
        _settle(self.exited, ended)

    @property
    def _has_talking_shell(self) -> bool:
        return self._is_one_stream and names_signals(self._spec.sandbox)

    def _explain(self, status: int | None) -> None:
        """Say that it is the image's fault where its program can't run."""
        from samlocal.sandbox.docker.container.start_errors import unstartable  # noqa: PLC0415  # few need it

        said = self._first_words or self._words_of_shell.last
        self._words_of_shell.pass_on()
        if status in _NOT_EXECUTED:
            try:
                with self._engine.translated_errors():
                    error = unstartable(self._engine, self._spec, said.decode(errors="replace"))
            except EngineError as refusal:
                _log.debug("why its program can't run is not known: %s", refusal.message)
            else:
                if error:
                    self._fail(error)
        if self._format_errors and (self._format_errors.detected or status in _NOT_EXECUTED):
            self._fail(self._format_errors.as_error(self._spec))

    @property
    def _is_removal_awaited(self) -> bool:
        """Whether something of the user's is in use until the container has gone: a network, a port, a volume.

        Else a container whose output has ended has been killed, and the engine removes it without us.
        """
        spec = self._spec
        return bool(
            not self._engine.auto_removes
            or self._extra_network
            or self._relay
            or self._copies
            or spec.sandbox.debug_ports
            or spec.engine_options
            or spec.sandbox.grace_seconds
        )

    def _remove(self, container_id: str) -> None:
        if self._stopping:  # the engine is removing it already
            ended: Future[Any] = self.exited if self._is_removal_awaited else self.logs_ended
            with suppress(EngineError, TimeoutError):
                ended.result(_REMOVAL_SECONDS)
                return
        with suppress(EngineError):
            remove(self._engine, container_id)


def _settle(future: Future[_T], result: _T) -> None:
    """Tell a result, unless another thread has already told that there is none."""
    with suppress(InvalidStateError):
        future.set_result(result)


def _monotonic(timestamp: str) -> float:
    """Convert the engine's time of day to `time.monotonic()`, as far as the two clocks agree."""
    # Nanoseconds are more than `datetime` reads.
    seconds, _, fraction = timestamp.rstrip("Z").partition(".")
    at = datetime.fromisoformat(f"{seconds}.{fraction[:6]:0<6}+00:00")
    return time.monotonic() - (time.time() - at.timestamp())
