"""Pseudo parameters: the region, account and name of a stack.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.aws_account import DEFAULT_ACCOUNT_ID, DEFAULT_REGION, partition_of, resource_arn
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

# Regions whose zones are not a, b and c. AWS hides some zones from newer accounts; these are what a
# new account sees: https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html
_ZONES: Final[Mapping[str, str]] = {
    "ap-northeast-1": "acd",
    "ap-northeast-2": "abcd",
    "ca-central-1": "abd",
    "us-east-1": "abcdef",
    "us-west-1": "bc",
    "us-west-2": "abcd",
}


@frozen
class StackContext:
    """The region, account and stack name with which a stack would be deployed.

    The account is None if it is unknown; `account_id` is a placeholder then.
    """

    region: str = DEFAULT_REGION
    account: str | None = None
    stack_name: str = "local"

    @property
    def account_id(self) -> str:
        return self.account or DEFAULT_ACCOUNT_ID

    @property
    def partition(self) -> str:
        return partition_of(self.region)[0]

    @property
    def url_suffix(self) -> str:
        return partition_of(self.region)[1]

    @property
    def stack_id(self) -> str:
        """A stack's ARN; its UUID is the constant one that sam gives."""
        uuid = "51af3dc0-da77-11e4-872e-1234567db123"
        return self.arn("cloudformation", f"stack/{self.stack_name}/{uuid}")

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of this account and region."""
        return resource_arn(service, resource, region=self.region, account_id=self.account_id)

    def names(self) -> dict[str, str]:
        """Return the values for the placeholders in patterns of resource names."""
        return {
            "account": self.account_id,
            "partition": self.partition,
            "region": self.region,
            "suffix": self.url_suffix,
        }

    def pseudo_parameters(self) -> dict[str, str | list[str]]:
        """Return every pseudo parameter but `AWS::NoValue`, which is not a value."""
        return {
            "AWS::AccountId": self.account_id,
            "AWS::NotificationARNs": [],
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
            "AWS::StackId": self.stack_id,
            "AWS::StackName": self.stack_name,
            "AWS::URLSuffix": self.url_suffix,
        }


def availability_zones(region: str) -> list[str]:
    """Return the names of a region's availability zones."""
    return [f"{region}{letter}" for letter in _ZONES.get(region, "abc")]
