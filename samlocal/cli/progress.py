"""The pulling of an image, as a person sees it: bars on a terminal, a line a step elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

from samlocal.cli.console import say

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_STEPS = {"Pull complete", "Already exists"}


class PullView:
    """Shows a pull on stderr once there is one; nothing is drawn, or imported, before."""

    def __init__(self, image: str) -> None:
        self._image = image
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._begun = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._bars:
            self._bars.stop()

    def __call__(self, layer: str, status: str, current: int, total: int) -> None:
        if not self._begun:
            self._begun = True
            say(f"Pulling {self._image}")
            if sys.stderr.isatty():
                self._bars = _bars()
        if self._bars is None:
            if status in _STEPS or not layer:
                say(f"{layer}: {status}" if layer else status)
        elif total:
            self._draw(self._bars, layer, status, current, total)

    def _draw(self, bars: Progress, layer: str, status: str, current: int, total: int) -> None:
        if layer not in self._tasks:
            self._tasks[layer] = bars.add_task(layer, total=total)
        bars.update(
            self._tasks[layer], description=f"{layer} {status}", completed=current, total=total
        )


def _bars() -> Progress:
    from rich.console import Console  # needed for a pull on a terminal only
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
