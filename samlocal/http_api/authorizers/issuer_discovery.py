"""The keys that an issuer publishes: https://openid.net/specs/openid-connect-discovery-1_0.html."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Final

from samlocal.errors import root_cause
from samlocal.http_api.authorizers.jwks_file import read_key_set

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_CONFIGURATION: Final = "/.well-known/openid-configuration"
_MAX_BYTES: Final = 1024 * 1024
_BLOCK: Final = 16 * 1024
_SILENCE_SECONDS: Final = 3.0
LIMIT_SECONDS: Final = 5.0

Keys = tuple["Mapping[str, object]", ...]


class KeysUnavailableError(Exception):
    """The keys of an issuer cannot be had; the message says why."""


async def fetch_keys(issuer: str, *, limit_seconds: float = LIMIT_SECONDS) -> Keys:
    """Return the keys that an issuer publishes.

    Raises:
        KeysUnavailableError: It cannot be reached within the time limit, or answers with something else.
    """
    try:
        async with asyncio.timeout(limit_seconds):
            return await _in_thread(lambda: _fetch(issuer, time.monotonic() + limit_seconds))
    except TimeoutError as error:
        raise KeysUnavailableError(
            f"`{issuer}` does not answer within {limit_seconds:g} seconds"
        ) from error


async def _in_thread(run: Callable[[], Keys]) -> Keys:
    """Run in a thread that the end of the process does not wait for: name resolution knows no limit."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Keys] = loop.create_future()

    def settle(keys: Keys, error: Exception | None) -> None:
        if future.done():  # nobody waits any more
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(keys)

    def work() -> None:
        keys: Keys = ()
        problem: Exception | None = None
        try:
            keys = run()
        except Exception as error:  # noqa: BLE001  # raised where it is awaited
            problem = error
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(settle, keys, problem)

    Thread(target=work, name="issuer-keys", daemon=True).start()
    return await future


def _fetch(issuer: str, deadline: float) -> Keys:
    url = issuer.rstrip("/") + _CONFIGURATION
    configuration = _get_json(url, deadline)
    keys_url = configuration.get("jwks_uri") if isinstance(configuration, dict) else None
    if not isinstance(keys_url, str):
        raise KeysUnavailableError(f"`{url}` has no `jwks_uri`")
    try:
        return read_key_set(_get_json(keys_url, deadline))
    except ValueError as error:
        raise KeysUnavailableError(f"`{keys_url}` is not a JSON Web Key Set: {error}") from error


def _get_json(url: str, deadline: float) -> object:
    import requests  # noqa: PLC0415  # slow to import, and only for issuers without local keys

    content = b""
    try:
        with requests.get(url, timeout=_SILENCE_SECONDS, stream=True) as response:
            if response.status_code != requests.codes.ok:
                raise KeysUnavailableError(f"`{url}` answers with status {response.status_code}")
            for block in response.iter_content(_BLOCK):
                content += block
                if len(content) > _MAX_BYTES or time.monotonic() > deadline:
                    raise KeysUnavailableError(f"the answer of `{url}` is too long")
    except (requests.RequestException, OSError, ValueError) as error:
        raise KeysUnavailableError(f"`{url}` cannot be read: {root_cause(error)}") from error
    try:
        document: object = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise KeysUnavailableError(f"`{url}` is not JSON") from error
    return document
