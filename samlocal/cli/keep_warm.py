"""Decides where a command runs: in its own process, or in the background service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.frozen_dataclass import frozen
from samlocal.service.session import current_session

if TYPE_CHECKING:
    from samlocal.cli.options.keep_warm import KeepWarmOptions
    from samlocal.service.session import Session


@frozen
class WarmSettings:
    """How long an environment is kept, in seconds, and whether each invocation has an environment of its own.

    The command runs in the service of the session.
    """

    session: Session
    seconds: float
    fresh: bool


def settle_warmth(options: KeepWarmOptions) -> WarmSettings | None:
    """Return the settings of a command that runs in the service; None if it keeps nothing warm.

    A command that keeps an environment warm is handed over to the service, which starts if necessary.

    Raises:
        SystemExit: The service ran the command.
        UsageError: The duration is malformed.
    """
    seconds = _seconds(options.keep_warm) if options.keep_warm else 0.0
    session = current_session()
    if session is None:
        if seconds:
            _hand_over()
        return None
    if not seconds:
        session.decline()
    session.accept()
    return WarmSettings(session=session, seconds=seconds, fresh=options.warm == "fresh")


def _seconds(duration: str) -> float:
    from samlocal.durations import parse_duration  # most commands keep nothing warm

    return parse_duration(duration, "--keep-warm")


def _hand_over() -> None:
    """Let the service run this command; return only if there can be no service, after a warning."""
    from samlocal.cli.console import show_warning
    from samlocal.cli.signals import DeferredSignals
    from samlocal.errors import CacheError
    from samlocal.service.client import run_in_service
    from samlocal.service.launcher import ServiceError, start_service

    try:
        with DeferredSignals() as signals:  # no lock is left behind
            start_service()
    except (ServiceError, CacheError) as error:
        show_warning(f"nothing is kept warm: {error.message}", hint=error.hint)
        return
    signals.raise_if_any()
    code = run_in_service()
    if code is not None:
        raise SystemExit(code)
    show_warning("nothing is kept warm: the background service does not answer")
