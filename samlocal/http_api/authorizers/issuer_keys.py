"""The public keys of issuers: from the file of `--jwks`, else from the issuers themselves."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING, Final

from samlocal.http_api.authorizers.issuer_discovery import KeysUnavailableError, fetch_keys
from samlocal.http_api.authorizers.token_signatures import read_public_keys

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from samlocal.http_api.authorizers.issuer_discovery import Keys
    from samlocal.http_api.authorizers.jwks_file import LocalKeys

    PublicKeys = Mapping[str | None, RSAPublicKey]

# "API Gateway can cache the public key for two hours":
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
_KEPT_SECONDS: Final = 7200.0
_REFRESH_SECONDS: Final = 60.0
_RETRY_SECONDS: Final = 5.0
_USER_POOL: Final = re.compile(r"https://cognito-idp\.[^/]+/([^/]+)/?")
_POOL_ID: Final = re.compile(r"[\w-]+_[0-9A-Za-z]+")


def is_stand_in(issuer: str) -> bool:
    """Return whether an issuer is a user pool of the template, whose ID only AWS knows.

    https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserPoolType.html
    """
    match = _USER_POOL.fullmatch(issuer)
    return match is not None and not _POOL_ID.fullmatch(match[1])


class IssuerKeys:
    """Finds the public keys of issuers. Those that issuers publish are kept for two hours.

    A key ID that is not among them has them fetched again, at most once a minute. `clock` returns seconds.
    """

    def __init__(
        self,
        local: LocalKeys | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        fetch: Callable[[str], Awaitable[Keys]] = fetch_keys,
    ) -> None:
        self._local = local
        self._clock = clock
        self._fetch = fetch
        self._local_keys: dict[str | None, PublicKeys] = {}
        self._published: dict[str, _PublishedKeys] = {}

    def has_local(self, issuer: str) -> bool:
        """Return whether the file has keys for an issuer."""
        return self._local is not None and self._local.find(issuer) is not None

    @property
    def local_issuers(self) -> tuple[str, ...]:
        """The issuers that the file names."""
        return tuple(self._local.by_issuer) if self._local else ()

    async def find(self, issuer: str, key_id: str | None) -> RSAPublicKey | None:
        """Return a public key of an issuer by its ID; None if there is none.

        Raises:
            KeysUnavailableError: The issuer cannot be asked.
        """
        return (await self.load(issuer, key_id)).get(key_id)

    async def load(self, issuer: str, key_id: str | None = None) -> PublicKeys:
        """Return the public keys of an issuer, again from the issuer if a key ID is not among those that are kept.

        Raises:
            KeysUnavailableError: The issuer cannot be asked.
        """
        found = self._find_local(issuer)
        if found is not None:
            return found
        if is_stand_in(issuer):
            raise KeysUnavailableError(f"only AWS knows the ID of the user pool in `{issuer}`")
        published = self._published.setdefault(
            issuer, _PublishedKeys(issuer, clock=self._clock, fetch=self._fetch)
        )
        return await published.load(key_id)

    async def close(self) -> None:
        """Cancel requests to issuers."""
        for each in self._published.values():
            await each.close()

    def _find_local(self, issuer: str) -> PublicKeys | None:
        keys = self._local.find(issuer) if self._local else None
        if keys is None:
            return None
        # Tokens of user pools name any issuer: those that the file does not name have one entry.
        name = issuer if issuer in self.local_issuers else None
        if name not in self._local_keys:
            self._local_keys[name] = read_public_keys(keys)
        return self._local_keys[name]


class _PublishedKeys:
    """The keys that one issuer publishes."""

    def __init__(
        self,
        issuer: str,
        *,
        clock: Callable[[], float],
        fetch: Callable[[str], Awaitable[Keys]],
    ) -> None:
        self._issuer = issuer
        self._clock = clock
        self._fetch = fetch
        self._keys: PublicKeys | None = None
        self._read = 0.0
        self._failure: KeysUnavailableError | None = None
        self._failed = 0.0
        self._fetching: asyncio.Task[None] | None = None

    async def load(self, key_id: str | None) -> PublicKeys:
        if self._is_fetch_due(key_id):
            if self._fetching is None:
                self._fetching = asyncio.create_task(self._refresh())
            await asyncio.shield(self._fetching)
        if self._keys is not None:  # old ones, if the issuer is away
            return self._keys
        raise KeysUnavailableError(str(self._failure))

    async def close(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    def _is_fetch_due(self, key_id: str | None) -> bool:
        now = self._clock()
        if self._failure is not None and now - self._failed < _RETRY_SECONDS:
            return False
        if self._keys is None:
            return True
        age = now - self._read
        is_known = key_id is None or key_id in self._keys
        return age >= (_KEPT_SECONDS if is_known else _REFRESH_SECONDS)

    async def _refresh(self) -> None:
        try:
            keys = await self._fetch(self._issuer)
            self._keys, self._read, self._failure = read_public_keys(keys), self._clock(), None
        except KeysUnavailableError as error:
            self._failure, self._failed = error, self._clock()
        finally:
            self._fetching = None
