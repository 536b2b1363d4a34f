"""The backend that `--sandbox` and `--engine` choose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic
from samlocal.sandbox.backend import choose_backend

if TYPE_CHECKING:
    from samlocal.cli.observer import ConsoleObserver
    from samlocal.cli.options.container import ContainerOptions
    from samlocal.host import Host
    from samlocal.sandbox.backend import Backend

_NO_ENGINE: Final = Diagnostic(
    message="no container engine answers: functions run as processes of this machine, without the image of "
    "their runtime",
    hint="start an engine, or choose this with `--sandbox process`",
)


def chosen_backend(
    options: ContainerOptions, host: Host, observer: ConsoleObserver | None
) -> Backend:
    """Return the chosen backend; the observer gets what `auto` chooses without an engine."""
    backend = choose_backend(options.sandbox, options.engine, host.variables)
    if observer and backend.kind == "process" and options.sandbox == "auto":
        observer.show_diagnostic(_NO_ENGINE)
    return backend
