"""One function's container, from its creation to its removal."""

from __future__ import annotations

import logging
import time
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Final, Self, TypeVar, cast

from docker.errors import APIError, ImageNotFound, NotFound

from samlocal.errors import EngineError, SandboxError
from samlocal.sandbox.docker.creation import create_container, limit_cpu
from samlocal.sandbox.docker.delivery import mounts_to_copy
from samlocal.sandbox.docker.emulation import emulated, platform_of
from samlocal.sandbox.docker.engine import translated_errors
from samlocal.sandbox.docker.images import (
    is_pulled_always,
    pull_image,
    skipped_pull_error,
    vanished_image_error,
)
from samlocal.sandbox.docker.leftovers import sweep
from samlocal.sandbox.docker.memory import peak_memory_mb
from samlocal.sandbox.docker.output import read_output
from samlocal.sandbox.docker.probe import reaches
from samlocal.sandbox.ports import port_errors
from samlocal.sandbox.sandbox import Exit, Started

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from samlocal.sandbox.docker.copying import Copies
    from samlocal.sandbox.docker.engine import Engine
    from samlocal.sandbox.docker.unusable import FormatErrors
    from samlocal.sandbox.sandbox import Debugger, ImageProgress, Log, Mount, SandboxSpec

_T = TypeVar("_T")

_log = logging.getLogger(__name__)

# How long the engine may take to remove a container before we stop waiting for it.
_REMOVAL_SECONDS: Final = 15.0
# How long what the function wrote last may take to arrive.
_LAST_OUTPUT_SECONDS: Final = 2.0
# How long a function may use all of the CPU: Lambda, too, divides it by periods.
_UNLIMITED_SECONDS: Final = 0.02
_KILLED: Final = 137
_LOOPBACK: Final = "127.0.0.1"


class DockerSandbox:
    """A container of the function's runtime image, calling back to us.

    Entering the `with` block returns at once; a thread opens the listening socket, then creates and
    starts the container. Leaving the block removes it, however far it came.
    """

    def __init__(
        self, spec: SandboxSpec, engine: Engine, *, log: Log, progress: ImageProgress
    ) -> None:
        self.listening: Future[socket.socket] = Future()
        self.started: Future[Started] = Future()
        self.exited: Future[Exit] = Future()
        self.logs_ended: Future[None] = Future()
        self.is_starting = False
        self._spec = spec
        self._engine = engine
        self._log = log
        self._progress = progress
        self._creating = Lock()
        self._closed = False
        self._stopping = False
        self._container_id: str | None = None
        self._format_errors: FormatErrors | None = None
        self._copies: Copies | None = None
        self._reader: Thread | None = None
        self._limiter: Thread | None = None
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
        with self._creating:
            self._closed = True
        self._ending.set()
        if self._container_id:
            self._remove(self._container_id)
        if self._copies:
            self._copies.close()
        if self._reader and self._pid:
            self._reader.join(_LAST_OUTPUT_SECONDS)
        if self._limiter:
            self._limiter.join()
        if self.listening.done() and not self.listening.exception():
            self.listening.result().close()

    @property
    def debugger(self) -> Debugger | None:
        return self._spec.debugger

    def end_init(self) -> None:
        if self._spec.cpus is not None:
            self._limiter = Thread(target=self._limit_cpu, args=(self._spec.cpus,), daemon=True)
            self._limiter.start()

    def stop(self) -> None:
        self._stopping = True
        self._ending.set()
        if self._container_id:
            with suppress(EngineError), translated_errors():
                if self._spec.grace_seconds:
                    self._engine.api.stop(self._container_id, timeout=self._spec.grace_seconds)
                else:
                    self._engine.api.kill(self._container_id)

    def peak_memory_mb(self) -> int | None:
        if self._container_id is None:
            return None
        return peak_memory_mb(
            self._engine,
            self._container_id,
            self._pid,
            # Files in a /tmp in memory are none of the function's.
            of_group=not self._spec.strict,
        )

    def reaches_host(self) -> bool | None:
        if self._container_id is None:
            return None
        return reaches(self._engine, self._container_id, self._api_address)

    def listens_on(self, port: int) -> bool | None:
        from samlocal.sandbox.docker.listening import listens_on  # noqa: PLC0415  # only debuggers do

        if self._container_id is None:
            return False
        return listens_on(self._engine, self._container_id, self._pid, port)

    def _run(self) -> None:
        """Come as far as a running container; whoever waits is told how it goes."""
        try:
            listener, self._api_address = self._engine.listen(self._spec.network)
            _log.debug("the Runtime API listens on %s", self._api_address)
            self.listening.set_result(listener)
            container_id = self._create()
            if container_id is None:
                return
            self._reader = self._read_output(container_id)
            Thread(target=self._watch, args=(container_id,), daemon=True).start()
            self.started.set_result(self._start(container_id))
        except BaseException as error:
            self._fail(error)
            if not isinstance(error, SandboxError):
                raise  # a defect of ours
        else:
            if self._copies:
                self._copies.close()
            with suppress(SandboxError):
                sweep(self._engine)

    def _fail(self, error: BaseException) -> None:
        for future in (self.listening, self.started, self.exited, self.logs_ended):
            with suppress(InvalidStateError):
                cast("Future[object]", future).set_exception(error)

    def _create(self) -> str | None:
        """Create the container, pulling its image where it is missing; None once closed."""
        name = self._extra_network()
        network_id = self._engine.network_id(name) if name else None
        if self._spec.is_image_function:
            self._complete_spec()
        else:
            self._spec = emulated(self._engine, self._spec)
            if is_pulled_always(self._spec):
                self._pull()
        try:
            container_id = self._create_if_open()
        except ImageNotFound:
            if self._spec.pull == "never":
                raise skipped_pull_error(self._spec.image) from None
            self._pull()
            try:
                container_id = self._create_if_open()
            except ImageNotFound:
                raise vanished_image_error(self._spec.image) from None
        if container_id and network_id:
            with translated_errors():
                self._engine.api.connect_container_to_network(container_id, network_id)
        return container_id

    def _pull(self) -> None:
        pull_image(
            self._engine,
            self._spec.image,
            profile=self._spec.profile,
            progress=self._progress,
            cancelled=lambda: self._closed,
            platform=platform_of(self._spec),
        )

    def _complete_spec(self) -> None:
        """Have the function's image here, and take from it what it runs."""
        from samlocal.sandbox.docker.function_images import ready_to_run  # noqa: PLC0415  # few need it

        self._spec = ready_to_run(
            self._engine, self._spec, progress=self._progress, cancelled=lambda: self._closed
        )

    def _create_if_open(self) -> str | None:
        with self._creating, translated_errors():
            if self._closed:
                return None
            copied = mounts_to_copy(self._spec, self._engine)
            self._container_id = create_container(
                self._engine.api,
                self._spec,
                runtime_api=self._api_address,
                copied=copied,
                carrier=self._copy(copied),
            )
            if self._copies:
                self._copies.complete(self._container_id)
        _log.debug("created container %s of %s", self._container_id[:12], self._spec.image)
        return self._container_id

    def _copy(self, mounts: Sequence[Mount]) -> str | None:
        """Copy what can't be mounted; return the container that the sandbox has it from."""
        if not mounts:
            return None
        from samlocal.sandbox.docker.copying import Copies  # noqa: PLC0415  # the cold path goes without

        self._copies = self._copies or Copies(self._engine, self._spec, mounts)
        return self._copies.carry()

    def _extra_network(self) -> str | None:
        """The network to join besides the default one, as `--docker-network` has it."""
        return None if self._spec.network in {None, "host"} else self._spec.network

    def _start(self, container_id: str) -> Started:
        before = time.monotonic()
        self.is_starting = True
        try:
            with port_errors(self._spec.debug_ports), translated_errors():
                self._engine.api.start(container_id)
                after = time.monotonic()
                found = self._engine.api.inspect_container(container_id)
        except EngineError as error:
            from samlocal.sandbox.docker.unusable import start_error  # noqa: PLC0415  # few need it

            raise start_error(self._spec, error) from error
        _log.debug("started it in %.0f ms", (after - before) * 1000)
        self._pid = found["State"]["Pid"]
        addresses = {each["IPAddress"] for each in found["NetworkSettings"]["Networks"].values()}
        return Started(
            at=min(max(_monotonic(found["State"]["StartedAt"]), before), after),
            peers=frozenset(addresses - {""} | {_LOOPBACK}),
        )

    def _limit_cpu(self, cpus: float) -> None:
        """Limit the CPU, unless the function is over before that matters: the engine takes a while."""
        if self._ending.wait(_UNLIMITED_SECONDS):
            return
        try:
            with translated_errors():
                limit_cpu(self._engine.api, str(self._container_id), cpus)
        except EngineError as error:  # mostly because the function has ended already
            _log.debug("its CPU is not limited: %s", error.message)

    def _read_output(self, container_id: str) -> Thread:
        """Attach to the container before it starts, and show what it writes until it ends."""
        receive = self._engine.attach(container_id)
        if self._spec.foreign_architecture:
            from samlocal.sandbox.docker.unusable import FormatErrors  # noqa: PLC0415  # few need it

            self._log = self._format_errors = FormatErrors(self._log)

        def read() -> None:
            # Where the engine goes away, `_watch` sees it too, and says so.
            with suppress(EngineError), translated_errors():
                for output in read_output(receive):
                    self._log.write(output)
            self._ended_at = time.monotonic()
            _settle(self.logs_ended, None)

        reader = Thread(target=read, daemon=True)
        reader.start()
        return reader

    def _watch(self, container_id: str) -> None:
        """See the container end and the engine remove it."""
        try:
            with translated_errors():
                status = _wait_for_removal(self._engine, container_id)
                _log.debug("the engine removed it, exit status %s", status)
                killed = status == _KILLED and not self._stopping
                out_of_memory = killed and _ran_out_of_memory(self._engine, container_id)
        except EngineError as error:
            self._fail(error)
        else:
            if self._format_errors and self._format_errors.heard:
                self._fail(self._format_errors.as_error(self._spec))
            # The end of the output is the end of the process; the engine takes a while to see it.
            at = self._ended_at or time.monotonic()
            _settle(self.exited, Exit(at=at, status=status, out_of_memory=out_of_memory))

    def _remove(self, container_id: str) -> None:
        if self._stopping:  # the engine is removing it already
            with suppress(EngineError, TimeoutError):
                self.exited.result(_REMOVAL_SECONDS)
                return
        with suppress(EngineError), translated_errors():
            try:
                self._engine.api.remove_container(container_id, force=True, v=True)
            except NotFound:
                pass
            except APIError as error:
                if error.status_code != HTTPStatus.CONFLICT:  # the engine is removing it already
                    raise


def _settle(future: Future[_T], result: _T) -> None:
    """Tell a result, unless another thread has already told that there is none."""
    with suppress(InvalidStateError):
        future.set_result(result)


def _wait_for_removal(engine: Engine, container_id: str) -> int | None:
    """Return the exit status once the engine has removed the container."""
    try:
        return int(engine.streams.wait(container_id, condition="removed")["StatusCode"])
    except NotFound:  # it was faster than our call
        return None


def _ran_out_of_memory(engine: Engine, container_id: str) -> bool:
    """Ask the engine's memory of recent events; the container itself is gone by now."""
    filters = {"container": container_id, "event": ["oom", "die"]}
    for event in engine.streams.events(since=0, filters=filters, decode=True):
        if event["Action"] == "oom":
            return True
        if event["Action"] == "die":
            return False
    return False


def _monotonic(timestamp: str) -> float:
    """Convert the engine's time of day to `time.monotonic()`, as far as the two clocks agree."""
    # Nanoseconds are more than `datetime` reads.
    seconds, _, fraction = timestamp.rstrip("Z").partition(".")
    at = datetime.fromisoformat(f"{seconds}.{fraction[:6]:0<6}+00:00")
    return time.monotonic() - (time.time() - at.timestamp())
