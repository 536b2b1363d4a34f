"""A nested stack that is not read, whose outputs are unknown values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.documents.node import Unknown
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from samlocal.diagnostics import Diagnostic


@frozen
class UnreadStack:
    """A nested stack that is not read, and why; `is_error` if its template or location is invalid."""

    logical_id: str
    diagnostic: Diagnostic
    is_error: bool

    def output(self, attribute: str) -> Unknown:
        """Return an output as an unknown value with the reason."""
        return Unknown(
            reason=f"`{self.logical_id}.{attribute}` is an output of a stack that is not read",
            missing=self.diagnostic.missing,
            causes=(self.diagnostic,),
        )
