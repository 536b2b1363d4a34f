"""How the execution environments of a function are initialised: on demand, or as with SnapStart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic
from samlocal.function import DEFAULT_EPHEMERAL_STORAGE_MB, ImageCode
from samlocal.qualifier import LATEST

if TYPE_CHECKING:
    from samlocal.function import Function
    from samlocal.function_configuration import InitializationType

_RUNTIMES: Final = "SnapStart is for Python 3.12, Java 11, .NET 8 and later"


def choose_initialization(
    function: Function, version: str, *, snap_start: bool | None
) -> tuple[InitializationType, tuple[Diagnostic, ...]]:
    """Return the initialisation of a version of a function, and diagnostics about it.

    `SnapStart` of the template applies to published versions; `snap_start` overrides it. A function for which
    Lambda does not offer SnapStart is initialised on demand, with a diagnostic.
    """
    applies = function.snap_start is not None and version != LATEST
    if not (applies if snap_start is None else snap_start):
        return "on-demand", ()
    obstacle = _obstacle(function)
    if obstacle is None:
        return "snap-start", ()
    reason, hint = obstacle
    message = (
        f"`{function.logical_id}` is run without SnapStart, which Lambda does not offer {reason}"
    )
    place = function.snap_start or function.place
    return "on-demand", (Diagnostic(message=message, place=place, hint=hint),)


def _obstacle(function: Function) -> tuple[str, str | None] | None:
    """Return why Lambda offers no SnapStart for a function, with a hint; None if it does.

    https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html#snapstart-runtimes
    """
    from samlocal.runtimes import find_runtime

    if isinstance(function.code, ImageCode) or function.runtime is None:
        return "for container images", _RUNTIMES
    if not find_runtime(function.runtime, place=function.place).has_snap_start:
        return f"for `{function.runtime}`", _RUNTIMES
    if function.tenancy:
        return "with tenant isolation", None
    if function.file_systems:
        return "with file systems", None
    if function.ephemeral_storage_mb > DEFAULT_EPHEMERAL_STORAGE_MB:
        return f"with more than {DEFAULT_EPHEMERAL_STORAGE_MB} MB in /tmp", None
    return None
