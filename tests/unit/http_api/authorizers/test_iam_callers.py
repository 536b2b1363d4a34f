from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.http_api.authorizers.iam_callers import Caller, find_caller, iam_context
from tests.unit.http_api.authorizers.guarded_requests import make_request

if TYPE_CHECKING:
    from samlocal.http_api.exchange import HttpRequest

_SCOPE = "20261127/us-east-1/execute-api/aws4_request"
_OWN = "123456789012"


def _signed(access_key: str) -> HttpRequest:
    parts = f"Credential={access_key}/{_SCOPE}, SignedHeaders=host, Signature=00"
    return make_request(("Authorization", f"AWS4-HMAC-SHA256 {parts}"))


@pytest.mark.parametrize(
    ("request_", "access_key", "account_id"),
    [
        # The example of https://hackingthe.cloud/aws/enumeration/get-account-id-from-keys/
        pytest.param(
            _signed("ASIAQNZGKIQY56JQ7WML"), "ASIAQNZGKIQY56JQ7WML", "029608264753", id="new"
        ),
        pytest.param(_signed("AKIAIOSFODNN7EXAMPLE"), "AKIAIOSFODNN7EXAMPLE", _OWN, id="old"),
        pytest.param(_signed("test"), "test", _OWN, id="made up"),
        pytest.param(
            make_request(query=f"X-Amz-Credential=test%2F{_SCOPE.replace('/', '%2F')}&q=1"),
            "test",
            _OWN,
            id="in the query",
        ),
        pytest.param(make_request(("Authorization", "Bearer x")), None, _OWN, id="a token"),
        pytest.param(make_request(), None, _OWN, id="nothing"),
    ],
)
def test_signatures_name_the_caller(
    request_: HttpRequest, access_key: str | None, account_id: str
) -> None:
    """Newer access keys hold their account; others belong to the project's."""
    caller = find_caller(request_, account_id=_OWN)
    assert caller == Caller(access_key=access_key, account_id=account_id)


def test_the_context_is_that_of_a_root_user() -> None:
    """All members of the documented event are there."""
    assert iam_context(Caller(access_key="test", account_id=_OWN)) == {
        "accessKey": "test",
        "accountId": _OWN,
        "callerId": _OWN,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": f"arn:aws:iam::{_OWN}:root",
        "userId": _OWN,
    }
