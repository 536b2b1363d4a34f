"""Which authorizers refuse every request, at the start and after each change of the template."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from samlocal.diagnostics import Diagnostic
    from samlocal.project.apis import Api


class _Authorizers(Protocol):
    async def find_problems(self, apis: Iterable[Api]) -> tuple[Diagnostic, ...]: ...


class ProblemChecks:
    """Looks for problems of authorizers in the background, since an issuer of tokens may take seconds to answer.

    `report` gets each problem that the check before did not find.
    """

    def __init__(self, authorizers: _Authorizers, *, report: Callable[[Diagnostic], None]) -> None:
        self._authorizers = authorizers
        self._report = report
        self._said: tuple[Diagnostic, ...] = ()
        self._running: asyncio.Task[None] | None = None

    def start(self, apis: Sequence[Api]) -> None:
        """Check the authorizers of all APIs, instead of those of a check that still runs."""
        self.cancel()
        self._running = asyncio.create_task(self._check(apis))

    def cancel(self) -> None:
        """End a check that runs."""
        if self._running:
            self._running.cancel()

    async def _check(self, apis: Sequence[Api]) -> None:
        found = await self._authorizers.find_problems(apis)
        for each in found:
            if each not in self._said:
                self._report(each)
        self._said = found
