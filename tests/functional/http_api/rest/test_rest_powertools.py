"""Powertools routes the requests of a REST API in one function, as people deploy it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.docker.build_cache import built_once, run
from tests.functional.http_api.rest.served_api import serve_api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.functional.http_api.rest.served_api import Served

PROJECT: Final = Path(__file__).parents[3] / "projects" / "rest-powertools"
PACKAGES: Final = (
    "aws-lambda-powertools==3.37.0",
    "jmespath==1.1.0",
    "typing-extensions==4.15.0",
)


def powertools() -> Path:
    """Return a folder with Powertools."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", *PACKAGES, "--target"]

    def build(folder: Path) -> None:
        run([*pip, folder])

    return built_once("powertools", " ".join(PACKAGES), build)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Served]:
    directory = shutil.copytree(PROJECT, tmp_path / "rest-powertools")
    shutil.copytree(powertools(), directory / "python", dirs_exist_ok=True)
    runtime = f"python{sys.version_info.major}.{sys.version_info.minor}"
    async with serve_api(directory, Runtime=runtime) as served:
        yield served


async def test_routes(api: Served) -> None:
    """Parameters of the path and of the query, headers and the context are those of the request."""
    agent = {"User-Agent": "tests", "Origin": "https://shop.example"}
    response = await api.ask("GET", "/v1/items/lamp?colour=red&colour=blue", headers=agent)
    assert response.status_code == 200, api.said
    assert response.json() == {
        "item": "lamp",
        "colours": ["red", "blue"],
        "agent": "tests",
        "address": "127.0.0.1",
        "stage": "Prod",
    }
    assert response.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert api.said == []


async def test_bodies_and_cookies(api: Served) -> None:
    """A body of JSON arrives though all types are binary, and several cookies come back."""
    response = await api.ask("POST", "/items", json={"name": "lamp"})
    assert (response.status_code, response.json()) == (201, {"name": "lamp"})
    assert response.headers["Location"] == "/items/lamp"
    assert response.cookies.get_dict() == {"last": "lamp", "seen": "1"}


async def test_binary_and_compressed_bodies(api: Served) -> None:
    """Bytes and compressed responses, which Powertools encodes as Base64, come back as they are."""
    content = bytes(range(256))
    assert (await api.ask("PUT", "/files/x", data=content)).content == content
    response = await api.ask("GET", "/compressed")
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.json() == {"text": "x" * 1000}


async def test_errors(api: Served) -> None:
    """Errors that Powertools knows are its answers; others are the gateway's."""
    response = await api.ask("GET", "/missing")
    assert (response.status_code, response.json()["message"]) == (404, "no such item")
    assert (await api.ask("GET", "/nowhere")).status_code == 404
    assert (await api.ask("OPTIONS", "/items/x")).status_code == 204
    response = await api.ask("GET", "/broken")
    assert (response.status_code, response.json()) == (502, {"message": "Internal server error"})
    assert "RuntimeError: out of stock" in api.said[-1].message
