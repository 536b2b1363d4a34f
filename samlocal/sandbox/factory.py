"""Makes the sandbox of a function, and another one with a relay if the first cannot reach this machine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from samlocal.errors import HostNotReachableError
from samlocal.frozen_dataclass import frozen
from samlocal.sandbox.backend import address_of
from samlocal.sandbox.container_spec import ContainerSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.engine.engine import Engine
    from samlocal.engine.images.policy import ImageProgress
    from samlocal.sandbox.sandbox import Sandbox
    from samlocal.sandbox.spec import Spec

_T = TypeVar("_T")

# Several times what an engine needs to create a container from an existing image.
_HEAD_START_SECONDS: Final = 0.2
_RELAY_NOTE: Final = (
    "The container cannot reach this machine; using a relay (also for later runs on this engine)"
)


@frozen
class SandboxFactory:
    """Makes sandboxes: containers on one engine, and processes; without an engine, processes only.

    `progress` observes the pull or build of images, and gets a note before a sandbox that cannot reach this
    machine is replaced with one that has a relay.
    """

    engine: Engine | None
    progress: ImageProgress

    @property
    def address(self) -> str:
        """Where the sandboxes are: see `backend.address_of`."""
        return address_of(self.engine)

    def run(self, spec: Spec, use: Callable[[Sandbox], _T]) -> _T:
        """Return the result of `use` for a sandbox, which is removed before this returns.

        `use` is called again with a relay if the first sandbox cannot reach this machine, unless the spec
        sets the connection. Later sandboxes on the engine then start with a relay.

        Raises:
            HostNotReachableError: The sandbox cannot reach this machine, and may not have a relay.
        """
        try:
            return self._run_in_sandbox(spec, use)
        except HostNotReachableError:
            relayed = self.with_relay(spec)
            if relayed is None:
                raise
        return self._run_in_sandbox(relayed, use)

    def new_sandbox(self, spec: Spec) -> Sandbox:
        """Return a sandbox that has not been started."""
        if not isinstance(spec, ContainerSpec):
            from samlocal.sandbox.process.sandbox import ProcessSandbox  # noqa: PLC0415  # for processes only

            return ProcessSandbox(spec, note=self.progress.note)
        from samlocal.sandbox.docker.sandbox import DockerSandbox  # noqa: PLC0415  # for containers only

        return DockerSandbox(spec, self._connected(), progress=self.progress)

    def with_relay(self, spec: Spec) -> ContainerSpec | None:
        """Return the spec with a relay, after its sandbox could not reach this machine.

        Later sandboxes on the engine start with a relay too. The result is None if the spec sets the
        connection, or is that of a process.
        """
        if not isinstance(spec, ContainerSpec) or spec.api_connection != "auto":
            return None
        from samlocal.sandbox.docker.network.api_listener import remember_relay  # noqa: PLC0415  # few need it

        if remember_relay(self._connected()):  # several sandboxes may find out at once
            self.progress.note(_RELAY_NOTE)
        return replace(spec, api_connection="relay")

    def _run_in_sandbox(self, spec: Spec, use: Callable[[Sandbox], _T]) -> _T:
        with self.new_sandbox(spec) as sandbox:
            sandbox.give_head_start(_HEAD_START_SECONDS)
            return use(sandbox)

    def _connected(self) -> Engine:
        if self.engine is None:
            raise AssertionError("a container needs an engine")
        return self.engine
