"""Recognises variables that look like secrets; their values are masked in all output."""

from __future__ import annotations

import re

_SECRET_NAME = re.compile(
    r"""(?: (?:^|_) (?: SECRETS? | PASSWORD | PASSWD | PASSPHRASE | TOKEN | CREDENTIALS? | APIKEY )
            | _ (?: PWD | PASS )
            | (?:^|_) (?: ACCESS | API | AUTH | ENCRYPTION | LICENSE | MASTER | PRIVATE | SIGNING ) _? KEY
        ) (?:_|$)""",
    re.VERBOSE | re.IGNORECASE,
)
# The name, address or age of a secret is not a secret.
_ABOUT_A_SECRET = re.compile(
    r"_(?:ARN|COUNT|ENDPOINT|EXPIRY|FILE|ID|LENGTH|LIMIT|NAME|PATH|TIMEOUT|TTL|TYPE|URI|URL)$",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"""(?: ://[^/\s:@]*:[^/\s@]+@                       # a password in a URL
            | -----BEGIN[ ](?:[A-Z0-9 ]+[ ])?PRIVATE[ ]KEY
            | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b              # AWS's access keys
            | \beyJ[\w-]+\.eyJ[\w-]+\.                   # a JSON Web Token
        )""",
    re.VERBOSE,
)


def is_likely_secret(name: str, value: str) -> bool:
    """Tell whether the name or the form of a variable's value suggests a secret."""
    if not value:
        return False
    named = _SECRET_NAME.search(name) is not None and _ABOUT_A_SECRET.search(name) is None
    return named or _SECRET_VALUE.search(value) is not None
