"""The AWS account and Region that a project runs for, and their defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.diagnostics import Diagnostic

DEFAULT_REGION: Final = "us-east-1"
DEFAULT_ACCOUNT_ID: Final = "123456789012"
ACCOUNT_HINT: Final = "give the account with --account-id"

# Partitions other than `aws`, and the suffix of their host names, by how their Regions begin; AWS's own SDKs have
# them in this file: https://github.com/boto/botocore/blob/develop/botocore/data/partitions.json
_PARTITIONS: Final[Mapping[str, tuple[str, str]]] = {
    "cn-": ("aws-cn", "amazonaws.com.cn"),
    "eu-isoe-": ("aws-iso-e", "cloud.adc-e.uk"),
    "eusc-": ("aws-eusc", "amazonaws.eu"),
    "us-gov-": ("aws-us-gov", "amazonaws.com"),
    "us-iso-": ("aws-iso", "c2s.ic.gov"),
    "us-isob-": ("aws-iso-b", "sc2s.sgov.gov"),
    "us-isof-": ("aws-iso-f", "csp.hci.ic.gov"),
}


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


def partition_of(region: str) -> tuple[str, str]:
    """Return the partition of a Region, such as `aws-cn`, and the suffix of its host names."""
    matches = (each for prefix, each in _PARTITIONS.items() if region.startswith(prefix))
    return next(matches, ("aws", "amazonaws.com"))


def resource_arn(service: str, resource: str, *, region: str, account_id: str) -> str:
    """Return the ARN of a resource in a Region of an account."""
    partition, _ = partition_of(region)
    return f"arn:{partition}:{service}:{region}:{account_id}:{resource}"
