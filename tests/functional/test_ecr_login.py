"""Logging in to AWS's private registries: boto3 against a server that speaks ECR's protocol."""

from __future__ import annotations

import base64
import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from samlocal.engine.images.registry_login import login_headers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:1"


class Ecr(HTTPServer):
    """Answers or refuses `GetAuthorizationToken`."""

    status = 200
    asked: str | None = None


class _Handler(BaseHTTPRequestHandler):
    server: Ecr

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked = self.headers["X-Amz-Target"] + " " + self.headers["Authorization"]
        token = base64.b64encode(b"AWS:secret").decode()
        body = {"authorizationData": [{"authorizationToken": token}]}
        if self.server.status != 200:
            body = {"__type": "AccessDeniedException", "message": "not yours"}  # type: ignore[dict-item]  # two shapes
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())


class Notes:
    """Records the messages of the pull."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def __call__(self, layer: str, status: str, current: int, total: int) -> None:
        pass

    def note(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture
def ecr(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Ecr]:
    """Set the server as AWS's endpoint, with credentials and without a configuration of Docker."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with Ecr(("127.0.0.1", 0), _Handler) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ECR", f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def login(headers: dict[str, str]) -> object:
    return json.loads(base64.urlsafe_b64decode(headers["X-Registry-Auth"]))


def test_a_token_of_aws_is_the_login(ecr: Ecr) -> None:
    """The login is a token from the Region of the registry, not of the function."""
    notes = Notes()

    headers = login_headers(IMAGE, profile=None, progress=notes)

    assert login(headers) == {"username": "AWS", "password": "secret"}
    assert ecr.asked
    assert "GetAuthorizationToken" in ecr.asked
    assert "/eu-west-1/ecr/aws4_request" in ecr.asked
    assert not notes.said


def test_a_refusal_leaves_dockers_own_login(ecr: Ecr, tmp_path: Path) -> None:
    """If AWS refuses, the login of `docker login` is used, and the refusal is shown."""
    ecr.status = 400
    registry = IMAGE.partition("/")[0]
    config = {"auths": {registry: {"auth": base64.b64encode(b"AWS:kept").decode()}}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    notes = Notes()

    headers = login_headers(IMAGE, profile=None, progress=notes)

    assert isinstance(found := login(headers), dict)
    assert found["password"] == "kept"
    assert len(notes.said) == 1
    assert "No login to ECR through AWS: " in notes.said[0]
    assert "not yours" in notes.said[0]


@pytest.mark.usefixtures("ecr")
def test_unknown_profile_is_reported() -> None:
    """An unknown profile does not prevent another login."""
    notes = Notes()

    assert login_headers(IMAGE, profile="nobody", progress=notes) == {}
    assert "nobody" in notes.said[0]


def test_other_registries_are_not_aws(ecr: Ecr) -> None:
    """Only AWS's own registries use a token from AWS."""
    assert login_headers("public.ecr.aws/lambda/python:3.11", profile=None, progress=Notes()) == {}
    assert ecr.asked is None
