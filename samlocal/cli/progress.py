"""Progress of pulling or building an image.

A pull shows bars on a terminal and one line for each step elsewhere; a build shows its output.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

from samlocal.cli.console import is_drawable, print_status

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_STEPS = {"Pull complete", "Already exists"}
_RETRY = "Retrying in "


class PullView:
    """Shows a pull or a build on stderr; draws and imports nothing before it starts."""

    def __init__(self) -> None:
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._retried: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stop_bars()

    def __call__(self, layer: str, status: str, current: int, total: int) -> None:
        if not layer:  # done
            self.note(status)
        elif status.startswith(_RETRY):  # a second less each second
            if layer not in self._retried:
                self._retried.add(layer)
                self.note(f"{layer}: the download was interrupted; the engine tries again")
        elif not is_drawable(sys.stderr):
            if status in _STEPS:
                print_status(f"{layer}: {status}")
        elif total:
            self._bars = self._bars or _bars()
            self._draw(self._bars, layer, status, current, total)

    def note(self, text: str) -> None:
        self._stop_bars()
        print_status(text)

    def _stop_bars(self) -> None:
        if self._bars:
            self._bars.stop()
        self._bars = None
        self._tasks.clear()

    def _draw(self, bars: Progress, layer: str, status: str, current: int, total: int) -> None:
        if layer not in self._tasks:
            self._tasks[layer] = bars.add_task(layer, total=total)
        bars.update(
            self._tasks[layer], description=f"{layer} {status}", completed=current, total=total
        )


def _bars() -> Progress:
    from rich.console import Console  # only needed for a pull on a terminal
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TransferSpeedColumn,
    )

    bars = Progress(
        TextColumn("{task.description:<32}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    bars.start()
    return bars
