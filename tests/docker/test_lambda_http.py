"""curl against a server of the Lambda API: requests that no SDK signs or shapes."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.missing import missing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.docker.endpoint import Endpoint

INVOKE = "/2015-03-31/functions/Echo/invocations"
MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Response:
    """The last response that curl got."""

    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture
def curl(lambda_server: Endpoint, tmp_path: Path) -> Callable[..., Response]:
    """Runs curl with a path and options."""
    if not shutil.which("curl"):
        missing("curl is not installed (Debian's package has that name)")

    def get(path: str, *options: str) -> Response:
        body, head = tmp_path / "body", tmp_path / "head"
        body.write_bytes(b"")
        url = f"{lambda_server.url}{path}"
        files = ["--output", str(body), "--dump-header", str(head)]
        subprocess.run(
            ["curl", "--silent", "--show-error", "--max-time", "60", *files, *options, url],
            check=True,
            cwd=tmp_path,
        )
        first, *lines = head.read_text().strip().split("\n\n")[-1].splitlines()
        named = (line.split(": ", 1) for line in lines)
        headers = {name.lower(): value for name, value in named}
        return Response(status=int(first.split()[1]), headers=headers, body=body.read_bytes())

    return get


@pytest.mark.parametrize(
    "options",
    [
        pytest.param((), id="form"),
        pytest.param(("--header", "Content-Type:"), id="no content type"),
        pytest.param(("--header", "Content-Type: text/plain"), id="text"),
        pytest.param(("--header", "Transfer-Encoding: chunked"), id="chunked"),
        pytest.param(("--header", "Expect: 100-continue"), id="expects"),
        pytest.param(("--header", "Connection: close"), id="closes"),
        pytest.param(("--http1.0",), id="HTTP/1.0"),
    ],
)
def test_any_way_to_send_a_payload_works(
    curl: Callable[..., Response], options: tuple[str, ...]
) -> None:
    """Neither a signature nor a content type is needed."""
    response = curl(INVOKE, "--data-binary", '{"stars": 5}', *options)
    assert response.status == 200
    assert json.loads(response.body) == {"stars": 5}
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-amz-executed-version"] == "$LATEST"
    assert response.headers["x-amzn-requestid"]


def test_a_body_is_optional(curl: Callable[..., Response]) -> None:
    """A request without a body has an empty event."""
    assert curl(INVOKE, "--request", "POST").body == b"{}"


@pytest.mark.parametrize("header", ["Expect: 100-continue", "Transfer-Encoding: chunked"])
def test_a_large_payload_is_refused_politely(
    curl: Callable[..., Response], tmp_path: Path, header: str
) -> None:
    """A client that still sends gets the answer, and no broken connection."""
    (tmp_path / "event").write_bytes(b'"%s"' % (b"x" * 7 * MIB))
    response = curl(INVOKE, "--data-binary", "@event", "--header", header)
    assert response.status == 413
    assert response.headers["x-amzn-errortype"] == "RequestEntityTooLargeException"
    assert json.loads(response.body)


def test_several_requests_share_a_connection(lambda_server: Endpoint) -> None:
    """The server keeps the connection, also after an error."""
    connection = http.client.HTTPConnection("127.0.0.1", lambda_server.port, timeout=60)
    with closing(connection):
        connection.connect()
        first = connection.sock
        for function, status in (("nobody", 404), ("Echo", 200), ("Fails", 200), ("None", 429)):
            connection.request("POST", f"/2015-03-31/functions/{function}/invocations", b"{}")
            response = connection.getresponse()
            response.read()
            assert response.status == status
            assert connection.sock is first


@pytest.mark.parametrize(
    ("path", "options", "status", "error"),
    [
        pytest.param("/", (), 404, "UnknownOperationException", id="no operation"),
        pytest.param(
            f"{INVOKE}?Qualifier=nowhere",
            ("--request", "POST"),
            404,
            "ResourceNotFoundException",
            id="alias",
        ),
        pytest.param(
            INVOKE, ("--data-binary", "\xff"), 400, "InvalidRequestContentException", id="bytes"
        ),
    ],
)
def test_errors_have_a_type(
    curl: Callable[..., Response],
    path: str,
    options: tuple[str, ...],
    status: int,
    error: str,
) -> None:
    """Every refusal names its type."""
    response = curl(path, *options)
    assert response.status == status
    assert response.headers["x-amzn-errortype"] == error
