"""The metadata of an execution environment."""

from __future__ import annotations

import pytest

from samlocal.runtime_api.metadata import availability_zone_id


@pytest.mark.parametrize(
    ("region", "zone"),
    [
        ("us-east-1", "use1-az1"),
        ("eu-central-2", "euc2-az1"),
        ("ap-southeast-4", "apse4-az1"),
        ("ap-northeast-1", "apne1-az1"),
        ("cn-northwest-1", "cnnw1-az1"),
        ("us-gov-west-1", "usgw1-az1"),
        ("us-isob-east-1", "usibe1-az1"),
        ("mx-central-1", "mxc1-az1"),
    ],
)
def test_zone_ids_abbreviate_their_region(region: str, zone: str) -> None:
    """An Availability Zone has the ID that AWS gives the first one of its Region."""
    assert availability_zone_id(region) == zone
