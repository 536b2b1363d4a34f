"""Parameter mapping of the responses of an HTTP API's integrations.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.http_api.header_values import HeaderError, sendable
from samlocal.http_api.http.parameter_mapping import change_pairs, read_mappings, resolve_value
from samlocal.http_api.result_members import WrongResultError, read_status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.http_api.authorization import Event
    from samlocal.http_api.exchange import HttpRequest, HttpResponse

_STATUS: Final = "overwrite:statuscode"


class ResponseMapping:
    """Changes responses of one integration by their statuses."""

    def __init__(self, parameters: Mapping[str, Mapping[str, str]]) -> None:
        self._by_status = {
            status: (read_mappings(changes), changes.get(_STATUS))
            for status, changes in parameters.items()
        }

    def change(self, response: HttpResponse, request: HttpRequest, event: Event) -> HttpResponse:
        """Return a response as the client gets it; a value that is not a status does not change the status."""
        found = self._by_status.get(str(response.status))
        if found is None:
            return response
        mappings, status = found
        headers = list(response.headers)
        for each in mappings:
            if each.location == "header":
                value = resolve_value(each.value, request, event, response)
                with suppress(HeaderError):  # a client has made it one that cannot be sent
                    value = None if value is None else sendable(each.name, value)
                    headers = change_pairs(headers, each, value)
        changed = replace(response, headers=headers)
        if status is None:
            return changed
        try:
            number = read_status(resolve_value(status, request, event, response))
        except WrongResultError:
            return changed
        return replace(changed, status=number)
