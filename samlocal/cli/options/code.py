"""The options about a function's code: its layers, its image where it is built, and how both get to where it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from samlocal.engine.images.policy import ImagePolicy
from samlocal.frozen_dataclass import frozen


@frozen
class CodeOptions:
    """What a person types about code and layers."""

    mount: Annotated[
        Literal["read-only", "delegated", "copy"] | None,
        typer.Option(
            "--mount",
            help="Mount code and layers (`delegated` is the same), or copy them."
            " [default: mount, and copy to an engine that doesn't see this machine's files]",
            show_default=False,
        ),
    ] = None
    mount_symlinks: Annotated[
        bool,
        typer.Option(
            "--mount-symlinks/--no-mount-symlinks",
            help="Mount what links lead to that leave the code or a layer.",
        ),
    ] = True
    docker_volume_basedir: Annotated[
        str | None,
        typer.Option(
            "-v",
            "--docker-volume-basedir",
            metavar="PATH",
            help="Where the engine has the directory of the template, if it sees it at another path.",
            show_default=False,
        ),
    ] = None
    layer_cache_basedir: Annotated[
        Path | None,
        typer.Option(
            "--layer-cache-basedir",
            metavar="DIR",
            help="Where layers are kept: downloaded, unpacked and merged. [default: the platform's cache]",
            show_default=False,
        ),
    ] = None
    force_image_build: Annotated[
        bool,
        typer.Option(
            "--force-image-build",
            help="Download layers again. No image is built: layers are mounted.",
        ),
    ] = False
    build: Annotated[
        ImagePolicy,
        typer.Option(
            "--build",
            help="When to build the image of an image function whose `Metadata` names a Dockerfile.",
        ),
    ] = "missing"
