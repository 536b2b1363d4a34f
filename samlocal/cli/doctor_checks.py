"""What `samlocal doctor` finds out, one line a check."""

from __future__ import annotations

from typing import Literal

from samlocal.frozen_dataclass import frozen


@frozen
class Check:
    """One line of the report."""

    verdict: Literal["ok", "warning", "failure"]
    subject: str
    diagnostic: str
    hint: str | None = None
