"""The URLs of WebSocket APIs in variables."""

from __future__ import annotations

import pytest

from samlocal.project.apis import Api, ApiKind, Apis
from samlocal.serving.websocket_urls import api_urls, websocket_urls

CHAT = "https://Chat.execute-api.eu-west-1.amazonaws.com"
APIS = Apis(
    apis=tuple(
        Api(kind=kind, full_path=name, identifier="abcdefghij", stage="dev", routes=())
        for name, kind in (
            ("Chat", ApiKind.WEBSOCKET),
            ("Nested/News", ApiKind.WEBSOCKET),
            ("Shop", ApiKind.REST),
        )
    )
)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (f"{CHAT}/dev", [CHAT]),
        (CHAT, [CHAT]),
        (f'["{CHAT}/dev"]', [CHAT]),
        (
            f"{CHAT},https://News.execute-api.cn-north-1.amazonaws.com.cn/@connections",
            [CHAT, "https://News.execute-api.cn-north-1.amazonaws.com.cn"],
        ),
        ("https://Shop.execute-api.eu-west-1.amazonaws.com/Prod", []),
        ("https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/dev", []),
        ("wss://Chat.execute-api.eu-west-1.amazonaws.com/dev", []),
        ("Chat", []),
    ],
)
def test_urls(value: str, found: list[str]) -> None:
    """They are those of the project's WebSocket APIs, without what follows the host, wherever they are in a value."""
    assert list(websocket_urls(api_urls([value, "other"]), APIS)) == found
