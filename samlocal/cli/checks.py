"""What `samlocal doctor` finds out, one line a check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One line of the report."""

    verdict: Literal["ok", "warning", "failure"]
    subject: str
    finding: str
    hint: str | None = None
