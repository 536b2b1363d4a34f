"""The AWS account and Region that a project runs for, and their defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from samlocal.diagnostics import Diagnostic

DEFAULT_REGION: Final = "us-east-1"
DEFAULT_ACCOUNT_ID: Final = "123456789012"
ACCOUNT_HINT: Final = "give the account with --account-id"


@frozen
class Account:
    """The account that a project is read for, as far as it is known.

    `given` is the account that the user chose, and `of_credentials` the one that the credentials
    belong to. `diagnostic` says why the latter cannot be read.
    """

    given: str | None = None
    of_credentials: str | None = None
    diagnostic: Diagnostic | None = None

    @property
    def known(self) -> str | None:
        return self.given or self.of_credentials
