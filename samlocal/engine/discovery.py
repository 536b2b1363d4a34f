"""The addresses at which a container engine may answer, and their order.

From highest to lowest precedence, where applicable as in the `docker` command: `--engine`, `DOCKER_HOST`,
the Docker context (`DOCKER_CONTEXT`, else the current one), the default socket, and then the sockets
that engines are known to open and that exist.

https://docs.docker.com/reference/cli/docker/#environment-variables
https://docs.docker.com/engine/manage-resources/contexts/
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.data import exists
from samlocal.errors import EngineNotReachableError, UsageError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_URL: Final = "unix:///var/run/docker.sock"

_DEFAULT_CONTEXT: Final = "default"

# Sockets of engines, relative to the user's home unless the path is absolute. `{run}` is the folder of the
# user's sockets, `{tmp}` the folder of temporary files.
# https://docs.docker.com/engine/security/rootless/
# https://docs.docker.com/desktop/troubleshoot-and-support/faqs/linuxfaqs/
# https://docs.podman.io/en/latest/markdown/podman-system-service.1.html
# https://podman-desktop.io/docs/migrating-from-docker/using-the-docker_host-environment-variable
# https://github.com/runfinch/finch-daemon
# https://github.com/abiosoft/colima/blob/main/docs/FAQ.md
# https://docs.rancherdesktop.io/how-to-guides/using-testcontainers/
# https://docs.orbstack.dev/docker/
_SOCKETS: Final[Mapping[str, tuple[str, ...]]] = {
    "docker": ("/var/run/docker.sock", "{run}/docker.sock", ".docker/run/docker.sock"),
    "desktop": (".docker/desktop/docker.sock", ".docker/run/docker.sock"),
    "podman": (
        "{run}/podman/podman.sock",
        "/run/podman/podman.sock",
        "{tmp}/podman/podman-machine-default-api.sock",
        ".local/share/containers/podman/machine/podman.sock",
    ),
    "finch": ("/Applications/Finch/lima/data/finch/sock/finch.sock", "/var/run/finch.sock"),
    "colima": (".colima/default/docker.sock", ".config/colima/default/docker.sock"),
    "rancher": (".rd/docker.sock",),
    "orbstack": (".orbstack/run/docker.sock",),
}
_START: Final[Mapping[str, str]] = {
    "desktop": "start Docker Desktop",
    "podman": "`systemctl --user start podman.socket`, or `podman machine start` on macOS",
    "finch": "`finch vm start`",
    "colima": "`colima start`",
    "rancher": "start Rancher Desktop",
    "orbstack": "`orb start`",
}
_START_DOCKER: Final = "start Docker (on Linux: `systemctl start docker`)"


@frozen
class Certificates:
    """Existing files for TLS to an engine, or None; `verify` tells whether to verify its certificate."""

    authority: Path | None
    certificate: Path | None
    key: Path | None
    verify: bool


@frozen
class EngineAddress:
    """One address of an engine: `unix://PATH`, `tcp://HOST:PORT` or `ssh://USER@HOST`.

    `certificates` are those of a Docker context, without those that environment variables name.
    """

    url: str
    certificates: Certificates | None = None

    @property
    def socket_path(self) -> str | None:
        """The path of a socket on this machine; None for any other kind of address."""
        return self.url.removeprefix("unix://") if self.url.startswith("unix://") else None


@frozen
class EngineCandidates:
    """The addresses to try in order, and the hint if none of them answers."""

    addresses: tuple[EngineAddress, ...]
    hint: str


def find_engines(engine: str | None, variables: Mapping[str, str]) -> EngineCandidates:
    """Return the addresses for `--engine` and the environment `variables`.

    `engine` is an engine's name, the name of a Docker context, or an address.

    Raises:
        UsageError: There is no engine and no context of that name.
        EngineNotReachableError: `DOCKER_CONTEXT` or the current context does not exist.
    """
    if engine and _is_address(engine):
        return _only(engine if "://" in engine else f"unix://{engine}", f"{_START_DOCKER}")
    if engine:
        return _find_by_name(engine, variables)
    if host := variables.get("DOCKER_HOST"):
        return _only(host, f"{_START_DOCKER}, or set DOCKER_HOST to your engine's address")
    settings = docker_settings(variables)
    name = variables.get("DOCKER_CONTEXT") or _current_context(settings)
    if name != _DEFAULT_CONTEXT:
        return _find_by_context(name, settings)
    others = dict.fromkeys(
        socket for name in _SOCKETS for socket in _sockets(name, variables) if exists(socket)
    )
    urls = dict.fromkeys((DEFAULT_URL, *(f"unix://{socket}" for socket in others)))
    return EngineCandidates(
        addresses=tuple(EngineAddress(url=url) for url in urls),
        hint=f"{_START_DOCKER}, or set DOCKER_HOST to your engine's address",
    )


def _is_address(engine: str) -> bool:
    return "://" in engine or engine.startswith("/")


def _only(url: str, hint: str) -> EngineCandidates:
    return EngineCandidates(addresses=(EngineAddress(url=url),), hint=hint)


def _find_by_name(name: str, variables: Mapping[str, str]) -> EngineCandidates:
    settings = docker_settings(variables)
    contexts = _contexts(settings)
    if name in contexts:
        return _find_by_context(name, settings)
    if name not in _SOCKETS:
        known = ", ".join(f"`{each}`" for each in (*_SOCKETS, *contexts))
        raise UsageError(
            f"no container engine or Docker context `{name}`",
            hint=f"choose one of {known}, or an address such as `ssh://me@example.com`",
        )
    sockets = _sockets(name, variables)
    found = [socket for socket in sockets if exists(socket)] or sockets
    return EngineCandidates(
        addresses=tuple(EngineAddress(url=f"unix://{socket}") for socket in found),
        hint=_START.get(name, _START_DOCKER),
    )


def _sockets(name: str, variables: Mapping[str, str]) -> list[Path]:
    places = {
        "run": variables.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}",
        "tmp": (variables.get("TMPDIR") or "/tmp").rstrip("/"),  # noqa: S108  # where macOS has them
    }
    home = Path(variables.get("HOME") or "/")
    return [home / each.format(**places) for each in _SOCKETS[name]]


def docker_settings(variables: Mapping[str, str]) -> Path:
    """Return the folder of the Docker client's settings."""
    home = Path(variables.get("HOME") or "/")
    return Path(variables.get("DOCKER_CONFIG") or home / ".docker")


def _current_context(settings: Path) -> str:
    """Return the name of the context that `docker context use` chose."""
    try:
        chosen = json.loads((settings / "config.json").read_bytes()).get("currentContext")
    except (OSError, ValueError, AttributeError):  # as `docker` does, which warns of it as well
        chosen = None
    return chosen if chosen and isinstance(chosen, str) else _DEFAULT_CONTEXT


def _contexts(settings: Path) -> dict[str, EngineAddress]:
    """Return every context that has an engine, by its name."""
    found = {_DEFAULT_CONTEXT: EngineAddress(url=DEFAULT_URL)}
    for path in sorted(settings.glob("contexts/meta/*/meta.json")):
        try:
            meta = json.loads(path.read_bytes())
            name, endpoint = meta["Name"], meta["Endpoints"]["docker"]
            url, verify = str(endpoint["Host"]), not endpoint.get("SkipTLSVerify")
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            continue  # not a context of an engine
        found[str(name)] = EngineAddress(
            url=url, certificates=_certificates(settings, str(name), verify=verify)
        )
    return found


def _certificates(settings: Path, context: str, *, verify: bool) -> Certificates | None:
    import hashlib  # noqa: PLC0415  # few have contexts, and it takes 2 ms

    folder = settings / "contexts" / "tls" / hashlib.sha256(context.encode()).hexdigest() / "docker"
    files = (folder / "ca.pem", folder / "cert.pem", folder / "key.pem")
    authority, certificate, key = (each if each.is_file() else None for each in files)
    if not (authority or certificate):
        return None
    return Certificates(authority=authority, certificate=certificate, key=key, verify=verify)


def _find_by_context(name: str, settings: Path) -> EngineCandidates:
    contexts = _contexts(settings)
    if name not in contexts:
        raise EngineNotReachableError(
            f"no Docker context `{name}`",
            hint="`docker context ls` lists the contexts; `--engine docker` uses the default socket",
        )
    return EngineCandidates(
        addresses=(contexts[name],),
        hint=f"this is the engine of the Docker context `{name}`: start it, or choose another with `--engine`",
    )
