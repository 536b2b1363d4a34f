"""A real registry on this machine, for tests that pull."""

from __future__ import annotations

import re
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import docker

_SECONDS_TO_START = 20

USER, PASSWORD = "shopper", "open sesame"
_HTPASSWD = "shopper:$2b$05$ifrxeRgOu/bpRGPa0leia.3kYtAjlTqZe9KYh3oAiJVQtK0w9yQSS\n"

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_MANIFESTS = "application/vnd.docker.distribution.manifest.list.v2+json"

_CONFIG = """
version: 0.1
log: {{level: info}}
storage: {{filesystem: {{rootdirectory: {folder}/data}}}}
http: {{addr: "127.0.0.1:0", secret: "only for tests"}}
"""
_AUTH = "auth: {{htpasswd: {{realm: tests, path: {folder}/htpasswd}}}}\n"


@dataclass(frozen=True, kw_only=True)
class Registry:
    """A running registry, into which `engine` pushes. `address` is what a tag begins with, such as `127.0.0.1:41525`."""

    address: str
    engine: docker.APIClient
    process: subprocess.Popen[bytes]

    def push(self, image: str, path: str, *, size: int = 1) -> str:
        """Pushes that local image with a layer of `size` bytes on top; the tag under which to pull it.

        The engine no longer has the layer nor the tag afterwards, so that a pull downloads something.
        """
        tag = f"{self.address}/{path}"
        layer = (
            f"FROM {image}\nLABEL samlocal.test={uuid4()}\n"
            f"RUN head -c {size} /dev/urandom >/pushed && echo {uuid4()} >>/pushed\n"
        )
        try:
            self._succeed(
                self.engine.build(fileobj=BytesIO(layer.encode()), tag=tag, rm=True, decode=True)
            )
            login = {"username": USER, "password": PASSWORD}
            self._succeed(self.engine.push(tag, stream=True, decode=True, auth_config=login))
        finally:
            self.engine.remove_image(tag, force=True)
        return tag

    def offer(self, path: str, tag: str, *, as_tag: str, architectures: Sequence[str]) -> str:
        """Offers an image that it has for these architectures alone; the tag under which to pull it.

        https://distribution.github.io/distribution/spec/manifest-v2-2/#manifest-list
        """
        manifests = f"http://{self.address}/v2/{path}/manifests"
        single = requests.get(f"{manifests}/{tag}", headers={"Accept": _MANIFEST}, timeout=10)
        described = {
            "mediaType": _MANIFEST,
            "size": len(single.content),
            "digest": single.headers["Docker-Content-Digest"],
        }
        platforms = [{"architecture": each, "os": "linux"} for each in architectures]
        every = {
            "schemaVersion": 2,
            "mediaType": _MANIFESTS,
            "manifests": [described | {"platform": each} for each in platforms],
        }
        headers = {"Content-Type": _MANIFESTS}
        answer = requests.put(f"{manifests}/{as_tag}", json=every, headers=headers, timeout=10)
        answer.raise_for_status()
        return f"{self.address}/{path}:{as_tag}"

    @staticmethod
    def _succeed(events: Iterator[dict[str, Any]]) -> None:
        for event in events:
            assert "error" not in event, event["error"]


@contextmanager
def serve(folder: Path, engine: docker.APIClient, *, private: bool = False) -> Iterator[Registry]:
    """A registry that keeps its images in `folder`, on a free port, as long as the block lasts.

    A private one is for `USER` with `PASSWORD` only.
    """
    config = folder / "config.yml"
    (folder / "htpasswd").write_text(_HTPASSWD)
    config.write_text((_CONFIG + (_AUTH if private else "")).format(folder=folder))
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["docker-registry", "serve", config], stdout=output, stderr=output
        )
    try:
        yield Registry(address=_address(process, log), engine=engine, process=process)
    finally:
        process.terminate()
        process.wait()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < deadline:
        if listening := re.search(r"listening on (127\.0\.0\.1:\d+)", log.read_text()):
            return listening[1]
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise RuntimeError(f"docker-registry does not start: {log.read_text()}")
