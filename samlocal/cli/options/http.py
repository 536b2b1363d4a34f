"""The options of endpoints for HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

import typer

from samlocal.cli.options import ENDPOINT, HTTP
from samlocal.cli.options.endpoint import EndpointOptions
from samlocal.frozen_dataclass import frozen


@frozen
class ApiEndpointOptions(EndpointOptions):
    """Options about the endpoint of APIs."""

    heading: ClassVar = ENDPOINT

    port: Annotated[
        int,
        typer.Option(
            "-p",
            "--port",
            metavar="PORT",
            min=0,
            max=65535,
            help="Port to listen on; 0 takes a free one. APIs that cannot share it get the ports after it. "
            "[default: 3000]",
            show_default=False,
        ),
    ] = 3000


@frozen
class UrlEndpointOptions(EndpointOptions):
    """Options about the endpoints of function URLs."""

    heading: ClassVar = ENDPOINT

    port: Annotated[
        int,
        typer.Option(
            "-p",
            "--port",
            metavar="PORT",
            min=0,
            max=65535,
            help="Port of the first function URL; the others get the ports after it, with 0 free ones. "
            "[default: 3001]",
            show_default=False,
        ),
    ] = 3001


@frozen
class TlsOptions:
    """Options about HTTPS."""

    heading: ClassVar = ENDPOINT

    ssl_cert_file: Annotated[
        Path | None,
        typer.Option(
            "--ssl-cert-file",
            metavar="FILE",
            help="Serve HTTPS with this certificate (PEM, with its chain).",
        ),
    ] = None
    ssl_key_file: Annotated[
        Path | None,
        typer.Option("--ssl-key-file", metavar="FILE", help="The certificate's private key (PEM)."),
    ] = None


@frozen
class ApiOptions:
    """Options about the APIs themselves."""

    heading: ClassVar = HTTP

    static_dir: Annotated[
        Path | None,
        typer.Option(
            "-s",
            "--static-dir",
            metavar="DIR",
            help="Serve the files of this directory, looked for here and beside the template, where no route has "
            "the path. [default: public, if there is such a directory]",
            show_default=False,
        ),
    ] = None
    disable_authorizer: Annotated[
        bool,
        typer.Option("--disable-authorizer", help="Let requests pass without any authorizer."),
    ] = False
    jwks: Annotated[
        Path | None,
        typer.Option(
            "--jwks",
            metavar="FILE",
            help="Check tokens with the keys of this file (JWKS), not with those of their issuer.",
        ),
    ] = None
    api_key: Annotated[
        list[str] | None,
        typer.Option(
            "--api-key",
            metavar="KEY=VALUE",
            help="An API key by its name in the template, and its value; repeatable. Without any, routes that "
            "require a key take every request.",
        ),
    ] = None
    no_console: Annotated[
        bool, typer.Option("--no-console", help="Do not serve the console at /_samlocal/.")
    ] = False
