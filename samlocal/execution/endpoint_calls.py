"""Calls that the programs of a sandbox make at the address of their own APIs, for an endpoint of the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.runtime_api.routes import is_endpoint_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.runtime_api.endpoint_connection import Endpoint


def project_endpoint(
    configuration: FunctionConfiguration, warn: Callable[[str], None]
) -> Endpoint | None:
    """Return where a function's calls of other functions and of `@connections` go; None if it does not make any.

    `warn` gets a line for the function's log if it calls `https://` in vain, once: SDKs try again.
    """
    if configuration.lambda_endpoint is None:
        return None
    from samlocal.runtime_api.endpoint_connection import Endpoint  # noqa: PLC0415  # the cold path does not need it

    has_warned = False

    def note_encryption() -> None:
        nonlocal has_warned
        if not has_warned:
            has_warned = True
            warn(
                f"{configuration.name} has called https:// at an address that has no TLS here:"
                " use http:// where `SAMLOCAL` is set"
            )

    return Endpoint(
        socket=configuration.lambda_endpoint,
        has_path=is_endpoint_path,
        note_encryption=note_encryption,
    )
