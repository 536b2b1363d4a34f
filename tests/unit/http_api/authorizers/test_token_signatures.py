from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samlocal.http_api.authorizers.token_signatures import (
    SignatureChecks,
    UnreadableTokenError,
    read_public_keys,
    read_token,
)
from tests.unit.http_api.authorizers.token_issuer import private_key, public_jwk, sign

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
_HEADER = st.dictionaries(
    st.sampled_from(["alg", "kid", "typ", "crit", "b64"]), _JSON | st.just("RS256")
)
_KEY = st.dictionaries(
    st.sampled_from(["kid", "use", "n", "e", "d", "p", "oth"]), _JSON | st.text("AQAB", max_size=6)
)


def _encode(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@given(st.text() | st.builds(lambda *parts: ".".join(parts), *[st.text("AQ.-_=", max_size=5)] * 3))
def test_any_text_is_a_token_or_refused(text: str) -> None:
    """Whatever a client sends, nothing but the one error is raised."""
    with pytest.raises(UnreadableTokenError):
        read_token(text)


@given(_JSON | _HEADER, _JSON)
@settings(max_examples=40)
def test_any_header_and_claims_are_read_or_refused(header: object, claims: object) -> None:
    """A token that can be read has claims, and no signature that it lacks."""
    try:
        token = read_token(f"{_encode(header)}.{_encode(claims)}.AAAA")
    except UnreadableTokenError:
        return
    assert isinstance(token.claims, dict)
    with pytest.raises(UnreadableTokenError):
        SignatureChecks().check(token, private_key("first").public_key())


def test_claims_may_not_nest_without_end() -> None:
    """A token that nests deeply is refused like a malformed one."""
    claims = base64.urlsafe_b64encode(b"[" * 100_000).decode().rstrip("=")
    with pytest.raises(UnreadableTokenError):
        read_token(f"{_encode({'alg': 'RS256'})}.{claims}.AAAA")


@given(_KEY)
@settings(max_examples=40)  # the numbers of a key take their time
def test_malformed_keys_are_left_out(members: dict[str, Any]) -> None:
    """Whatever an issuer publishes, the keys beside it are read."""
    found = read_public_keys([{"kty": "RSA", **members}, public_jwk("first")])
    assert "first" in found


def test_right_signatures_are_remembered_for_their_key() -> None:
    """A token that another key has not signed is refused, although it was right for the first."""
    checks = SignatureChecks()
    token = read_token(sign({"sub": "ann"}))
    key = private_key("first").public_key()
    checks.check(token, key)
    checks.check(token, key)
    with pytest.raises(UnreadableTokenError, match="Signature verification failed"):
        checks.check(token, private_key("second").public_key())
