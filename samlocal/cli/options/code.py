"""The options about a function's code, layers and image builds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

import typer

from samlocal.cli.options import CODE
from samlocal.engine.images.policy import ImagePolicy
from samlocal.frozen_dataclass import frozen


@frozen
class CodeOptions:
    """Options about code and layers."""

    heading: ClassVar = CODE

    mount: Annotated[
        Literal["read-only", "delegated", "copy"] | None,
        typer.Option(
            "--mount",
            help="Mount code and layers, or copy them; `delegated` means `read-only`. [default: mount, "
            "or copy if the engine cannot see this machine's files]",
            show_default=False,
        ),
    ] = None
    mount_symlinks: Annotated[
        bool,
        typer.Option(
            "--mount-symlinks/--no-mount-symlinks",
            help="Mount the targets of symlinks that point outside the code or layer directory.",
        ),
    ] = True
    docker_volume_basedir: Annotated[
        str | None,
        typer.Option(
            "-v",
            "--docker-volume-basedir",
            metavar="DIR",
            help="Path of the template directory on the engine's host, if it differs.",
            show_default=False,
        ),
    ] = None
    layer_cache_basedir: Annotated[
        Path | None,
        typer.Option(
            "--layer-cache-basedir",
            metavar="DIR",
            help="Directory for downloaded, unpacked and merged layers. [default: the platform's cache]",
            show_default=False,
        ),
    ] = None
    force_image_build: Annotated[
        bool,
        typer.Option(
            "--force-image-build",
            help="Download layers again. Layers are mounted, no image is built.",
        ),
    ] = False
    build: Annotated[
        ImagePolicy,
        typer.Option(
            "--build",
            help="When to build the image of an image function whose `Metadata` names a Dockerfile.",
        ),
    ] = "missing"
