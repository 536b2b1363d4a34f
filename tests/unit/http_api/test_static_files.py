"""Files of a directory for requests that no route takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.http_api.exchange import HttpRequest
from samlocal.http_api.static_files import StaticFiles

if TYPE_CHECKING:
    from collections.abc import Sequence


class Written:
    """A writer that keeps what it gets."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.has_ended = False

    async def begin(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        self.status, self.headers = status, dict(headers)

    async def write(self, chunk: bytes) -> None:
        self.body += chunk

    async def end(self) -> None:
        self.has_ended = True

    async def break_off(self) -> None: ...

    async def wait_hang_up(self) -> None:
        raise AssertionError


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory with files, beside one that must not be seen."""
    (tmp_path / "secret.txt").write_text("secret")
    public = tmp_path / "public"
    (public / "css").mkdir(parents=True)
    (public / "index.html").write_text("<h1>Ratings</h1>")
    (public / "css" / "style.css").write_text("h1 {}")
    (public / "a b.txt").write_text("space")
    (public / "icon.svg").write_text("<svg/>")
    (public / "out.txt").symlink_to(tmp_path / "secret.txt")
    (public / "in.css").symlink_to(public / "css" / "style.css")
    return public


def request(path: str, method: str = "GET", **headers: str) -> HttpRequest:
    """Return a request for a path."""
    return HttpRequest(
        method=method,
        path=path,
        query="",
        headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()),
        body=b"",
        source_ip="127.0.0.1",
        host="localhost",
        port=3000,
        scheme="http",
        received=0.0,
        request_id="1",
        trace_header="",
    )


@pytest.mark.parametrize(
    ("path", "content_type", "body"),
    [
        ("/", "text/html; charset=utf-8", b"<h1>Ratings</h1>"),
        ("/index.html", "text/html; charset=utf-8", b"<h1>Ratings</h1>"),
        ("/css/style.css", "text/css; charset=utf-8", b"h1 {}"),
        ("/a%20b.txt", "text/plain; charset=utf-8", b"space"),
        ("/icon.svg", "image/svg+xml", b"<svg/>"),
        ("/in.css", "text/css; charset=utf-8", b"h1 {}"),
    ],
)
async def test_file(directory: Path, path: str, content_type: str, body: bytes) -> None:
    """A file comes whole, with its type; a directory has its `index.html`."""
    written = Written()
    assert await StaticFiles(directory).answer(request(path), written) is None
    assert (written.status, written.body, written.has_ended) == (200, body, True)
    assert written.headers["Content-Type"] == content_type
    assert written.headers["Content-Length"] == str(len(body))


@pytest.mark.parametrize(
    "path",
    [
        "/missing.txt",
        "/css",
        "/css/",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/css/../../secret.txt",
        "/css/%2e%2e%2f%2e%2e%2fsecret.txt",
        "//etc/passwd",
        "/%2fetc/passwd",
        "/..%00/secret.txt",
        "/%ff",
        "/out.txt",
        "/a/" * 3000,
    ],
)
async def test_no_file(directory: Path, path: str) -> None:
    """Nothing outside the directory can be read, by no spelling and no link."""
    with pytest.raises(FileNotFoundError):
        await StaticFiles(directory).answer(request(path), Written())


async def test_special_files(directory: Path) -> None:
    """A pipe is not a file that can be served."""
    import os  # noqa: PLC0415  # for this test

    os.mkfifo(directory / "pipe")
    with pytest.raises(FileNotFoundError):
        await StaticFiles(directory).answer(request("/pipe"), Written())


async def test_unreadable_file(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that may not be read is as one that is missing: no response has begun for it."""

    def refuse(*_arguments: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", refuse)  # root may read everything
    written = Written()
    with pytest.raises(FileNotFoundError):
        await StaticFiles(directory).answer(request("/"), written)
    assert written.status == 0


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "DELETE"])
async def test_other_methods(directory: Path, method: str) -> None:
    """Files are only read."""
    with pytest.raises(FileNotFoundError):
        await StaticFiles(directory).answer(request("/", method), Written())


async def test_head(directory: Path) -> None:
    """HEAD has the headers of GET, and no body."""
    written = Written()
    await StaticFiles(directory).answer(request("/", "HEAD"), written)
    assert (written.headers["Content-Length"], written.body) == ("16", b"")


async def test_unchanged_file(directory: Path) -> None:
    """A browser that has the file does not get it again."""
    written = Written()
    files = StaticFiles(directory)
    await files.answer(request("/"), written)
    since = written.headers["Last-Modified"]
    answer = await files.answer(request("/", If_Modified_Since=since), Written())
    assert answer
    assert answer.status == 304
    assert await files.answer(request("/", If_Modified_Since="no date"), Written()) is None
