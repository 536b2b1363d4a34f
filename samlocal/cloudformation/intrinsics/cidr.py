"""`Fn::Cidr`: the blocks that an address range divides into.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-cidr.html
"""

from __future__ import annotations

import ipaddress
from itertools import islice
from typing import Final

MAX_BLOCKS: Final = 256


def divide(block: str, count: int, bits: int) -> list[str]:
    """Return the first `count` blocks of `block` that leave `bits` for hosts.

    Raises:
        ValueError: `block` is not a range of addresses, or has fewer blocks of that size.
    """
    network = ipaddress.ip_network(block, strict=False)
    prefix = network.max_prefixlen - bits
    if not 1 <= count <= MAX_BLOCKS:
        raise ValueError(f"the count must be from 1 to {MAX_BLOCKS}, not {count}")
    if not network.prefixlen <= prefix <= network.max_prefixlen:
        raise ValueError(f"`{block}` has no blocks of {bits} bits")
    available = 2 ** (prefix - network.prefixlen)
    if count > available:
        raise ValueError(f"`{block}` has {available} blocks of {bits} bits, not {count}")
    return [str(subnet) for subnet in islice(network.subnets(new_prefix=prefix), count)]
