"""The event that a runtime gets, and the host in it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from unittest.mock import Mock

import pytest

from samlocal.runtime_api.http_messages import Request
from samlocal.runtime_api.responses import invocation_event
from tests.functional.execution.fakes import invocation

HOST = "127.0.0.1:3001"
API = "172.17.0.1:9001"


def _event(payload: object, *, domain_name: str | None = HOST, host: str | None = API) -> object:
    """Return the event that a runtime gets which calls `host`."""
    sent = json.dumps(payload, separators=(",", ":")).encode()
    headers = () if host is None else ((b"host", host.encode()),)
    transport = Mock(spec=asyncio.Transport)
    request = Request(method="GET", path="/next", headers=headers, transport=transport)
    delivered = replace(invocation(sent), domain_name=domain_name)
    body = invocation_event(delivered, 0, request).body
    assert isinstance(body, bytes)
    return json.loads(body)


def test_function_gets_a_host_that_it_reaches() -> None:
    """The host of the WebSocket API becomes that of the Runtime API, and nothing else changes."""
    text = json.dumps({"domainName": HOST}, separators=(",", ":"))
    headers = {"Host": HOST}
    event = {"headers": headers, "requestContext": {"domainName": HOST, "stage": "dev"}}
    assert _event({**event, "body": text}) == {
        "headers": headers,
        "requestContext": {"domainName": API, "stage": "dev"},
        "body": text,
    }


@pytest.mark.parametrize(("domain_name", "host"), [(None, API), (HOST, None), ("other:1", API)])
def test_other_events_are_as_they_were_sent(domain_name: str | None, host: str | None) -> None:
    """Those of other APIs have the client's host, and so have all if the runtime names none."""
    event = {"requestContext": {"domainName": HOST}}
    assert _event(event, domain_name=domain_name, host=host) == event
