"""`samlocal local start-api`: local endpoints of all APIs of a project."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from samlocal.cli.console import print_status, write_stderr
from samlocal.cli.http_command import read_tls, serve_http
from samlocal.cli.option_groups import group_options
from samlocal.cli.options.code import CodeOptions
from samlocal.cli.options.container import ContainerOptions
from samlocal.cli.options.endpoint import ServedDebugOptions, WarmOptions
from samlocal.cli.options.environment import EnvironmentOptions
from samlocal.cli.options.general import GeneralOptions
from samlocal.cli.options.http import ApiEndpointOptions, ApiOptions, TlsOptions
from samlocal.cli.options.limits import LimitOptions
from samlocal.cli.options.logs import LogOptions
from samlocal.cli.options.project import ProjectOptions
from samlocal.cli.options.sam_only import TerraformOptions
from samlocal.cli.route_texts import target_of, url_of_route
from samlocal.cli.served_options import ServedGroups
from samlocal.cli.table import table
from samlocal.errors import UsageError
from samlocal.path_kinds import is_directory
from samlocal.project.apis import ApiKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from samlocal.cli.http_settings import HttpSettings
    from samlocal.project.apis import Api

_STATIC: Final = Path("public")  # sam's default


@group_options
def start_api(  # noqa: PLR0913  # groups of options
    context: typer.Context,
    *,
    endpoint: ApiEndpointOptions,
    tls: TlsOptions,
    apis: ApiOptions,
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
    """Serve the APIs of a project: REST, HTTP and WebSocket APIs, function URLs, load balancers and web functions.

    APIs whose routes do not collide share a port. Functions have warm execution environments, as many as
    their requests need at once. They are replaced when code, template or options change. Ctrl-C ends it.

    Exit status: 0 ended by a signal; 1 it could not start; 2 wrong usage.
    """
    groups = ServedGroups(
        endpoint=endpoint,
        warm=warm,
        environment=environment,
        project=sam.project(project),
        code=code,
        container=container,
        limits=limits,
        debugging=debugging,
        others=(tls, apis, logs),
    )
    return serve_http(
        context,
        groups,
        read_http=partial(_read_http, endpoint, tls, apis, groups.project.template),
        show_ready=partial(_show_sites, has_console=not apis.no_console),
        logs=logs,
        sam=sam,
        general=general,
    )


def _read_http(
    endpoint: ApiEndpointOptions, tls: TlsOptions, apis: ApiOptions, template: Path | None
) -> HttpSettings:
    from samlocal.cli.http_settings import HttpSettings
    from samlocal.http_api.authorizers.jwks_file import read_local_keys
    from samlocal.http_api.static_files import StaticFiles

    static = _find_directory(apis.static_dir or _STATIC, template)
    if apis.static_dir and not static:
        raise UsageError(f"`--static-dir {apis.static_dir}` is not a directory")
    return HttpSettings(
        kinds=frozenset(ApiKind),
        host=endpoint.host,
        port=endpoint.port,
        tls=read_tls(tls),
        static=StaticFiles(static) if static else None,
        disables_authorizers=apis.disable_authorizer,
        local_keys=read_local_keys(apis.jwks) if apis.jwks else None,
        api_keys=dict(map(_api_key, apis.api_key or ())),
        has_console=not apis.no_console,
    )


def _find_directory(static: Path, template: Path | None) -> Path | None:
    """Return the directory; one that is not here may be beside the template, where sam looks."""
    places = (static, template.parent / static) if template else (static,)
    return next((each for each in places if is_directory(each)), None)


def _api_key(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise UsageError(f"`--api-key {text}` is not KEY=VALUE")
    return name, value


def _show_sites(sites: Sequence[tuple[str, Sequence[Api]]], *, has_console: bool) -> None:
    """Show a table of all routes, and where they are served."""
    rows = [
        (route.method, url_of_route(url, api, route, apis), target_of(route), api.label)
        for url, apis in sites
        for api in apis
        for route in api.routes
    ]
    write_stderr(f"{table(('METHOD', 'URL', 'FUNCTION', 'API'), rows)}\n")
    counted = "1 route" if len(rows) == 1 else f"{len(rows)} routes"
    where = ", ".join(url for url, _ in sites)
    print_status(f"Serving {counted} at {where} (Ctrl-C ends it)")
    if has_console:
        print_status(f"Console: {sites[0][0]}/_samlocal/")
