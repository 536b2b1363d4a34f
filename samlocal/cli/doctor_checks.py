"""Results of the checks of `samlocal doctor`."""

from __future__ import annotations

from typing import Literal

from samlocal.frozen_dataclass import frozen


@frozen
class Check:
    """The result of one check, a line of the report."""

    verdict: Literal["ok", "warning", "failure"]
    subject: str
    diagnostic: str
    hint: str | None = None
