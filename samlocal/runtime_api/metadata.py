"""The metadata endpoint: the Availability Zone of an execution environment.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-metadata-endpoint.html
"""

from __future__ import annotations

import hmac
import json
import re
from typing import TYPE_CHECKING, Final

from samlocal.runtime_api.dispatch import Routes
from samlocal.runtime_api.http_messages import Response

if TYPE_CHECKING:
    from samlocal.function_configuration import FunctionConfiguration
    from samlocal.runtime_api.http_messages import Request

_TWELVE_HOURS: Final = "private, max-age=43200, immutable"
_UNAUTHORIZED: Final = Response(
    status=401, body=b"Unauthorized\n", headers={"Content-Type": "text/plain; charset=utf-8"}
)
# The words in names of Regions that their Availability Zones abbreviate.
_WORD: Final = re.compile(r"gov|iso|north|south|east|west|central")


class MetadataApi:
    """Answers with the metadata of a function's environment to whoever has its token."""

    def __init__(self, configuration: FunctionConfiguration) -> None:
        self._token = configuration.metadata_token
        metadata = {"AvailabilityZoneID": availability_zone_id(configuration.region)}
        self._response = Response(
            status=200,
            body=json.dumps(metadata).encode(),
            headers={"Content-Type": "application/json", "Cache-Control": _TWELVE_HOURS},
        )

    async def handle(self, request: Request) -> Response:
        return await _ROUTES.dispatch(self, request)

    async def execution_environment(self, request: Request) -> Response:
        """`GET /metadata/execution-environment`."""
        given = (request.header("Authorization") or "").encode("latin-1")
        if not hmac.compare_digest(given, f"Bearer {self._token}".encode()):
            return _UNAUTHORIZED
        return self._response


_ROUTES: Final = Routes[MetadataApi](
    ("GET", "/2026-01-15/metadata/execution-environment", MetadataApi.execution_environment),
)


def availability_zone_id(region: str) -> str:
    """Return the ID of a Region's first Availability Zone: `use1-az1` for `us-east-1`.

    https://docs.aws.amazon.com/global-infrastructure/latest/regions/az-ids.html
    """
    area, *words = region.split("-")
    return "".join([area, *(_WORD.sub(lambda each: each[0][0], word) for word in words), "-az1"])
