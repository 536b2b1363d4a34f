"""Layer versions through boto3 itself, from a server that speaks Lambda's GetLayerVersionByArn."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import multiprocessing
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from samlocal.artifacts.layer_versions import LayerDownloads
from samlocal.errors import LayerError, Place
from samlocal.function import Layer

if TYPE_CHECKING:
    from collections.abc import Iterator

PLACE = Place(Path("template.yaml"), 9, 7)
ARN = "arn:aws:lambda:eu-west-1:123456789012:layer:tools:7"


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("python/tools.py", "answer = 42")
    return buffer.getvalue()


class Lambda(ThreadingHTTPServer):
    """Serves one layer version on this machine; tests can change its answers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.archive = archive()
        self.checksum: str | None = None
        self.size: int | None = None
        self.refusal: tuple[int, str] | None = None
        self.downloads = 0
        self.regions: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def version(self) -> object:
        checksum = base64.b64encode(hashlib.sha256(self.archive).digest()).decode()
        return {
            "Content": {
                "Location": f"{self.address}/layer.zip",
                "CodeSha256": self.checksum or checksum,
                "CodeSize": self.size or len(self.archive),
            },
            "CompatibleRuntimes": ["python3.11", "python3.12"],
            "CompatibleArchitectures": ["x86_64"],
            "LayerVersionArn": ARN,
            "Version": 7,
        }


class _Handler(BaseHTTPRequestHandler):
    server: Lambda

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/layer.zip":
            self.server.downloads += 1
            self._answer(200, self.server.archive)
            return
        # Credential=KEY/DATE/REGION/lambda/aws4_request
        self.server.regions.append(self.headers["Authorization"].split("/")[2])
        wanted = parse_qs(url.query)
        if self.server.refusal:
            status, kind = self.server.refusal
            self._answer(status, b'{"Message": "the reason"}', kind)
        elif url.path == "/2018-10-31/layers" and wanted == {
            "find": ["LayerVersion"],
            "Arn": [ARN],
        }:
            self._answer(200, json.dumps(self.server.version()).encode())
        else:
            self._answer(404, b'{"Message": "no such version"}', "ResourceNotFoundException")

    def _answer(self, status: int, body: bytes, error: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if error:
            self.send_header("x-amzn-ErrorType", error)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Say nothing."""


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Lambda]:
    """Yield a Lambda endpoint on this machine, and set credentials for it only."""
    with Lambda() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.address)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.delenv("AWS_PROFILE", raising=False)
        yield server
        server.shutdown()
        thread.join()


def layer(arn: str = ARN) -> Layer:
    return Layer(name="tools", code=None, arn=arn, place=PLACE)


def downloads(cache: Path, *, again: bool = False, said: list[str] | None = None) -> LayerDownloads:
    return LayerDownloads(
        cache=cache,
        profile=None,
        again=again,
        print_status=(said if said is not None else []).append,
        check=lambda: None,
    )


def test_a_version_is_downloaded_once(aws: Lambda, tmp_path: Path) -> None:
    """A version is downloaded once, from the Region of its ARN, and kept with its compatible runtimes."""
    said: list[str] = []
    first = downloads(tmp_path / "cache", said=said).get(layer())
    second = downloads(tmp_path / "cache", said=said).get(layer())
    assert first == second
    assert (first.directory / "python" / "tools.py").read_text() == "answer = 42"
    assert first.layer.runtimes == ("python3.11", "python3.12")
    assert first.layer.architectures == ("x86_64",)
    assert (aws.downloads, aws.regions, said) == (1, ["eu-west-1"], [f"Downloading {ARN} (1 MB)"])


def test_a_version_can_be_downloaded_again(aws: Lambda, tmp_path: Path) -> None:
    """A repeated download replaces a damaged version in the cache."""
    first = downloads(tmp_path / "cache").get(layer())
    (first.directory / "python" / "tools.py").write_text("broken")
    second = downloads(tmp_path / "cache", again=True).get(layer())
    assert second == first
    assert (second.directory / "python" / "tools.py").read_text() == "answer = 42"
    assert aws.downloads == 2
    assert len(list((tmp_path / "cache" / "layer-versions").iterdir())) == 1


@pytest.mark.parametrize(
    ("arn", "message", "hint"),
    [
        (
            "arn:aws:lambda:eu-west-1:123456789012:layer:tools",
            "is not the ARN of a layer",
            "NAME:VERSION",
        ),
        ("tools", "`tools` is not the ARN of a layer version", "the form is arn:aws:lambda:REGION"),
        (ARN.replace(":7", ":8"), r"downloaded: .*ResourceNotFound.*no such version", "deleted"),
    ],
)
@pytest.mark.usefixtures("aws")
def test_a_missing_version(tmp_path: Path, arn: str, message: str, hint: str) -> None:
    """The error contains the message from AWS, at the place of the layer."""
    with pytest.raises(LayerError, match=message) as caught:
        downloads(tmp_path).get(layer(arn))
    assert caught.value.place == PLACE
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize(
    ("status", "kind", "hint"),
    [
        (403, "AccessDeniedException", "your credentials need `lambda:GetLayerVersion`"),
        (403, "ExpiredTokenException", "sign in again"),
        (400, "InvalidParameterValueException", "None"),
    ],
)
def test_what_lambda_refuses(
    aws: Lambda, tmp_path: Path, status: int, kind: str, hint: str
) -> None:
    """Each refusal by AWS has a hint with its remedy."""
    aws.refusal = (status, kind)
    with pytest.raises(LayerError, match=f"cannot be downloaded: .*{kind}.*the reason") as caught:
        downloads(tmp_path).get(layer())
    assert hint in str(caught.value.hint)


def test_without_credentials(aws: Lambda, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials the hint explains that public layers need them too."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(LayerError, match="Unable to locate credentials") as caught:
        downloads(tmp_path).get(layer())
    assert "including public ones" in str(caught.value.hint)
    assert not aws.regions


def test_without_boto3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without boto3 the hint is the command that installs it."""
    monkeypatch.setitem(__import__("sys").modules, "boto3.session", None)
    with pytest.raises(LayerError, match=r"is in AWS: .* needs boto3") as caught:
        downloads(tmp_path).get(layer())
    assert caught.value.hint == "`pip install '.[aws]'` in a checkout of samlocal installs it"


def test_a_download_with_a_wrong_checksum(aws: Lambda, tmp_path: Path) -> None:
    """A download with a wrong checksum is an error, and is not kept."""
    aws.checksum = base64.b64encode(bytes(32)).decode()
    with pytest.raises(LayerError, match="does not match the checksum from Lambda"):
        downloads(tmp_path).get(layer())
    assert not list((tmp_path / "layer-versions").iterdir())


def test_a_download_that_breaks_off(aws: Lambda, tmp_path: Path) -> None:
    """The error for an incomplete download has both numbers of bytes."""
    aws.size = 1_000_000
    with pytest.raises(LayerError, match=rf"ended after {len(aws.archive)} of 1000000 bytes"):
        downloads(tmp_path).get(layer())


def test_a_download_that_is_not_an_archive(aws: Lambda, tmp_path: Path) -> None:
    """A download that is not a zip archive is an error, even with the right checksum."""
    aws.archive = b"no archive"
    with pytest.raises(LayerError, match=f"`{ARN}`: .*cannot be unpacked: File is not a zip file"):
        downloads(tmp_path).get(layer())
    assert not list((tmp_path / "layer-versions").iterdir())


def test_a_signal_stops_a_download(aws: Lambda, tmp_path: Path) -> None:
    """A signal stops a download and removes the incomplete file."""

    def stop() -> None:
        raise SystemExit(130)

    interrupted = LayerDownloads(
        cache=tmp_path, profile=None, again=False, print_status=lambda _: None, check=stop
    )
    with pytest.raises(SystemExit):
        interrupted.get(layer())
    assert not list((tmp_path / "layer-versions").iterdir())
    assert aws.downloads == 1


def _get(cache: Path) -> Path:
    return downloads(cache).get(layer()).directory


@pytest.mark.usefixtures("aws")
def test_concurrent_downloads_give_the_same_version(tmp_path: Path) -> None:
    """Processes that download at the same time get the same version, and leave no incomplete ones."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        directories = pool.map(_get, [tmp_path] * 4)
    assert len(set(directories)) == 1
    assert (directories[0] / "python" / "tools.py").read_text() == "answer = 42"
    assert len(list((tmp_path / "layer-versions").iterdir())) == 1
