"""The credentials endpoint: with SnapStart, SDKs ask for credentials instead of reading variables.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
"""

from __future__ import annotations

import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from samlocal.runtime_api.dispatch import Routes
from samlocal.runtime_api.http_messages import Response
from samlocal.runtime_api.responses import NOT_FOUND

if TYPE_CHECKING:
    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.runtime_api.http_messages import Request

_UNKNOWN_TOKEN: Final = Response(
    status=404,
    body=b"cannot get credentials for the provided token\n",
    headers={"Content-Type": "text/plain; charset=utf-8"},
)
# Credentials without an end of their own: SDKs ask again after it.
_LIFE: Final = timedelta(hours=6)


class CredentialsApi:
    """Answers with the credentials of a function with SnapStart to whoever has its token."""

    def __init__(self, configuration: FunctionConfiguration) -> None:
        self._credentials = configuration.credentials
        # Without a session, the SDK for Java would send an empty token, and the one for JavaScript needs one.
        is_java = (configuration.runtime_version or "").startswith("java:")
        self._no_token = None if is_java else ""

    async def handle(self, request: Request) -> Response:
        return await _ROUTES.dispatch(self, request)

    async def credentials(self, request: Request) -> Response:
        """`GET /credentials`."""
        known = self._credentials
        if known is None:
            return NOT_FOUND
        given = (request.header("Authorization") or "").encode("latin-1")
        if not hmac.compare_digest(given, known.token.encode()):
            return _UNKNOWN_TOKEN
        expires = (known.expires or datetime.now(UTC) + _LIFE).astimezone(UTC)
        content = {
            "AccessKeyId": known.access_key_id,
            "SecretAccessKey": known.secret_access_key,
            "Token": known.session_token or self._no_token,
            "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return Response(
            status=200,
            body=json.dumps(content).encode(),
            headers={"Content-Type": "application/json"},
        )


_ROUTES: Final = Routes[CredentialsApi](
    ("GET", "/2021-04-23/credentials", CredentialsApi.credentials),
)
