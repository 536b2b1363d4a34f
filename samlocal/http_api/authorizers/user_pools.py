"""The issuers of Cognito user pools.

https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from samlocal.project.apis import CognitoAuthorizer

_ARN: Final = re.compile(r"arn:(aws[\w-]*):cognito-idp:([^:]*):[^:]*:userpool/(.+)")


@lru_cache(maxsize=256)
def issuers_of(authorizer: CognitoAuthorizer) -> tuple[str, ...]:
    """Return the issuers of the tokens of an authorizer's user pools.

    Raises:
        ValueError: A text is not the ARN of a user pool.
    """
    return tuple(_issuer_of(each) for each in authorizer.user_pools)


def _issuer_of(arn: str) -> str:
    match = _ARN.fullmatch(arn)
    if match is None:
        raise ValueError(f"`{arn}` is not the ARN of a user pool")
    partition, region, pool = match.groups()
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    return f"https://cognito-idp.{region}.{suffix}/{pool}"
