from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.http_api.authorizers.issuer_discovery import KeysUnavailableError, fetch_keys
from samlocal.http_api.authorizers.issuer_keys import IssuerKeys
from samlocal.http_api.authorizers.jwks_file import LocalKeys
from tests.unit.http_api.authorizers.token_issuer import (
    TokenIssuer,
    private_key,
    public_jwk,
    serve_issuer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.http_api.authorizers.issuer_discovery import Keys

_CONFIGURATION = "/.well-known/openid-configuration"


@pytest.fixture
def issuer() -> Iterator[TokenIssuer]:
    with serve_issuer() as served:
        yield served


class _Issuer:
    """An issuer without a server, which can be away."""

    def __init__(self) -> None:
        self.names = ["first"]
        self.asked = 0
        self.is_away = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def fetch(self, issuer: str) -> Keys:
        self.asked += 1
        await self.gate.wait()
        if self.is_away:
            raise KeysUnavailableError(f"`{issuer}` is away")
        return tuple(public_jwk(name) for name in self.names)


class _World:
    def __init__(self) -> None:
        self.issuer = _Issuer()
        self.now = 1000.0
        self.keys = IssuerKeys(clock=lambda: self.now, fetch=self.issuer.fetch)

    async def has(self, key_id: str) -> bool:
        return await self.keys.find("https://a.example", key_id) is not None


async def test_an_issuer_publishes_its_keys(issuer: TokenIssuer) -> None:
    """The keys are found by the issuer's configuration, as a real client reads them."""
    key = await IssuerKeys().find(issuer.url, "first")
    assert key is not None
    assert key.public_numbers() == private_key("first").public_key().public_numbers()
    assert issuer.paths == [_CONFIGURATION, "/keys"]


async def test_a_slash_at_the_end_of_an_issuer_is_not_doubled(issuer: TokenIssuer) -> None:
    """Issuers such as Auth0's end with a slash."""
    assert await IssuerKeys().find(f"{issuer.url}/", "first")
    assert issuer.paths[0] == _CONFIGURATION


@pytest.mark.parametrize(
    ("path", "answer", "message"),
    [
        (_CONFIGURATION, None, "`URL/.well-known/openid-configuration` answers with status 404"),
        (_CONFIGURATION, b"<html>", "`URL/.well-known/openid-configuration` is not JSON"),
        (_CONFIGURATION, b"[]", "`URL/.well-known/openid-configuration` has no `jwks_uri`"),
        (
            _CONFIGURATION,
            b'{"jwks_uri": 7}',
            "`URL/.well-known/openid-configuration` has no `jwks_uri`",
        ),
        ("/keys", None, "`URL/keys` answers with status 404"),
        ("/keys", b"{}", "`URL/keys` is not a JSON Web Key Set: it has no list `keys`"),
        ("/keys", b" " * 1_100_000, "the answer of `URL/keys` is too long"),
    ],
)
async def test_other_answers_are_named(
    issuer: TokenIssuer, path: str, answer: bytes | None, message: str
) -> None:
    """The error says which URL answers with what."""
    if answer is None:
        del issuer.answers[path]
    else:
        issuer.answers[path] = answer
    with pytest.raises(KeysUnavailableError) as caught:
        await fetch_keys(issuer.url)
    assert str(caught.value) == message.replace("URL", issuer.url)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://127.0.0.1:1", "Connection refused"),
        ("not-a-url", "Invalid URL"),
        ("ftp://127.0.0.1/", "No connection adapters"),
        ("http://", "No host supplied"),
    ],
)
async def test_an_issuer_that_cannot_be_reached_is_named(url: str, message: str) -> None:
    """Whatever is wrong with the address is one error."""
    with pytest.raises(KeysUnavailableError, match=message):
        await fetch_keys(url)


async def test_an_issuer_that_says_nothing_is_given_up() -> None:
    """The time limit holds for an issuer that accepts a connection only."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(KeysUnavailableError, match=r"does not answer within 0\.05 seconds"):
            await fetch_keys(url, limit_seconds=0.05)


async def test_keys_are_kept() -> None:
    """The issuer is asked once in two hours for keys that it has."""
    world = _World()
    assert await world.has("first")
    world.now += 7199
    assert await world.has("first")
    assert world.issuer.asked == 1
    world.now += 1
    assert await world.has("first")
    assert world.issuer.asked == 2


async def test_an_unknown_key_is_looked_for_once_a_minute() -> None:
    """A key that the issuer has added is found after a minute, and no request asks before."""
    world = _World()
    assert not await world.has("second")
    world.issuer.names.append("second")
    world.now += 59
    assert not await world.has("second")
    assert world.issuer.asked == 1
    world.now += 1
    assert await world.has("second")
    assert world.issuer.asked == 2


async def test_requests_at_the_same_time_ask_once() -> None:
    """All of them wait for the one answer."""
    world = _World()
    world.issuer.gate.clear()
    found = [asyncio.create_task(world.has("first")) for _ in range(10)]
    await asyncio.sleep(0)
    found[0].cancel()
    await asyncio.sleep(0)
    world.issuer.gate.set()
    assert all(await asyncio.gather(*found[1:]))
    assert world.issuer.asked == 1


async def test_an_issuer_that_is_away_is_asked_again_soon() -> None:
    """Not every request asks, and the keys are there when the issuer is."""
    world = _World()
    world.issuer.is_away = True
    for _ in range(3):
        with pytest.raises(KeysUnavailableError, match="is away"):
            await world.has("first")
    assert world.issuer.asked == 1
    world.issuer.is_away = False
    world.now += 5
    assert await world.has("first")


async def test_old_keys_are_better_than_none() -> None:
    """Keys are used longer if the issuer cannot be reached."""
    world = _World()
    assert await world.has("first")
    world.issuer.is_away = True
    world.now += 8000
    assert await world.has("first")
    assert world.issuer.asked == 2


async def test_keys_of_a_file_need_no_issuer() -> None:
    """The file has the keys of its issuers; others are asked."""
    world = _World()
    local = LocalKeys(
        path=Path("jwks.json"), by_issuer={"https://b.example": (public_jwk("second"),)}
    )
    keys = IssuerKeys(local, clock=lambda: world.now, fetch=world.issuer.fetch)
    assert await keys.find("https://b.example", "second")
    assert await keys.find("https://b.example", "first") is None
    assert world.issuer.asked == 0
    assert await keys.find("https://a.example", "first")


async def test_only_rsa_keys_for_signatures_count() -> None:
    """Keys of other kinds, for encryption and malformed ones are left out; private keys count as public ones."""
    found = (
        {"kty": "EC", "kid": "ec", "crv": "P-256"},
        public_jwk("first", kid="enc", use="enc"),
        {"kty": "RSA", "kid": "broken", "n": "!", "e": 7},
        {"kty": "RSA", "kid": "empty"},
        public_jwk("first"),
    )
    keys = IssuerKeys(LocalKeys(path=Path("jwks.json"), of_any_issuer=found))
    assert (await keys.load("https://a.example")).keys() == {"first"}


async def test_a_user_pool_of_the_template_has_no_issuer() -> None:
    """No request is sent for a pool whose ID is a logical ID."""
    with pytest.raises(KeysUnavailableError, match="only AWS knows the ID of the user pool"):
        await IssuerKeys().find("https://cognito-idp.us-east-1.amazonaws.com/UserPool", "first")


async def test_keys_of_a_file_for_any_issuer_are_read_once() -> None:
    """Tokens may name as many issuers as they like: the keys are the same object for all of them."""
    local = LocalKeys(path=Path("keys.json"), of_any_issuer=(public_jwk("first"),))
    keys = IssuerKeys(local)
    found = [await keys.load(f"https://{number}.example") for number in range(3)]
    assert all(each is found[0] for each in found)
    assert set(found[0]) == {"first"}
