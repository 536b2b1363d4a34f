"""The options about a function's container: its engine, image and network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

import typer

from samlocal.cli.options import CONTAINER
from samlocal.engine.images.policy import ImagePolicy
from samlocal.frozen_dataclass import frozen
from samlocal.sandbox.backend import SandboxChoice
from samlocal.sandbox.container_spec import ApiConnection

# Options that other commands share.
EngineOption = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="NAME|ADDRESS",
        help="Container engine: docker, podman, finch, colima, desktop, rancher, orbstack, a Docker "
        "context or an address. [default: DOCKER_HOST, else the current context, else the "
        "first engine that answers]",
        show_default=False,
    ),
]
ApiConnectionOption = Annotated[
    ApiConnection,
    typer.Option(
        "--api-connection",
        help="How the container reaches the Runtime API: directly, or through a relay container, "
        "which needs no network route to this machine.",
    ),
]
ImageRepositoryOption = Annotated[
    str | None,
    typer.Option(
        "--image-repository",
        metavar="PREFIX",
        help="Repository of the runtime images, as in PREFIX/python:3.11. [default: "
        "public.ecr.aws/lambda]",
        show_default=False,
    ),
]


@frozen
class ContainerOptions:
    """Options about containers."""

    heading: ClassVar = CONTAINER

    sandbox: Annotated[
        SandboxChoice,
        typer.Option(
            "--sandbox",
            help="Where the function runs: in a container (docker), or as a process of this machine. auto is a "
            "container if an engine answers.",
        ),
    ] = "auto"
    interpreter: Annotated[
        Path | None,
        typer.Option(
            "--interpreter",
            metavar="PATH",
            help="Interpreter or JVM of a function that runs as a process. [default: the one on this machine "
            "whose version is the runtime's or the nearest]",
            show_default=False,
        ),
    ] = None
    engine: EngineOption = None
    api_connection: ApiConnectionOption = "auto"
    docker_network: Annotated[
        str | None,
        typer.Option(
            "--docker-network",
            metavar="NAME",
            help="Docker network to connect the container to besides the default one, or `host`.",
            show_default=False,
        ),
    ] = None
    add_host: Annotated[
        list[str] | None,
        typer.Option(
            "--add-host",
            metavar="HOST:IP",
            help="Add a host name to the container; the IP `host-gateway` is this machine; repeatable.",
            show_default=False,
        ),
    ] = None
    container_dns: Annotated[
        list[str] | None,
        typer.Option(
            "--container-dns",
            metavar="IP",
            help="DNS server for the container; repeatable.",
            show_default=False,
        ),
    ] = None
    skip_pull_image: Annotated[
        bool,
        typer.Option(
            "--skip-pull-image",
            help="Never pull an image; fail if it is missing. Same as --pull never.",
        ),
    ] = False
    pull: Annotated[
        ImagePolicy | None,
        typer.Option(
            "--pull",
            help="When to pull an image from its registry. [default: missing]",
            show_default=False,
        ),
    ] = None
    image_repository: ImageRepositoryOption = None
    invoke_image: Annotated[
        list[str] | None,
        typer.Option(
            "-ii",
            "--invoke-image",
            metavar="[FUNCTION=]URI",
            help="Image to run instead of the runtime's or the image function's own; repeatable.",
            show_default=False,
        ),
    ] = None
    ca_bundle: Annotated[
        Path | None,
        typer.Option(
            "--ca-bundle",
            metavar="FILE",
            help="PEM file of certificate authorities that every SDK in the container trusts.",
            show_default=False,
        ),
    ] = None
    shutdown: Annotated[
        bool,
        typer.Option(
            "--shutdown",
            help="Stop the container with SIGTERM, and kill it after three seconds.",
        ),
    ] = False
    no_extensions: Annotated[
        bool,
        typer.Option(
            "--no-extensions",
            help="Do not start the extensions in layers and images.",
        ),
    ] = False
    docker_arg: Annotated[
        list[str] | None,
        typer.Option(
            "--docker-arg",
            metavar="KEY=VALUE",
            help="Set another container option: a key of docker-py's `containers.run`, and its value as "
            "YAML; repeatable.",
            show_default=False,
        ),
    ] = None
