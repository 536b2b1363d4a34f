from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.http_api.authorizers.policy import MalformedResultError, read_policy

_ARN = "arn:aws:execute-api:us-east-1:123456789012:abc/dev/GET/items/7"


def _allow(resource: object = "*", action: object = "execute-api:Invoke") -> dict[str, object]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def _deny(resource: object = "*", action: object = "execute-api:Invoke") -> dict[str, object]:
    return {"Effect": "Deny", "Action": action, "Resource": resource}


@pytest.mark.parametrize(
    ("statements", "decision"),
    [
        pytest.param([_allow(_ARN)], "allow", id="the ARN itself"),
        pytest.param(_allow(_ARN), "allow", id="one statement without a list"),
        pytest.param([_allow("*")], "allow", id="all"),
        pytest.param([_allow("arn:aws:execute-api:*:*:*/*/GET/*")], "allow", id="stars"),
        pytest.param([_allow("arn:aws:execute-api:*:*:abc/dev/???/items/?")], "allow", id="marks"),
        pytest.param(
            [_allow("arn:aws:execute-api:*:*:abc/dev/????/*")], "implicit deny", id="mark is one"
        ),
        pytest.param(
            [_allow("arn:*:abc/dev/GET/items")], "implicit deny", id="the start is not all"
        ),
        pytest.param([_allow("*/POST/*")], "implicit deny", id="another method"),
        pytest.param([_allow(_ARN.upper())], "implicit deny", id="resources have a case"),
        pytest.param([_allow("arn:[a]ws*")], "implicit deny", id="brackets are literal"),
        pytest.param([_allow(["*/POST/*", "*/GET/*"])], "allow", id="one of several resources"),
        pytest.param([_allow([])], "implicit deny", id="no resource"),
        pytest.param([_allow(action="execute-api:*")], "allow", id="all actions of the service"),
        pytest.param([_allow(action="*")], "allow", id="all actions"),
        pytest.param([_allow(action="EXECUTE-API:invoke")], "allow", id="actions have no case"),
        pytest.param(
            [_allow(action=["s3:Get*", "execute-api:Inv?ke"])], "allow", id="one of several"
        ),
        pytest.param(
            [_allow(action="execute-api:ManageConnections")], "implicit deny", id="another"
        ),
        pytest.param([_allow(), _deny()], "explicit deny", id="a deny after"),
        pytest.param([_deny(), _allow()], "explicit deny", id="a deny before"),
        pytest.param([_allow(), _deny("*/POST/*")], "allow", id="a deny of something else"),
        pytest.param([], "implicit deny", id="no statements"),
        pytest.param(
            [{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}], "allow", id="NotAction"
        ),
        pytest.param(
            [{"Effect": "Allow", "NotAction": "execute-api:*", "Resource": "*"}],
            "implicit deny",
            id="NotAction that names it",
        ),
        pytest.param(
            [_allow(), {"Effect": "Deny", "Action": "*", "NotResource": "*/GET/*"}],
            "allow",
            id="NotResource",
        ),
        pytest.param(
            [{**_allow(), "Condition": {"Bool": {"aws:SecureTransport": "true"}}}],
            "allow",
            id="a condition counts as met",
        ),
    ],
)
def test_policies_decide_as_in_iam(statements: object, decision: str) -> None:
    """Statements apply by action and resource; a deny wins, and nothing that matches is a deny."""
    policy = read_policy({"Version": "2012-10-17", "Statement": statements})
    assert policy.decide(_ARN) == decision


def test_the_operators_of_conditions_are_known_for_a_message() -> None:
    """Each operator is named once, in the order of the policy."""
    condition = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}, "Bool": {}}
    statements = [{**_allow(), "Condition": condition}, {**_deny(), "Condition": {"Bool": {}}}]
    assert read_policy({"Statement": statements}).conditions == ("IpAddress", "Bool")


def _matches(pattern: str, text: str) -> bool:
    """Match as the words of IAM's documentation say, one character after the other."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(_matches(pattern[1:], text[start:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in {"?", text[0]} and _matches(pattern[1:], text[1:])


@given(st.text("ab*?[.", max_size=8), st.text("ab[.\n", max_size=8))
def test_patterns_match_like_the_definition(pattern: str, text: str) -> None:
    """`*` is any text, `?` any one character, and all else itself."""
    policy = read_policy({"Statement": [_allow(pattern)]})
    assert (policy.decide(text) == "allow") is _matches(pattern, text)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)
_MEMBERS = ("Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")


@given(_JSON | st.dictionaries(st.sampled_from(_MEMBERS), _JSON | st.sampled_from(["Allow", "*"])))
def test_any_statement_is_read_or_refused(statement: object) -> None:
    """Whatever JSON a function returns, there is a decision or a message."""
    try:
        policy = read_policy(json.loads(json.dumps({"Statement": [statement]})))
    except MalformedResultError as error:
        assert str(error).startswith("has a wrong `policyDocument.Statement[0]")  # noqa: PT017
    else:
        assert policy.decide(_ARN)


def test_many_stars_take_no_time() -> None:
    """A pattern with many stars that nearly matches a long path ends at once."""
    policy = read_policy({"Statement": [_allow("*a" * 40 + "*b")]})
    assert policy.decide(_ARN + "a" * 8_000) == "implicit deny"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param(
            "x", "has a wrong `policyDocument`: `x`, where an object is expected", id="text"
        ),
        pytest.param(
            {},
            "has a wrong `policyDocument.Statement`: missing or null, where a list is expected",
            id="empty",
        ),
        pytest.param(
            {"Statement": [[]]},
            "has a wrong `policyDocument.Statement[0]`: a list, where an object is expected",
            id="statement",
        ),
        pytest.param(
            {"Statement": [_allow(), {**_allow(), "Effect": "allow"}]},
            "has a wrong `policyDocument.Statement[1].Effect`: `allow`, where `Allow` or `Deny` is expected",
            id="effect",
        ),
        pytest.param(
            {"Statement": [{**_allow(), "Effect": []}]},
            "has a wrong `policyDocument.Statement[0].Effect`: a list, where `Allow` or `Deny` is expected",
            id="effect that is a list",
        ),
        pytest.param(
            {"Statement": [{"Effect": "Allow", "Action": "*"}]},
            "has a wrong `policyDocument.Statement[0].Resource`: missing or null,"
            " where a text or a list of texts is expected",
            id="no resource",
        ),
        pytest.param(
            {"Statement": [_allow(action=[7])]},
            "has a wrong `policyDocument.Statement[0].Action`: a list,"
            " where a text or a list of texts is expected",
            id="action",
        ),
        pytest.param(
            {"Statement": [{"Effect": "Deny", "NotAction": 7, "Resource": "*"}]},
            "has a wrong `policyDocument.Statement[0].NotAction`: `7`,"
            " where a text or a list of texts is expected",
            id="not action",
        ),
    ],
)
def test_malformed_policies_are_named(document: object, message: str) -> None:
    """The message says which member is wrong, what it is, and what it should be."""
    with pytest.raises(MalformedResultError) as caught:
        read_policy(document)
    assert str(caught.value) == message
