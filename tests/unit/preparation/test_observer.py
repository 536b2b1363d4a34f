"""What a program learns of a preparation through a logger."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from samlocal.diagnostics import Diagnostic
from samlocal.errors import Place
from samlocal.preparation.observer import LoggingObserver

if TYPE_CHECKING:
    import pytest

PLACE = Place(Path("template.yaml"), 12, 5)


def test_diagnostics_and_statuses(caplog: pytest.LogCaptureFixture) -> None:
    """A diagnostic is a warning with its place and its hint, where it has them; a status is information."""
    caplog.set_level(logging.INFO)
    observer = LoggingObserver(logging.getLogger("shop"))
    observer.show_diagnostic(Diagnostic(message="`A` is left out"))
    observer.show_diagnostic(Diagnostic(message="`A` is left out", place=PLACE, hint="give it"))
    observer.show_status("downloading 100 %")
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "`A` is left out"),
        ("WARNING", "template.yaml:12:5: `A` is left out (give it)"),
        ("INFO", "downloading 100 %"),
    ]


def test_signals_are_the_programs_own() -> None:
    """Nothing is held up, and no check interrupts anything."""
    with LoggingObserver(logging.getLogger("shop")).uninterrupted() as check:
        check()
