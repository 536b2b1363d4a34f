"""Claims of tokens: whether they hold now, and how events show them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
"""

from __future__ import annotations

import json
import math
import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

# Times that events of REST APIs show as Java writes them:
# https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html
_TIMES: Final = frozenset({"exp", "iat"})


class TokenError(Exception):
    """A token is refused: `description` is for the client, the message for the terminal."""

    def __init__(self, description: str, reason: str, *, is_expired: bool = False) -> None:
        super().__init__(reason)
        self.description = description
        self.is_expired = is_expired


def check_times(claims: Mapping[str, Any], now: float) -> None:
    """Check `exp`, which a token must have, `nbf` and `iat` against the Unix time `now` in seconds.

    Raises:
        TokenError: The token is not valid now.
    """
    times = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
    for name, value in times.items():
        if not _is_number(value):
            raise TokenError(
                "the token has an invalid claim", f"the claim `{name}` is not a number: `{value}`"
            )
    if "exp" not in times:
        raise TokenError("the token has no expiry", "the token has no claim `exp`")
    if times["exp"] <= now:
        ago = f"{now - times['exp']:.0f} seconds ago"
        raise TokenError("the token has expired", f"the token expired {ago}", is_expired=True)
    for name in ("nbf", "iat"):
        if times.get(name, now) > now:
            ahead = f"{times[name] - now:.0f} seconds ahead"
            raise TokenError(
                "the token is not valid yet", f"the claim `{name}` of the token is {ahead}"
            )


def check_audience(claims: Mapping[str, Any], audience: Collection[str]) -> None:
    """Check `aud`, or `client_id` if there is none, against the audience of an authorizer.

    Raises:
        TokenError: The token is for somebody else.
    """
    name = "aud" if "aud" in claims else "client_id"
    value = claims.get(name)
    values = value if isinstance(value, list) else [value]
    if any(each in audience for each in values if isinstance(each, str)):
        return
    expected = ", ".join(f"`{each}`" for each in audience) or "none"
    found = f"`{name}` is {json.dumps(value)}" if name in claims else "there is no `aud`"
    raise TokenError(
        # As documented: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-jwt.html
        "the token does not have a valid audience",
        f"the token is for another audience: {found}, and the authorizer expects {expected}",
    )


def scopes_of(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the scopes in `scope`, else in `scp`: a text with spaces, or a list."""
    value = claims.get("scope", claims.get("scp"))
    if isinstance(value, str):
        return tuple(value.split())
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def http_claims(claims: Mapping[str, Any]) -> dict[str, str]:
    """Return claims as an HTTP API passes them on: all as text, lists as `[a b]`."""
    return {name: _go_text(value) for name, value in claims.items()}


def rest_claims(claims: Mapping[str, Any]) -> dict[str, str]:
    """Return claims as a REST API passes them on: all as text, lists as `a,b`, `exp` and `iat` as dates."""
    return {
        name: _date(value) if name in _TIMES else _java_text(value)
        for name, value in claims.items()
    }


def _go_text(value: object) -> str:
    match value:
        case list():
            return f"[{' '.join(map(_go_text, value))}]"
        case dict():
            pairs = (f"{name}:{_go_text(each)}" for name, each in sorted(value.items()))
            return f"map[{' '.join(pairs)}]"
        case _:
            return _scalar(value)


def _java_text(value: object) -> str:
    match value:
        case list():
            return ",".join(map(_java_text, value))
        case dict():
            return json.dumps(value, separators=(",", ":"))
        case _:
            return _scalar(value)


def _scalar(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _is_number(value: object) -> bool:
    """Return whether a value is a number that can be a time, unlike NaN and those beyond all floats."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _date(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _java_text(value)
    try:
        return time.strftime("%a %b %d %H:%M:%S UTC %Y", time.gmtime(value))
    except (OverflowError, ValueError, OSError):
        return _java_text(value)
