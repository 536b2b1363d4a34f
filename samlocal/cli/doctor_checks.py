"""Results of the checks of `samlocal doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from samlocal.cli.console import Verdict


@frozen
class Check:
    """The result of one check, a line of the report."""

    verdict: Verdict
    subject: str
    diagnostic: str
    hint: str | None = None
