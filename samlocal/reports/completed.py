"""An invocation that has its result, without its payloads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from samlocal.invocation import Invocation, InvocationResult, JsonObject


@frozen
class Completed:
    """An invocation and its result; `cold_path` is samlocal's own, for the first invocation of a command."""

    invocation: Invocation
    result: InvocationResult
    cold_path: JsonObject | None = None

    @property
    def is_cold(self) -> bool:
        """Whether the programs of the environment started for it, for the first time or again."""
        return any(each.name in {"init", "restore"} for each in self.result.phases)


def without_payloads(
    invocation: Invocation, result: InvocationResult, cold_path: JsonObject | None = None
) -> Completed:
    """Return what reports need of an invocation, so that thousands of them take little memory."""
    error = result.error and replace(result.error, body=b"")
    return Completed(
        invocation=replace(invocation, payload=b""),
        result=replace(result, payload=b"", error=error),
        cold_path=cold_path,
    )
