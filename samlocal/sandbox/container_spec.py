"""What a container needs besides the sandbox: its image, network and engine options."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.engine.images.policy import Build, ImagePolicy
    from samlocal.sandbox.debugging import DebugSettings
    from samlocal.sandbox.sandbox import SandboxKind, SandboxSpec

ApiConnection = Literal["auto", "direct", "relay"]
Delivery = Literal["auto", "mount", "copy"]


@frozen
class ImageRequest:
    """The image of a container, and where it comes from.

    The image of an image function (`is_function`) completes the spec with its own entry point and command.
    An image that the user chose (`is_chosen`) runs for any architecture. `pull_option` is the option that
    set `pull`, for messages, and `profile` the AWS profile for images in ECR. `repository` has the runtime
    images; None means AWS's.

    `for_architecture` is used on an engine with another architecture than the function's, and `native` is
    the image that it replaces. `foreign_architecture` is the engine's name of the emulated architecture,
    such as `arm64`.
    """

    name: str
    is_function: bool = False
    is_chosen: bool = False
    pull: ImagePolicy = "missing"
    pull_option: str = "--pull never"
    profile: str | None = None
    repository: str | None = None
    build: Build | None = None
    for_architecture: str | None = None
    native: str | None = None
    foreign_architecture: str | None = None


@frozen
class ContainerNetwork:
    """The network of a container: `name` is a network to join besides the default one, or `host`.

    `hosts` are addresses by name, `dns` the addresses of name servers. Ports are published on the address
    `publish_on` of this machine.
    """

    name: str | None = None
    hosts: Mapping[str, str] = field(default_factory=dict)
    dns: tuple[str, ...] = ()
    publish_on: str = "127.0.0.1"

    @property
    def is_host(self) -> bool:
        """Whether the container uses the network of the engine's machine."""
        return self.name == "host"

    @property
    def joined(self) -> str | None:
        """The network that the container joins besides the default one."""
        return None if self.is_host else self.name


@frozen
class ContainerSpec:
    """All data that is needed to create the container of a sandbox.

    `delivery` is how the container gets its mounts: from this machine's files, as copies, or as copies only
    if the engine does not see this machine's files. `api_connection` is how it reaches its Runtime API.
    `engine_options` are arguments of docker-py's `containers.run`. `debug` has the debug settings of an
    image function whose program is not known yet.
    """

    sandbox: SandboxSpec
    image: ImageRequest
    network: ContainerNetwork = field(default_factory=ContainerNetwork)
    delivery: Delivery = "auto"
    api_connection: ApiConnection = "auto"
    engine_options: Mapping[str, Any] = field(default_factory=dict)
    debug: DebugSettings | None = None

    kind: ClassVar[SandboxKind] = "docker"

    @property
    def label(self) -> str:
        """What the sandbox runs in, as messages name it: the image."""
        return self.image.name

    @property
    def is_debugged(self) -> bool:
        """Whether a debugger waits in the sandbox."""
        return (self.sandbox.debugger or self.debug) is not None
