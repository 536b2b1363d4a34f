"""The container engine, as far as building images needs it."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import docker
import docker.errors
import requests
from docker.utils import kwargs_from_env

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Not the labels of samlocal's containers: containers inherit those of their image.
_DIGEST = "samlocal.image.digest"
_SECONDS_TO_ASK = 10
_TITLE = "org.opencontainers.image.title"


class BuildError(Exception):
    """The engine can't build an image: what it said last, and the output before that."""

    def __init__(self, reason: str, output: str) -> None:
        super().__init__(reason)
        self.output = output


class Engine:
    def __init__(self) -> None:
        self._api = docker.APIClient(version="auto", timeout=600, **kwargs_from_env())

    def digests(self) -> dict[str, str]:
        """The digest of its recipe for each tag that was built here."""
        images: list[dict[str, Any]] = self._api.images(filters={"label": _DIGEST})
        return {
            tag: image["Labels"][_DIGEST] for image in images for tag in image["RepoTags"] or ()
        }

    def has(self, tag: str) -> bool:
        return bool(self._api.images(name=tag))

    def why_not_pullable(self, tag: str) -> str | None:
        """None if the engine reaches the tag's registry and finds the tag there, else the reason."""
        try:
            asking = docker.APIClient(version="auto", timeout=_SECONDS_TO_ASK, **kwargs_from_env())
            asking.inspect_distribution(tag)  # type: ignore[no-untyped-call]  # so it is in docker's stubs
        except docker.errors.APIError as refusal:
            return str(refusal.explanation)
        except requests.exceptions.RequestException:
            return f"no answer in {_SECONDS_TO_ASK} seconds"
        return None

    def build(self, context: Path, *, tag: str, digest: str, arguments: Mapping[str, str]) -> None:
        """Builds the Dockerfile in that folder, without BuildKit: every engine can do that."""
        replaced = self._api.images(name=tag, quiet=True)
        title = f"samlocal's stand-in for public.ecr.aws/lambda/{tag.rpartition('/')[2]}"
        try:
            output = self._api.build(
                path=os.fspath(context),
                tag=tag,
                buildargs=dict(arguments),
                labels={_DIGEST: digest, _TITLE: title},
                rm=True,
                forcerm=True,
                decode=True,
            )
        except docker.errors.APIError as refusal:
            raise BuildError(str(refusal.explanation), "") from refusal
        said: list[str] = []
        for event in output:
            said.append(event.get("stream", ""))
            if "error" in event:
                raise BuildError(event["error"].strip(), "".join(said))
        for image in set(replaced) - set(self._api.images(name=tag, quiet=True)):
            with suppress(docker.errors.APIError):  # a container still uses it
                self._api.remove_image(image)
