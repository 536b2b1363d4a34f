"""The gateways of a project's APIs, as functions find them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from samlocal.http_api.gateways import Gateways
from samlocal.project.apis import ApiKind
from tests.unit.http_api.websocket.fakes import (
    API,
    Client,
    FakeAuthorizers,
    FakeFunctions,
    World,
    function_route,
)

if TYPE_CHECKING:
    from samlocal.http_api.websocket.gateway import WebSocketGateway

LIVE = replace(API, full_path="Live", stage="live")
UNKNOWN = "PJqB0fHsqRcCHlw="


def _gateways(functions: FakeFunctions | None = None) -> Gateways:
    functions = functions or FakeFunctions()
    return Gateways(functions, FakeAuthorizers(), api_keys={}, report=lambda _: None)


@pytest.mark.parametrize(
    ("path", "stage"),
    [("/dev/@connections/{}", "dev"), ("/live/%40connections/{}", "live")],
)
def test_gone_connection(path: str, stage: str) -> None:
    """The API with the stage in the path says that a connection is gone, any one where none has it."""
    gateways = _gateways()
    found = {api.stage: gateways.gateway(api) for api in (API, LIVE)}
    assert gateways.find_for_connection(path.format(UNKNOWN)) is found[stage]
    assert gateways.find_for_connection(f"/@connections/{UNKNOWN}") in found.values()
    assert gateways.find_for_connection(f"/none/@connections/{UNKNOWN}") in found.values()


def test_no_websocket_api() -> None:
    """Nobody answers for connections then."""
    gateways = _gateways()
    gateways.gateway(replace(API, kind=ApiKind.HTTP))
    assert gateways.find_for_connection(f"/@connections/{UNKNOWN}") is None


@pytest.mark.parametrize("prefix", ["", "/dev"])
async def test_connection_of_a_changed_api(prefix: str) -> None:
    """A client is reached although its API has changed since, at the new gateway too, and other APIs have been served."""

    async def connect(_event: dict[str, Any]) -> object:
        return {"statusCode": 200}

    functions = FakeFunctions(connect=connect)
    gateways = _gateways(functions)
    world = World()
    before = gateways.gateway(replace(API, routes=(function_route("$connect"),)))
    world.gateway = cast("WebSocketGateway", before)
    async with Client(world) as client:
        await client.accepted()
        changed = (replace(API, variables={"number": str(each)}) for each in range(2))
        after = [gateways.gateway(each) for each in (*changed, LIVE)]
        connection_id = functions.events[0]["requestContext"]["connectionId"]
        path = f"{prefix}/@connections/{connection_id}"
        found = gateways.find_for_connection(path)
        assert found is after[1]
        for gateway in (before, *after[:2]):
            world.gateway = cast("WebSocketGateway", gateway)
            assert (await world.manage("POST", path, b"hello")).status == 200
            assert await client.get_text() == "hello"
    assert (await world.manage("POST", path, b"late")).status == 410
