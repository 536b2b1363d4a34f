"""JSON Web Tokens and their signatures, with PyJWT (the `jwt` extra). Imported only where tokens are checked."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from jwt.algorithms import RSAAlgorithm

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# "API Gateway supports only RSA-based algorithms":
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_SIGNATURES: Final = jwt.PyJWS()
# Clients send a token many times, and its signature takes longer than all else here.
_KEPT_TOKENS: Final = 1024


class UnreadableTokenError(Exception):
    """A text is not a signed JSON Web Token, or its signature is wrong."""


@frozen
class UnverifiedToken:
    """A token whose signature has not been checked yet."""

    text: str
    algorithm: str
    key_id: str | None
    claims: Mapping[str, Any]

    @property
    def is_rsa(self) -> bool:
        """Whether the algorithm is one that API Gateway supports."""
        return self.algorithm in _ALGORITHMS


@lru_cache(maxsize=_KEPT_TOKENS)
def read_token(text: str) -> UnverifiedToken:
    """Return what a token says.

    Raises:
        UnreadableTokenError: It is not a token with claims.
    """
    try:
        decoded = jwt.decode_complete(text, options={"verify_signature": False})
    except (jwt.InvalidTokenError, ValueError, RecursionError) as error:
        raise UnreadableTokenError(str(error)) from error
    header = decoded["header"]
    key_id = header.get("kid")
    return UnverifiedToken(
        text=text,
        algorithm=str(header.get("alg")),
        key_id=key_id if isinstance(key_id, str) else None,
        claims=decoded["payload"],
    )


def read_public_keys(keys: Iterable[Mapping[str, Any]]) -> dict[str | None, RSAPublicKey]:
    """Return the RSA keys for signatures in a key set, by their `kid`; others and malformed ones are left out."""
    found: dict[str | None, RSAPublicKey] = {}
    for each in keys:
        if each.get("kty") != "RSA" or each.get("use", "sig") != "sig":
            continue
        try:
            key = RSAAlgorithm.from_jwk(dict(each))
        except (jwt.InvalidKeyError, ValueError, TypeError, KeyError, AttributeError):
            continue
        key_id = each.get("kid")
        found[key_id if isinstance(key_id, str) else None] = (
            key.public_key() if isinstance(key, RSAPrivateKey) else key
        )
    return found


class SignatureChecks:
    """Checks signatures, and remembers the newest tokens that have a right one."""

    def __init__(self) -> None:
        self._right: dict[str, RSAPublicKey] = {}

    def check(self, token: UnverifiedToken, key: RSAPublicKey) -> None:
        """Check that a key has signed a token.

        Raises:
            UnreadableTokenError: It has not.
        """
        if self._right.get(token.text) is key:
            return
        try:
            _SIGNATURES.decode_complete(token.text, key, algorithms=list(_ALGORITHMS))
        except (jwt.InvalidTokenError, ValueError) as error:
            raise UnreadableTokenError(str(error)) from error
        while len(self._right) >= _KEPT_TOKENS:
            del self._right[next(iter(self._right))]
        self._right[token.text] = key
