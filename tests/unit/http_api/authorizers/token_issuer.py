"""An issuer of JSON Web Tokens: its keys, its tokens, and its HTTP server on loopback."""

from __future__ import annotations

import json
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = 1_700_000_000


@cache
def private_key(name: str) -> RSAPrivateKey:
    """Return the key of a name, the same each time."""
    assert name
    return generate_private_key(public_exponent=65537, key_size=2048)


def public_jwk(name: str, **changed: object) -> dict[str, Any]:
    key = RSAAlgorithm.to_jwk(private_key(name).public_key(), as_dict=True)
    return {**key, "kid": name, "alg": "RS256", "use": "sig", **changed}


def key_set(*names: str) -> dict[str, Any]:
    return {"keys": [public_jwk(name) for name in names]}


def sign(claims: dict[str, Any], *, key: str = "first", algorithm: str = "RS256") -> str:
    return jwt.encode(claims, private_key(key), algorithm=algorithm, headers={"kid": key})


class TokenIssuer:
    """What the server of an issuer answers: `answers` are bodies by path, and `paths` what it was asked for."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.paths: list[str] = []
        self.answers: dict[str, bytes] = {}
        self.publish("first")

    def publish(self, *names: str) -> None:
        configuration = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        self.answers = {
            "/.well-known/openid-configuration": json.dumps(configuration).encode(),
            "/keys": json.dumps(key_set(*names)).encode(),
        }


@contextmanager
def serve_issuer() -> Iterator[TokenIssuer]:
    """Serve an issuer in a thread, in a `with` block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.paths.append(self.path)
            body = issuer.answers.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as in the base class
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer = TokenIssuer(f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
