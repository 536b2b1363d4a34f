"""Finds an image that can run a relay, and starts the relay."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.runtimes import family_runtimes
from samlocal.sandbox.docker.container.creation import relay_config
from samlocal.sandbox.docker.container.engine_options import chosen_options
from samlocal.sandbox.docker.emulation import platform_of
from samlocal.sandbox.docker.network.relay.relay import Relay, RelayUnusableError
from samlocal.sandbox.refusal import refused

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from samlocal.engine.engine import Engine
    from samlocal.errors import SandboxError
    from samlocal.sandbox.container_spec import ContainerSpec
    from samlocal.sandbox.docker.container.container_factory import ContainerFactory

_log = logging.getLogger(__name__)

# The port of the API in Lambda: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
_PORT: Final = 9001
_PROGRAMS: Final = Path(__file__).parent
# The first interpreter that the image has; and before, a line in `/etc/hosts`, which the function's container shares.
_CHOICE: Final = """\
if [ -n "$HOSTS_LINE" ]; then { echo "$HOSTS_LINE" >>/etc/hosts; } 2>/dev/null; fi
if command -v python3 >/dev/null; then exec python3 -ISc "$1" "$3"; fi
if command -v node >/dev/null; then exec node -e "$2" "$3"; fi
echo 'its image has neither python3 nor node' >&2
exit 127
"""
# The families whose runtime images can run a relay.
_OWN_IMAGE_SERVES: Final = {"python", "nodejs"}


class RelayLauncher:
    """Starts the relay of one sandbox. `relay` is the latest that was created, started or not.

    `target` is the listener, and `lost` is called if the relay ends before it is closed.
    """

    def __init__(
        self,
        engine: Engine,
        spec: ContainerSpec,
        *,
        target: tuple[str, int],
        lost: Callable[[SandboxError], None],
    ) -> None:
        self.relay: Relay | None = None
        self._engine = engine
        self._spec = spec
        self._target = target
        self._lost = lost

    def launch(self, factory: ContainerFactory) -> int | None:
        """Start a relay in the first image that can run one; return its port, None if closed.

        Raises:
            RelayUnusableError: No image can run one.
            SandboxError: The engine refused, or no image is available.
        """
        joined = self._spec.network.joined
        network_id = self._engine.network_id(joined) if joined else None
        failure = RelayUnusableError("no image can run a relay")
        for image in relay_images(self._engine, self._spec):
            relay = factory.make(image, partial(self._create, image))
            if relay is None:
                return None
            try:
                return relay.start(network_id)
            except RelayUnusableError as error:
                _log.debug("`%s` cannot run the relay: %s", image, error)
                failure = error
                relay.close()
        raise failure

    @property
    def container_id(self) -> str | None:
        return self.relay.container_id if self.relay else None

    def accepts_peer(self, host: str, port: int) -> bool:
        return self.relay is not None and self.relay.accepts_peer(host, port)

    def connect(self, port: int) -> socket.socket:
        """Connect to a program that listens in the sandbox.

        Raises:
            OSError: No program listens on the port.
        """
        if self.relay is None:
            raise refused(port)
        return self.relay.connect(port)

    def close(self) -> None:
        """Remove the created relay."""
        if self.relay:
            self.relay.close()

    def _create(self, image: str) -> Relay:
        api, spec = self._engine.api, self._spec
        chosen = chosen_options(spec.engine_options, version=api.version)
        is_podman = self._engine.is_podman
        config = relay_config(spec, chosen, image, relay_command(spec), is_podman=is_podman)
        platform = platform_of(spec.image) if image == spec.image.name else None
        relay_id = api.create_container(config, platform=platform)
        self.relay = Relay(self._engine, relay_id, target=self._target, lost=self._lost)
        _log.debug("created relay %s of %s", relay_id[:12], image)
        return self.relay


def relay_command(spec: ContainerSpec) -> list[str]:
    """Return the program of the relay and its arguments.

    On the host's network, which other programs use too, it listens on any free port.
    """
    port = 0 if spec.network.is_host else _PORT
    programs = [(_PROGRAMS / name).read_text() for name in ("program.py", "program.js")]
    return ["/bin/sh", "-c", _CHOICE, "relay", *programs, str(port)]


def relay_images(engine: Engine, spec: ContainerSpec) -> Iterator[str]:
    """Yield the images to try: the function's own if it may be suitable, then those of Python.

    Python's images on the engine come first, and the newest, which can be pulled, is last.
    """
    request = spec.image
    if spec.sandbox.family in _OWN_IMAGE_SERVES or request.is_function:
        yield request.name
    names = engine.image_digests().keys()
    images = _python_images(spec)
    yield from (image for image in images if image in names)
    if request.pull != "never" and names.isdisjoint(images):
        yield images[0]


def has_relay_image(engine: Engine, spec: ContainerSpec) -> bool:
    """Return whether a relay can run without the pull of an image for it."""
    if spec.sandbox.family in _OWN_IMAGE_SERVES:
        return True
    return not engine.image_digests().keys().isdisjoint(_python_images(spec))


def _python_images(spec: ContainerSpec) -> list[str]:
    return [each.image_uri(spec.image.repository) for each in family_runtimes("python")]
