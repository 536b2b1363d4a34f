"""The metadata endpoint and the credentials endpoint, over real connections."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from samlocal.function_configuration import ContainerCredentials
from samlocal.runtime_api.apis import SandboxApis
from samlocal.runtime_api.routes import Router
from tests.functional.execution.fakes import configuration
from tests.functional.runtime_api.client import Api, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from samlocal.function_configuration import FunctionConfiguration

METADATA = "/2026-01-15/metadata/execution-environment"
CREDENTIALS = "/2021-04-23/credentials"
CONFIGURATION = replace(configuration(), region="eu-west-1", metadata_token="sesame")
KNOWN = ContainerCredentials(
    token="secret",
    access_key_id="AKIA",
    secret_access_key="key",
    session_token="session",
    expires=datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC),
)


@asynccontextmanager
async def api_of(chosen: FunctionConfiguration) -> AsyncIterator[Api]:
    apis = SandboxApis(chosen)
    async with served(Router(lambda: apis)) as port:
        yield Api(apis=apis, port=port)


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    async with api_of(CONFIGURATION) as api:
        yield api


async def test_metadata_names_the_zone(api: Api) -> None:
    """The Availability Zone is that of the function's Region, and may be kept for twelve hours."""
    reply = await api.call("GET", METADATA, headers={"Authorization": "Bearer sesame"})
    assert reply.status == 200
    assert json.loads(reply.body) == {"AvailabilityZoneID": "euw1-az1"}
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["cache-control"] == "private, max-age=43200, immutable"


@pytest.mark.parametrize(
    ("method", "path", "authorization", "status"),
    [
        pytest.param("GET", METADATA, None, 401, id="no token"),
        pytest.param("GET", METADATA, "sesame", 401, id="no scheme"),
        pytest.param("GET", METADATA, "Bearer ", 401, id="empty token"),
        pytest.param("GET", METADATA, "Bearer sesame ü", 401, id="another token"),
        pytest.param("POST", METADATA, "Bearer sesame", 405, id="another method"),
        pytest.param("PUT", METADATA, None, 405, id="another method without a token"),
        pytest.param("GET", f"{METADATA}/zone", "Bearer sesame", 404, id="below"),
        pytest.param("GET", "/2026-01-15/metadata", "Bearer sesame", 404, id="above"),
    ],
)
async def test_metadata_is_refused(
    api: Api, method: str, path: str, authorization: str | None, status: int
) -> None:
    """Wrong tokens, methods and paths have Lambda's statuses."""
    headers = {"Authorization": authorization} if authorization else {}
    assert (await api.call(method, path, headers=headers)).status == status


async def test_credentials_for_a_token() -> None:
    """The endpoint has the form that SDKs expect of containers; only the exact token opens it."""
    async with api_of(replace(CONFIGURATION, credentials=KNOWN)) as api:
        reply = await api.call("GET", CREDENTIALS, headers={"Authorization": "secret"})
        refused = [
            await api.call("GET", CREDENTIALS, headers=each)
            for each in ({}, {"Authorization": "Bearer secret"}, {"Authorization": "sécret"})
        ]
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    assert json.loads(reply.body) == {
        "AccessKeyId": "AKIA",
        "SecretAccessKey": "key",
        "Token": "session",
        "Expiration": "2030-01-02T03:04:05Z",
    }
    assert [each.status for each in refused] == [404, 404, 404]


async def test_credentials_without_an_end() -> None:
    """Credentials that do not expire are asked for again some hours later."""
    async with api_of(replace(CONFIGURATION, credentials=replace(KNOWN, expires=None))) as api:
        reply = await api.call("GET", CREDENTIALS, headers={"Authorization": "secret"})
    expires = datetime.fromisoformat(json.loads(reply.body)["Expiration"])
    assert timedelta(hours=1) < expires - datetime.now(UTC) <= timedelta(hours=6)


@pytest.mark.parametrize(("runtime", "token"), [("python:3.13", ""), ("java:21", None)])
async def test_credentials_without_a_session(runtime: str, token: str | None) -> None:
    """A missing token has the form that SDKs take for none."""
    known = replace(KNOWN, session_token=None)
    chosen = replace(CONFIGURATION, credentials=known, runtime_version=runtime)
    async with api_of(chosen) as api:
        reply = await api.call("GET", CREDENTIALS, headers={"Authorization": "secret"})
    assert json.loads(reply.body)["Token"] == token


async def test_credentials_are_for_snapstart(api: Api) -> None:
    """Other functions have their credentials in variables: the endpoint does not exist."""
    reply = await api.call("GET", CREDENTIALS, headers={"Authorization": "secret"})
    assert reply.status == 404
