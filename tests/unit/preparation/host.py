"""A machine of a test's own, and an observer that keeps what it is told."""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from samlocal.host import Host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from samlocal.diagnostics import Diagnostic


def host(directory: Path, *, stdin: str = "", **variables: str) -> Host:
    """Return a host whose project, home and cache are below `directory`."""
    return Host(
        variables=variables,
        home=directory / "home",
        directory=directory,
        stdin=io.BytesIO(stdin.encode()),
        cache=directory / "cache",
    )


@dataclass
class RecordingObserver:
    """Keeps the diagnostics; `interrupt` raises where an interruption does no harm."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)
    interrupt: Exception | None = None

    def show_diagnostic(self, diagnostic: Diagnostic) -> None:
        self.diagnostics.append(diagnostic)

    def show_status(self, text: str) -> None:
        self.statuses.append(text)

    @contextmanager
    def uninterrupted(self) -> Iterator[Callable[[], None]]:
        yield self.check

    def check(self) -> None:
        if self.interrupt:
            raise self.interrupt

    @property
    def messages(self) -> list[str]:
        return [diagnostic.message for diagnostic in self.diagnostics]
