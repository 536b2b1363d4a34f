"""`samlocal local start-function-urls`: a local endpoint of each function URL."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import typer

from samlocal.cli.console import print_status, write_stderr
from samlocal.cli.http_command import read_tls, serve_http
from samlocal.cli.option_groups import group_options
from samlocal.cli.options.code import CodeOptions
from samlocal.cli.options.container import ContainerOptions
from samlocal.cli.options.endpoint import ServedDebugOptions, ServedOptions, WarmOptions
from samlocal.cli.options.environment import EnvironmentOptions
from samlocal.cli.options.general import GeneralOptions
from samlocal.cli.options.http import TlsOptions, UrlEndpointOptions
from samlocal.cli.options.limits import LimitOptions
from samlocal.cli.options.logs import LogOptions
from samlocal.cli.options.project import ProjectOptions
from samlocal.cli.options.sam_only import TerraformOptions
from samlocal.cli.served_options import ServedGroups
from samlocal.cli.table import table
from samlocal.project.apis import ApiKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from samlocal.cli.http_settings import HttpSettings
    from samlocal.project.apis import Api


@group_options
def start_function_urls(  # noqa: PLR0913  # groups of options
    context: typer.Context,
    *,
    served: ServedOptions,
    endpoint: UrlEndpointOptions,
    tls: TlsOptions,
    warm: WarmOptions,
    environment: EnvironmentOptions,
    project: ProjectOptions,
    code: CodeOptions,
    container: ContainerOptions,
    limits: LimitOptions,
    debugging: ServedDebugOptions,
    logs: LogOptions,
    sam: TerraformOptions,
    general: GeneralOptions,
) -> object:
    """Serve the function URLs of a project, each on a port of its own.

    Functions have warm execution environments, as many as their requests need at once. They are replaced
    when code, template or options change. Ctrl-C ends it.

    Exit status: 0 ended by a signal; 1 it could not start; 2 wrong usage.
    """
    groups = ServedGroups(
        functions=served,
        endpoint=endpoint,
        warm=warm,
        environment=environment,
        project=sam.project(project),
        code=code,
        container=container,
        limits=limits,
        debugging=debugging,
        others=(tls, logs),
    )
    return serve_http(
        context,
        groups,
        read_http=partial(_read_http, endpoint, tls, served),
        show_ready=_show_urls,
        logs=logs,
        sam=sam,
        general=general,
    )


def _read_http(
    endpoint: UrlEndpointOptions, tls: TlsOptions, served: ServedOptions
) -> HttpSettings:
    from samlocal.cli.http_settings import HttpSettings

    return HttpSettings(
        kinds=frozenset({ApiKind.FUNCTION_URL}),
        host=endpoint.host,
        port=endpoint.port,
        tls=read_tls(tls),
        has_console=False,
        functions=tuple(served.function_identifiers or ()),
    )


def _show_urls(sites: Sequence[tuple[str, Sequence[Api]]]) -> None:
    """Show a line for each URL, with its function."""
    rows = [
        (api.full_path, f"{url}/", "NONE" if api.takes_any_caller else "AWS_IAM")
        for url, apis in sites
        for api in apis
    ]
    write_stderr(f"{table(('FUNCTION', 'URL', 'AUTH'), rows)}\n")
    counted = "1 function URL" if len(rows) == 1 else f"{len(rows)} function URLs"
    print_status(f"Serving {counted} (Ctrl-C ends it)")
