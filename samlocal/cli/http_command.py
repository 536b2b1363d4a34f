"""What the commands that serve HTTP do: open sockets, read options, serve, and show what is served."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from samlocal.cli.console_log import ConsoleLog
from samlocal.cli.listeners import open_listeners
from samlocal.cli.observer import ConsoleObserver
from samlocal.cli.option_sources import is_repeated
from samlocal.cli.served_options import endpoint_settings, read_settings_again
from samlocal.errors import UsageError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    import typer

    from samlocal.cli.http_settings import HttpSettings
    from samlocal.cli.options.general import GeneralOptions
    from samlocal.cli.options.http import TlsOptions
    from samlocal.cli.options.logs import LogOptions
    from samlocal.cli.options.sam_only import TerraformOptions
    from samlocal.cli.served_options import ServedGroups
    from samlocal.project.apis import Api


def serve_http(
    context: typer.Context,
    groups: ServedGroups,
    *,
    read_http: Callable[[], HttpSettings],
    show_ready: Callable[[Sequence[tuple[str, Sequence[Api]]]], None],
    logs: LogOptions,
    sam: TerraformOptions,
    general: GeneralOptions,
) -> object:
    """Serve until a signal comes; a repeated command returns its settings instead."""
    observer = ConsoleObserver()
    if is_repeated(context):
        return endpoint_settings(context, groups, observer)
    general.apply()
    with ExitStack() as stack:
        # Clients can connect from now on; they wait until the endpoint serves them.
        listeners = open_listeners(groups.endpoint.host, groups.endpoint.port)
        for each in listeners:
            stack.enter_context(each)
        observer.show(sam.diagnostics())
        http = read_http()
        settings = endpoint_settings(context, groups, observer)
        from samlocal.cli.http_endpoint import HttpEndpoint

        log = ConsoleLog(logs.log_file, timestamps=logs.timestamps, names=True)
        with log:
            exit_code = HttpEndpoint(
                settings,
                http,
                listeners,
                log,
                on_ready=show_ready,
                read_again=partial(read_settings_again, context),
            ).serve()
    raise SystemExit(exit_code)


def read_tls(options: TlsOptions) -> ssl.SSLContext | None:
    """Return what HTTPS needs; None without the options.

    Raises:
        UsageError: One of the two files is missing.
        SamlocalError: A file cannot be used.
    """
    cert, key = options.ssl_cert_file, options.ssl_key_file
    if cert is None and key is None:
        return None
    from samlocal.http_server.tls import SELF_SIGNED_HINT, load_tls

    if cert is None or key is None:
        raise UsageError(
            "HTTPS needs both `--ssl-cert-file` and `--ssl-key-file`", hint=SELF_SIGNED_HINT
        )
    return load_tls(cert, key)
