from __future__ import annotations

from typing import Any

import pytest

from samlocal.http_api.authorizers.token_claims import (
    TokenError,
    check_audience,
    check_times,
    http_claims,
    rest_claims,
    scopes_of,
)
from tests.unit.http_api.authorizers.token_issuer import NOW


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW + 1},
        {"exp": NOW + 0.5, "nbf": NOW, "iat": NOW},
        {"exp": NOW + 1, "nbf": NOW - 1, "iat": NOW - 1},
    ],
)
def test_a_token_holds_from_its_first_second_to_its_last(claims: dict[str, Any]) -> None:
    """`nbf` and `iat` may be missing."""
    check_times(claims, NOW)


@pytest.mark.parametrize(
    ("claims", "description", "reason"),
    [
        ({}, "the token has no expiry", "the token has no claim `exp`"),
        ({"exp": NOW}, "the token has expired", "the token expired 0 seconds ago"),
        ({"exp": NOW - 90}, "the token has expired", "the token expired 90 seconds ago"),
        (
            {"exp": NOW + 9, "nbf": NOW + 5},
            "the token is not valid yet",
            "the claim `nbf` of the token is 5 seconds ahead",
        ),
        (
            {"exp": NOW + 9, "iat": NOW + 1},
            "the token is not valid yet",
            "the claim `iat` of the token is 1 seconds ahead",
        ),
        (
            {"exp": NOW + 9, "nbf": 10**310},
            "the token has an invalid claim",
            f"the claim `nbf` is not a number: `{10**310}`",
        ),
        (
            {"exp": float("inf")},
            "the token has an invalid claim",
            "the claim `exp` is not a number: `inf`",
        ),
        (
            {"exp": "tomorrow"},
            "the token has an invalid claim",
            "the claim `exp` is not a number: `tomorrow`",
        ),
        (
            {"exp": float("nan")},
            "the token has an invalid claim",
            "the claim `exp` is not a number: `nan`",
        ),
        (
            {"exp": True},
            "the token has an invalid claim",
            "the claim `exp` is not a number: `True`",
        ),
    ],
)
def test_times_are_checked(claims: dict[str, Any], description: str, reason: str) -> None:
    """The client and the terminal learn which claim is wrong."""
    with pytest.raises(TokenError) as caught:
        check_times(claims, NOW)
    assert (caught.value.description, str(caught.value)) == (description, reason)
    assert caught.value.is_expired is (description == "the token has expired")


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "web"},
        {"aud": ["other", "web"]},
        {"client_id": "web"},
        {"aud": "web", "client_id": "other"},
    ],
)
def test_the_audience_is_one_of_the_authorizer(claims: dict[str, Any]) -> None:
    """`client_id` counts only without `aud`."""
    check_audience(claims, ("app", "web"))


@pytest.mark.parametrize(
    ("claims", "found"),
    [
        ({}, "there is no `aud`"),
        ({"aud": "other", "client_id": "web"}, '`aud` is "other"'),
        ({"aud": []}, "`aud` is []"),
        ({"aud": None, "client_id": "web"}, "`aud` is null"),
        ({"aud": [["web"]]}, '`aud` is [["web"]]'),
        ({"client_id": "other"}, '`client_id` is "other"'),
    ],
)
def test_another_audience_is_named(claims: dict[str, Any], found: str) -> None:
    """The reason has both sides."""
    with pytest.raises(TokenError) as caught:
        check_audience(claims, ("app", "web"))
    assert caught.value.description == "the token does not have a valid audience"
    assert str(caught.value) == (
        f"the token is for another audience: {found}, and the authorizer expects `app`, `web`"
    )


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({"scope": "read write"}, ("read", "write")),
        ({"scp": ["read", 7]}, ("read",)),
        ({"scp": "read"}, ("read",)),
        ({"scope": "", "scp": "read"}, ()),
        ({"scope": 7}, ()),
        ({}, ()),
    ],
)
def test_scopes_are_texts_or_lists(claims: dict[str, Any], scopes: tuple[str, ...]) -> None:
    """`scope` is read before `scp`."""
    assert scopes_of(claims) == scopes


_CLAIMS: dict[str, Any] = {
    "sub": "ann",
    "email_verified": True,
    "auth_time": 1_518_943_985,
    "exp": 1_518_946_385,
    "level": 0.5,
    "cognito:groups": ["admin", "users"],
    "address": {"zip": "1", "city": ["a"]},
    "nothing": None,
}


def test_http_apis_write_claims_as_go_does() -> None:
    """All claims are text, lists and objects without commas."""
    assert http_claims(_CLAIMS) == {
        "sub": "ann",
        "email_verified": "true",
        "auth_time": "1518943985",
        "exp": "1518946385",
        "level": "0.5",
        "cognito:groups": "[admin users]",
        "address": "map[city:[a] zip:1]",
        "nothing": "null",
    }


def test_rest_apis_write_claims_as_java_does() -> None:
    """All claims are text, lists with commas, and two times are dates."""
    assert rest_claims(_CLAIMS) == {
        "sub": "ann",
        "email_verified": "true",
        "auth_time": "1518943985",
        "exp": "Sun Feb 18 09:33:05 UTC 2018",
        "level": "0.5",
        "cognito:groups": "admin,users",
        "address": '{"zip":"1","city":["a"]}',
        "nothing": "null",
    }


@pytest.mark.parametrize("value", ["text", True, 10**30])
def test_a_time_that_is_none_is_text(value: object) -> None:
    """A claim of a wrong type does not break the event."""
    assert isinstance(rest_claims({"iat": value})["iat"], str)
