"""HTTPS: certificates, real clients, and connections that never get that far."""

from __future__ import annotations

import asyncio
import http.client
import socket
import ssl
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
import websocket

from samlocal.errors import CertificateError
from samlocal.http_server.limits import Limits
from samlocal.http_server.tls import load_tls
from tests.functional.http_server.certificates import Certificate, make_certificate, openssl
from tests.functional.http_server.serving import echo, exchange, read_body, respond, served

if TYPE_CHECKING:
    from samlocal.http_server.asgi import Receive, Scope, Send

POST: Final = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def tls(certificate: Certificate) -> ssl.SSLContext:
    return load_tls(certificate.cert, certificate.key)


@pytest.fixture(scope="module")
def trust(certificate: Certificate) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate.cert)


async def test_requests(tls: ssl.SSLContext, trust: ssl.SSLContext) -> None:
    """Requests of all sizes go over one encrypted connection, and the app sees that it is one."""
    schemes = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        schemes.append((scope["scheme"], scope["client"][0]))
        await echo(scope, receive, send)

    def client(port: int) -> None:
        connection = http.client.HTTPSConnection("localhost", port, context=trust, timeout=20)
        for body in (b"", b"a", b"x" * 3_000_000):
            connection.request("POST", "/", body)
            assert connection.getresponse().read() == body
        connection.close()

    async with served(app, tls=tls) as (server, port):
        await asyncio.to_thread(client, port)
        assert server.running == 0
    assert schemes == [("https", "127.0.0.1")] * 3


async def test_curl(tls: ssl.SSLContext, certificate: Certificate) -> None:
    """curl, which offers HTTP/2, gets HTTP/1.1."""
    async with served(echo, tls=tls) as (_, port):
        command = ["curl", "-sS", "-i", "--http2", "--cacert", str(certificate.cert), "-d", "abc"]
        done = await asyncio.create_subprocess_exec(
            *command, f"https://localhost:{port}/", stdout=subprocess.PIPE
        )
        output, _ = await done.communicate()
    assert output.startswith(b"HTTP/1.1 200 OK\r\n")
    assert output.endswith(b"\r\n\r\nabc")


async def test_websocket(tls: ssl.SSLContext, certificate: Certificate) -> None:
    """A WebSocket can be encrypted."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await receive()
        await send({"type": "websocket.send", "text": scope["scheme"]})
        await send({"type": "websocket.close"})

    def client(port: int) -> None:
        options = {"ca_certs": str(certificate.cert)}
        connection = websocket.create_connection(f"wss://localhost:{port}/", sslopt=options)
        connection.send("hello")
        assert connection.recv() == "wss"
        assert connection.recv_data()[0] == websocket.ABNF.OPCODE_CLOSE
        assert connection.sock
        connection.sock.close()

    async with served(app, tls=tls, websockets=True) as (_, port):
        await asyncio.to_thread(client, port)


async def test_answer_to_a_client_that_still_sends(
    tls: ssl.SSLContext, trust: ssl.SSLContext
) -> None:
    """A response arrives although the app does not read the body."""

    async def refuse(_scope: Scope, _receive: Receive, send: Send) -> None:
        await respond(send, 413, b"too large")

    def client(port: int) -> None:
        connection = http.client.HTTPSConnection("localhost", port, context=trust, timeout=20)
        connection.request("POST", "/", b"x" * 20_000_000)
        response = connection.getresponse()
        assert (response.status, response.read()) == (413, b"too large")
        connection.close()

    async with served(refuse, tls=tls) as (_, port):
        await asyncio.to_thread(client, port)


async def test_plain_http(tls: ssl.SSLContext, caplog: pytest.LogCaptureFixture) -> None:
    """A client without encryption is turned away, without a word to the terminal."""
    async with served(echo, tls=tls) as (server, port):
        assert not (await exchange(port, POST)).startswith(b"HTTP/1.1 200")
        assert server.running == 0
    assert caplog.text == ""


async def test_handshake_that_stops(tls: ssl.SSLContext) -> None:
    """A client that does not finish the handshake is disconnected after the time for a head."""
    async with served(echo, Limits(head_seconds=0.3), tls=tls) as (_, port):
        assert await exchange(port, b"\x16\x03\x01") == b""


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01"])
async def test_stop_during_a_handshake(tls: ssl.SSLContext, sent: bytes) -> None:
    """A client that does not finish the handshake does not hold up a stop."""
    async with served(echo, tls=tls) as (server, port):
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(sent)
            await asyncio.sleep(0.1)
            await server.stop(3600)  # longer than a test may take


async def test_stop(tls: ssl.SSLContext, trust: ssl.SSLContext) -> None:
    """Idle connections are closed at once, and running requests finish."""
    gate = asyncio.Event()

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        await read_body(receive)
        await gate.wait()
        await respond(send, 200, b"late")

    async with served(app, tls=tls) as (server, port):
        opened = [
            await asyncio.open_connection("localhost", port, ssl=trust, family=socket.AF_INET)
            for _ in range(2)
        ]
        (idle, _), (reader, writer) = opened
        writer.write(POST)
        while server.running == 0:  # noqa: ASYNC110  # the server tells nobody
            await asyncio.sleep(0.01)
        stop = asyncio.create_task(server.stop(20))
        assert await idle.read() == b""
        assert not stop.done()
        gate.set()
        assert (await reader.read()).endswith(b"\r\n\r\nlate")
        await asyncio.wait_for(stop, 5)
        for _, each in opened:
            each.close()


def test_one_file(certificate: Certificate, tmp_path: Path) -> None:
    """Certificate and key may be in one file."""
    both = tmp_path / "both.pem"
    both.write_bytes(certificate.key.read_bytes() + certificate.cert.read_bytes())
    load_tls(both, both)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files of all kinds."""
    folder = tmp_path_factory.mktemp("files")
    cert, key = map(str, make_certificate(folder))
    (folder / "other").mkdir()
    make_certificate(folder / "other")
    (folder / "text").write_text("a text")
    (folder / "broken.pem").write_text((folder / "cert.pem").read_text().replace("MII", "AAA"))
    for command in (
        f"x509 -in {cert} -outform der -out {folder}/cert.der",
        f"pkey -in {key} -outform der -out {folder}/key.der",
        f"pkcs8 -topk8 -in {key} -passout pass:abcd -out {folder}/locked.pem",
        f"ec -in {key} -aes128 -passout pass:abcd -out {folder}/old.pem",
    ):
        openssl(*command.split())
    return folder


@pytest.mark.parametrize(
    ("cert", "key", "message", "hint"),
    [
        ("missing", "key.pem", "certificate `missing` cannot be read: No such file", "openssl req -x509"),
        ("cert.pem", "missing", "private key `missing` cannot be read: No such file", "openssl req -x509"),
        ("other", "key.pem", "certificate `other` cannot be read: Is a directory", ""),
        ("cert.der", "key.pem", "`cert.der` is not a PEM file", "`openssl x509 -inform der -in cert.der"),
        ("cert.pem", "key.der", "`key.der` is not a PEM file", "`openssl pkey -inform der -in key.der"),
        ("key.pem", "cert.pem", "certificate `key.pem` is not a PEM file", "in each other's place"),
        ("cert.pem", "cert.pem", "private key `cert.pem` is not a PEM file", "in each other's place"),
        ("text", "key.pem", "certificate `text` is not a PEM file", "openssl req -x509"),
        ("cert.pem", "locked.pem", "private key `locked.pem` is encrypted", "`openssl pkey -in locked.pem"),
        ("cert.pem", "old.pem", "private key `old.pem` is encrypted", "`openssl pkey -in old.pem"),
        ("cert.pem", "other/key.pem", "`other/key.pem` is not that of the certificate `cert.pem`", "-pubkey"),
        ("broken.pem", "key.pem", "`broken.pem` and the private key `key.pem` cannot be used: ", "openssl req -x509"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_used(
    cert: str, key: str, message: str, hint: str, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the file and what is wrong with it, and the hint is the remedy."""
    monkeypatch.chdir(files)
    with pytest.raises(CertificateError) as caught:
        load_tls(Path(cert), Path(key))
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")
    assert bool(hint) == bool(caught.value.hint)
