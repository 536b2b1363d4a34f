"""Callers that sign their requests: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from samlocal.http_api.exchange import HttpRequest

_CREDENTIAL: Final = re.compile(r"AWS4-[A-Z0-9-]+ (?:.*[ ,])?Credential=([^/, ]+)/")
# Access keys of users and of sessions, whose first characters hold the account, with one bit of something else.
_ACCESS_KEY: Final = re.compile("A[KS]IA[A-Z2-7]{16}")
_ACCOUNT_MASK: Final = 0x7FFF_FFFF_FF80


@frozen
class Caller:
    """The access key of a signature, None if the request is not signed, and the account of the caller."""

    access_key: str | None
    account_id: str

    @property
    def arn(self) -> str:
        """The ARN of the account's root user: a signature does not name another."""
        return f"arn:aws:iam::{self.account_id}:root"


def find_caller(request: HttpRequest, *, account_id: str) -> Caller:
    """Return who has signed a request; the signature is not checked.

    `account_id` is the account for an access key that does not tell its own, and for a request without a signature.
    """
    match = _CREDENTIAL.match(request.header("authorization") or "")
    access_key = match[1] if match else None
    if access_key is None and "X-Amz-Credential=" in request.query:
        credential = parse_qs(request.query).get("X-Amz-Credential", [""])[0]
        access_key = credential.partition("/")[0] or None
    own = _account_of(access_key) if access_key else None
    return Caller(access_key=access_key, account_id=own or account_id)


def iam_context(caller: Caller) -> dict[str, object]:
    """Return `requestContext.authorizer.iam` of events of version 2.0.

    https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
    """
    return {
        "accessKey": caller.access_key,
        "accountId": caller.account_id,
        "callerId": caller.account_id,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": caller.arn,
        "userId": caller.account_id,
    }


def iam_identity(caller: Caller) -> dict[str, object]:
    """Return what a signature adds to `requestContext.identity` of events of version 1.0.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html#context-variable-reference
    """
    return {
        "accessKey": caller.access_key,
        "accountId": caller.account_id,
        "caller": caller.account_id,
        "user": caller.account_id,
        "userArn": caller.arn,
    }


def _account_of(access_key: str) -> str | None:
    """Return the account in an access key: https://hackingthe.cloud/aws/enumeration/get-account-id-from-keys/."""
    if (
        not _ACCESS_KEY.fullmatch(access_key) or access_key[4] < "Q"
    ):  # keys of before 2019 have no account
        return None
    number = int.from_bytes(base64.b32decode(access_key[4:])[:6], "big")
    return f"{(number & _ACCOUNT_MASK) >> 7:012d}"
