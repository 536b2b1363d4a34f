"""The container engine: how to reach it, and its errors in our words."""

from __future__ import annotations

import logging
import os
import socket
from contextlib import contextmanager, suppress
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, cast

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.utils import kwargs_from_env
from urllib3.exceptions import HTTPError

from samlocal.errors import EngineError, EngineNotReachableError, NetworkNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_log = logging.getLogger(__name__)

# Docker's and Podman's.
_MARKS_OF_CONTAINERS: Final = ("/.dockerenv", "/run/.containerenv")

DEFAULT_ADDRESS: Final = "unix:///var/run/docker.sock"

_LOOPBACK: Final = "127.0.0.1"

_START_HINT: Final = (
    "start Docker (on Linux: `systemctl start docker`), or set DOCKER_HOST to your engine's address;"
    " `samlocal doctor` looks closer"
)


def engine_address() -> str:
    """Return the address of the engine that samlocal talks to."""
    return os.environ.get("DOCKER_HOST") or DEFAULT_ADDRESS


class Engine:
    """A connection to a container engine.

    `api` has a time limit on each call; `streams` has none: it is for calls that last as long as a
    container does.
    """

    def __init__(self) -> None:
        """Connect.

        Raises:
            EngineNotReachableError: No engine answers at the address.
        """
        self.address = engine_address()
        try:
            options = kwargs_from_env()
            options["base_url"] = options.get("base_url") or DEFAULT_ADDRESS
            self.api = docker.APIClient(version="auto", **options)
            self.streams = docker.APIClient(
                version=self.api.api_version, timeout=cast("int", None), **options
            )
        except (DockerException, requests.RequestException, ValueError) as error:
            raise EngineNotReachableError(
                f"no container engine answers at `{self.address}` ({_root_cause(error)})",
                hint=_START_HINT,
            ) from error
        _log.debug("connected to %s, API %s", self.address, self.api.api_version)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.api.close()
        self.streams.close()

    @property
    def shares_files(self) -> bool:
        """Whether the engine sees this machine's files, under their own paths.

        It does where it is reached through a socket on this machine; but where this is a container, the
        socket may be that of the machine outside, which has another name.
        """
        if "unix://" not in self.address:
            return False
        if not any(Path(mark).exists() for mark in _MARKS_OF_CONTAINERS):
            return True
        with translated_errors():
            return bool(self.api.info().get("Name") == socket.gethostname())

    def name_and_version(self) -> str:
        with translated_errors():
            version = self.api.version()
        name = (version.get("Platform") or {}).get("Name") or "Docker Engine"
        return f"{name} {version['Version']} (API {version['ApiVersion']})"

    def architecture(self) -> str:
        """Return what the engine calls its machine's architecture, such as `amd64`."""
        with translated_errors():
            return str(self.api.version()["Arch"])

    def data_folder(self) -> str:
        """Return the folder in which the engine keeps its images, on its own machine."""
        with translated_errors():
            return str(self.api.info().get("DockerRootDir", ""))

    def image_digests(self) -> dict[str, str | None]:
        """Return all images on the engine's machine: by name, the digest that their registry has.

        It is None for an image that came from no registry.
        """
        with translated_errors():
            images = self.api.images()
        return {
            name: next(
                (
                    digest.partition("@")[2]
                    for digest in image.get("RepoDigests") or ()
                    if digest.partition("@")[0] == name.rpartition(":")[0]
                ),
                None,
            )
            for image in images
            for name in image.get("RepoTags") or ()
        }

    def listen(self, network: str | None) -> tuple[socket.socket, str]:
        """Open a listening socket that containers can reach, and only they if that can be had.

        Return it with the address at which containers find it. On the engine's own machine that is
        the gateway of its default network. Where that address isn't one of this machine, the engine
        runs in a virtual machine (Docker Desktop, Colima, …) that hands its containers' calls to
        `host.docker.internal` on to our loopback address.
        """
        gateway = _LOOPBACK if network == "host" else self.gateway()
        if gateway:
            with suppress(OSError):
                listener = _bind(gateway)
                return listener, f"{gateway}:{listener.getsockname()[1]}"
        listener = _bind(_LOOPBACK)
        return listener, f"host.docker.internal:{listener.getsockname()[1]}"

    def gateway(self) -> str | None:
        """Return the address of the host in the engine's default network, if it has one.

        An engine that has just made the network names only its subnet; the host has the first
        address of it then, as of every network that doesn't say otherwise.
        """
        with translated_errors():
            configs = self.api.inspect_network("bridge")["IPAM"]["Config"] or []
        for config in configs:
            if config.get("Gateway"):
                return str(config["Gateway"])
            if config.get("Subnet"):
                return str(ip_network(config["Subnet"])[1])
        return None

    def attach(self, container_id: str) -> Callable[[int], bytes]:
        """Attach to a container's output; return what receives the connection's next bytes."""
        with translated_errors():
            connection = self.streams.attach_socket(container_id)
        # A file over a unix or TCP connection; a socket over TLS, a channel over ssh.
        receive = connection.read if hasattr(connection, "read") else connection.recv
        return cast("Callable[[int], bytes]", receive)

    def run_in(self, container_id: str, command: list[str]) -> tuple[int, str]:
        """Run a command in a running container; return its exit status and its output."""
        with translated_errors():
            execution = self.api.exec_create(container_id, command)["Id"]
            output = self.api.exec_start(execution)
            return self.api.exec_inspect(execution)["ExitCode"], output.decode(errors="replace")

    def network_id(self, name: str) -> str:
        """Return the id of a network.

        Raises:
            NetworkNotFoundError: There is none of that name.
        """
        with translated_errors():
            try:
                return str(self.api.inspect_network(name)["Id"])
            except NotFound:
                names = ", ".join(f"`{each['Name']}`" for each in self.api.networks())
                raise NetworkNotFoundError(
                    f"no Docker network `{name}`",
                    hint=f"there are {names}; `docker network create {name}` makes it",
                ) from None


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn what docker-py and its HTTP library raise into our own errors."""
    try:
        yield
    except ImageNotFound:
        raise  # the caller knows which image, and whether it may be pulled
    except APIError as error:
        raise EngineError(
            f"the container engine refused: {error.explanation or error}",
        ) from error
    except (DockerException, requests.RequestException, HTTPError, OSError) as error:
        raise EngineError(
            f"the container engine at `{engine_address()}` went away ({_root_cause(error)})",
            hint="is it still running? `samlocal doctor` looks closer",
        ) from error


def _bind(address: str) -> socket.socket:
    return socket.create_server((address, 0), backlog=64)


def _root_cause(error: BaseException) -> str:
    """Return the words of the innermost error: `No such file or directory`.

    The HTTP libraries wrap it in their own ones, as an argument or as the context.
    """
    inner: BaseException | None = error
    while inner:
        error = inner
        nested = (each for each in error.args if isinstance(each, BaseException))
        inner = next(nested, None) or error.__cause__ or error.__context__
    return getattr(error, "strerror", None) or str(error)
