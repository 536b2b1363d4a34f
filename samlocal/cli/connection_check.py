"""The check of the API connection: starts a container that connects to the Runtime API."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.cli.doctor_checks import Check
from samlocal.errors import SandboxError
from samlocal.sandbox.container_spec import ContainerNetwork, ContainerSpec, ImageRequest
from samlocal.sandbox.docker.container.container_factory import ContainerFactory
from samlocal.sandbox.docker.network.api_listener import forget_relay, listen, remember_relay
from samlocal.sandbox.docker.network.reachability import reaches_from_new_container
from samlocal.sandbox.docker.network.relay.launch import RelayLauncher
from samlocal.sandbox.sandbox import SandboxSpec

if TYPE_CHECKING:
    from samlocal.cli.console import Verdict
    from samlocal.engine.engine import Engine
    from samlocal.sandbox.container_spec import ApiConnection
    from samlocal.sandbox.docker.network.api_listener import Listening

_FIREWALL_HINT: Final = (
    "a firewall may block connections from the engine's network to this machine;"
    " on Linux `iptables -I INPUT -i docker0 -j ACCEPT` allows them"
)
# The smallest memory size of Lambda.
_MEMORY_MB: Final = 128


def check_api_connection(
    engine: Engine, images: list[str], image_repository: str | None, chosen: ApiConnection
) -> Check:
    """Let a container connect to a listener, as a runtime does, or to a relay.

    `images` are the local images of `image_repository`. The connection that an earlier command found for
    this engine is forgotten and determined again.
    """
    if chosen == "auto":
        forget_relay(engine)
    listening = listen(engine, network=ContainerNetwork(), chosen=chosen)
    with listening.listener:
        if not images:
            return _untried(listening, "no local image for the check")
        image = images[0]
        spec = ContainerSpec(
            sandbox=SandboxSpec(function="", project=Path(), environment={}, memory_mb=_MEMORY_MB),
            image=ImageRequest(name=image, pull="never", repository=image_repository),
        )
        if listening.relay_reason:
            return _try_relay(engine, spec, listening, listening.relay_reason)
        reached = reaches_from_new_container(engine, image, listening.address)
        if reached is None:
            return _untried(listening, f"`{image}` has no shell for the check")
        if reached:
            return _check("ok", f"containers reach {listening.address}")
        blocked = f"containers cannot reach {listening.address}"
        if chosen == "direct":
            return _check("failure", blocked, _FIREWALL_HINT)
        remember_relay(engine)
        return _try_relay(engine, spec, listening, blocked, hint=_FIREWALL_HINT)


def _try_relay(
    engine: Engine,
    spec: ContainerSpec,
    listening: Listening,
    reason: str,
    *,
    hint: str | None = None,
) -> Check:
    """Start a relay and remove it; `hint` has the remedy if the direct connection failed."""
    target = listening.listener.getsockname()
    launcher = RelayLauncher(engine, spec, target=target, lost=lambda _error: None)
    try:
        launcher.launch(ContainerFactory(engine, pull=None))
    except SandboxError as error:
        return _check("failure", f"{reason}; the relay failed: {error.message}", error.hint)
    finally:
        launcher.close()
    diagnostic = f"containers reach samlocal through a relay: {reason}"
    return _check("warning" if hint else "ok", diagnostic, hint)


def _untried(listening: Listening, reason: str) -> Check:
    where = (
        f"through a relay ({listening.relay_reason})"
        if listening.relay_reason
        else f"at {listening.address}"
    )
    return _check("warning", f"containers would connect {where}, not checked: {reason}")


def _check(verdict: Verdict, diagnostic: str, hint: str | None = None) -> Check:
    return Check(verdict=verdict, subject="Runtime API", diagnostic=diagnostic, hint=hint)
