"""The container of one function: created, started, limited, stopped and removed through the engine."""

from __future__ import annotations

import logging
import os
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING, Final

from samlocal.engine.engine_api import ApiError
from samlocal.engine.removal import remove
from samlocal.errors import EngineError
from samlocal.sandbox.cpu_limit import UNLIMITED_SECONDS
from samlocal.sandbox.docker.container.creation import (
    ContainerContext,
    container_config,
    cpu_limits,
)
from samlocal.sandbox.docker.container.engine_options import chosen_options
from samlocal.sandbox.docker.container.memory import memory_group, peak_memory_mb
from samlocal.sandbox.docker.container.mount_delivery import mounts_to_copy
from samlocal.sandbox.docker.container.own_program import has_shell, own_program, supervised
from samlocal.sandbox.docker.container.proxies import proxy_variables
from samlocal.sandbox.docker.emulation import platform_of
from samlocal.sandbox.ports import port_errors
from samlocal.sandbox.sandbox import Started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from samlocal.engine.engine import Engine
    from samlocal.engine.streams import Attached
    from samlocal.sandbox.container_spec import ContainerSpec
    from samlocal.sandbox.docker.container.container_factory import ContainerFactory
    from samlocal.sandbox.docker.container.file_copies import Copies
    from samlocal.sandbox.memory_group import MemoryGroup
    from samlocal.sandbox.sandbox import Mount

_log = logging.getLogger(__name__)

# Podman's message.
_NO_INIT: Final = "container-init binary not found"


class FunctionContainer:
    """A container whose function has its Runtime API at `host:port`.

    Its process 1 is a shell that runs `script`, whose input it attaches if the script `has_input`, or the
    engine's init if the image has no shell. `relay_id`
    is the container whose network it uses, if it has a relay. `note` reports a line about a
    feature that the engine lacks.
    """

    def __init__(
        self,
        engine: Engine,
        spec: ContainerSpec,
        *,
        script: str,
        has_input: bool,
        runtime_api: str,
        relay_id: str | None,
        note: Callable[[str], None],
    ) -> None:
        self.spec = spec
        self.id = ""
        """The engine's id of the container; empty until it is created."""
        self.pid = 0
        """The process 1 of the container on the engine's machine; 0 until it is started."""
        self.is_starting = False
        self.is_stopping = False
        self.is_one_stream = False
        """Whether it has a shell that supervises, and connects stderr to stdout."""
        self.variables: Mapping[str, str] = {}
        """The variables of the image and the function."""
        self._engine = engine
        self._script = script
        self._has_input = has_input
        self._runtime_api = runtime_api
        self._relay_id = relay_id
        self._note = note
        self._copies: Copies | None = None
        self._memory: MemoryGroup | None = None
        self._ending = Event()

    def create(self, factory: ContainerFactory) -> bool:
        """Create the container, in its relay's network if any; return whether the factory was open."""
        joined = None if self._relay_id else self.spec.network.joined
        network_id = self._engine.network_id(joined) if joined else None
        container_id = factory.make(self.spec.image.name, self._create)
        if container_id and network_id:
            with self._engine.translated_errors():
                self._engine.api.connect_container_to_network(container_id, network_id)
        return bool(container_id)

    def _create(self) -> str:
        """Create the container, supervised by its shell if it has one."""
        own = own_program(self._engine, self.spec.image.name)
        sandbox = self.spec.sandbox
        sandbox = replace(sandbox, entrypoint=sandbox.entrypoint or own.entrypoint)
        self.spec = replace(self.spec, sandbox=sandbox)
        self.variables = {**own.variables, **sandbox.environment}
        copied = mounts_to_copy(self.spec, self._engine)
        carrier = self._copy(copied)
        context = self._context(own.variables, copied, carrier)
        wrapped = replace(self.spec, sandbox=supervised(sandbox, own, self._script))
        self._create_as(wrapped, replace(context, opens_stdin=self._has_input))
        self.is_one_stream = own.has_shell or has_shell(self._engine, self.id)
        if not self.is_one_stream:
            remove(self._engine, self.id)
            self._create_with_init(context)
        if self._copies:
            self._copies.complete(self.id)
        _log.debug("created container %s of %s", self.id[:12], self.spec.image.name)
        return self.id

    def _create_with_init(self, context: ContainerContext) -> None:
        try:
            self._create_as(self.spec, context, init=True)
        except ApiError as error:
            if _NO_INIT not in error.explanation:
                raise
            self._note(
                "The engine has no init such as catatonit: the function does not receive most signals"
            )
            self._create_as(self.spec, context)

    def _create_as(
        self, spec: ContainerSpec, context: ContainerContext, *, init: bool = False
    ) -> None:
        config = container_config(spec, context, auto_remove=self._engine.auto_removes, init=init)
        self.id = self._engine.api.create_container(config, platform=platform_of(spec.image))

    def _context(
        self, image_variables: Mapping[str, str], copied: Sequence[Mount], carrier: str | None
    ) -> ContainerContext:
        return ContainerContext(
            runtime_api=self._runtime_api,
            chosen=chosen_options(self.spec.engine_options, version=self._engine.api.version),
            proxies=proxy_variables(self._engine.address, os.environ),
            copied=copied,
            carrier=carrier,
            relay_id=self._relay_id,
            is_podman=self._engine.is_podman,
            image_variables=image_variables,
        )

    def _copy(self, mounts: Sequence[Mount]) -> str | None:
        """Copy these mounts; return the container with the copies."""
        if not mounts:
            return None
        from samlocal.sandbox.docker.container.file_copies import Copies  # noqa: PLC0415  # the cold path does not need it

        self._copies = self._copies or Copies(self._engine, self.spec, mounts)
        return self._copies.carry()

    def attach(self) -> Attached:
        """Attach to the output of the container before it starts, and to the input of its shell."""
        with self._start_errors():  # Podman prepares all but the process when a client attaches
            return self._engine.attach(self.id, stdin=self.is_one_stream and self._has_input)

    def start(self) -> tuple[Started, frozenset[str]]:
        """Start the container; return its start time and its addresses.

        Raises:
            SandboxError: The engine cannot start it, or its program cannot run.
        """
        before = time.monotonic()
        with self._start_errors():
            self._engine.api.start(self.id)
            after = time.monotonic()
            _log.debug("started it in %.0f ms", (after - before) * 1000)
            found = self._engine.find_container(self.id)
        if found is None:  # it has ended
            return Started(at=after), frozenset()
        self.pid = found["State"]["Pid"]
        self._memory = memory_group(self.id, self.pid)
        addresses = {each["IPAddress"] for each in found["NetworkSettings"]["Networks"].values()}
        at = min(max(_monotonic(found["State"]["StartedAt"]), before), after)
        return Started(at=at), frozenset(addresses - {""})

    @contextmanager
    def _start_errors(self) -> Iterator[None]:
        """Translate the engine's errors about the start of the container."""
        try:
            with port_errors(self.spec.sandbox.debug_ports), self._engine.translated_errors():
                yield
        except EngineError as error:
            from samlocal.sandbox.docker.container.start_errors import start_error  # noqa: PLC0415  # few need it

            raise start_error(self.spec, error) from error

    def limit_cpu(self, cpus: float) -> None:
        """Limit the CPU, unless the function ends first: the call to the engine is slow."""
        if self._ending.wait(UNLIMITED_SECONDS):
            return
        try:
            with self._engine.translated_errors():
                self._engine.api.update_container(self.id, cpu_limits(cpus))
        except EngineError as error:  # mostly because the function has ended already
            _log.debug("its CPU is not limited: %s", error.message)

    @property
    def measures_at_once(self) -> bool:
        """Whether the kernel's files about its memory are on this machine."""
        return self._memory is not None

    def peak_memory_mb(self) -> int | None:
        """Return the most memory that the function has used so far, in MiB; None if unknown."""
        if not self.id:
            return None
        # Files of a /tmp in memory are not memory of the function.
        of_group = not self.spec.sandbox.strict
        return peak_memory_mb(self._engine, self.id, self._memory, of_group=of_group)

    def oom_kills(self) -> int:
        """Return how many processes the kernel has killed for their memory so far; 0 if unknown."""
        return self._memory.oom_kills() if self._memory else 0

    @property
    def is_removal_awaited(self) -> bool:
        """Whether the container uses a network, port or volume of the user until it is removed.

        Otherwise the engine removes the killed container without waiting here.
        """
        spec = self.spec
        return bool(
            not self._engine.auto_removes
            or spec.network.joined
            or self._relay_id
            or self._copies
            or spec.sandbox.debug_ports
            or spec.engine_options
            or spec.sandbox.grace_seconds
        )

    def cancel(self) -> None:
        """Cancel copies, and the delay before the CPU limit."""
        if self._copies:
            self._copies.cancel()
        self._ending.set()

    def begin_stop(self) -> None:
        """Expect the end of the container."""
        self.is_stopping = True
        self._ending.set()

    def stop(self) -> None:
        """End the container at once."""
        self.begin_stop()
        if self.id:
            with suppress(EngineError), self._engine.translated_errors():
                self._engine.api.kill(self.id)

    def close(self) -> None:
        """Close what is open about the container, which has ended."""
        self.close_copies()
        if self._memory:
            self._memory.files.close()

    def close_copies(self) -> None:
        """Remove the carrier, so that the copies are removed with the container."""
        if self._copies:
            self._copies.close()


def _monotonic(timestamp: str) -> float:
    """Convert the engine's time of day to `time.monotonic()`, assuming that the clocks agree."""
    # `datetime` does not read nanoseconds.
    seconds, _, fraction = timestamp.rstrip("Z").partition(".")
    at = datetime.fromisoformat(f"{seconds}.{fraction[:6]:0<6}+00:00")
    return time.monotonic() - (time.time() - at.timestamp())
