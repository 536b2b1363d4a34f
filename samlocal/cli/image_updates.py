"""Notices of newer runtime images: checked once a day while a function runs, shown after its result.

No command waits for the registry: if it ends before the answer, a later command checks again.
https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Distribution
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from hashlib import sha256
from threading import Thread
from typing import TYPE_CHECKING, Final, TypedDict, cast

from samlocal.cli.console import print_status
from samlocal.data import cache_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future

    from samlocal.engine.engine import Engine
    from samlocal.sandbox.container_spec import ImageRequest
    from samlocal.sandbox.sandbox import Started

_VARIABLE: Final = "SAMLOCAL_UPDATE_CHECK"
_ANSWERED_SECONDS: Final = 24 * 60 * 60
_REFUSED_SECONDS: Final = 60 * 60
_PENDING_SECONDS: Final = 5 * 60


class _State(TypedDict, total=False):
    """The state kept between commands: the time of the next check (Unix time), and a pending notice."""

    ask_at: float
    newer_digest: str | None


def image_updates(
    image: ImageRequest, engine: Engine, shell: Mapping[str, str]
) -> ImageUpdates | None:
    """Return the check for a newer image, or None if it is off.

    It is on for AWS's own images, except in CI. `SAMLOCAL_UPDATE_CHECK=0` turns it off, `=1` on for
    images of every registry.
    """
    choice = shell.get(_VARIABLE)
    if choice is None:
        wanted = _is_official(image.name) and not shell.get("CI")
    else:
        wanted = choice not in {"", "0", "false", "no"}
    if not wanted or image.is_function or image.pull != "missing":
        return None
    return ImageUpdates(image.name, engine)


def _is_official(image: str) -> bool:
    from samlocal.runtimes import OFFICIAL_REPOSITORY

    return image.startswith(f"{OFFICIAL_REPOSITORY}/")


class ImageUpdates:
    """Checks for a newer version of one image."""

    def __init__(self, image: str, engine: Engine) -> None:
        self._image = image
        self._engine = engine
        name = sha256(image.encode()).hexdigest()[:32]
        self._file = cache_folder() / "image-updates" / f"{name}.json"

    def begin(self, started: Future[Started]) -> None:
        """Ask the registry, at most once a day, in a thread that ends with the command."""
        if not started.exception() and time.time() >= self._read().get("ask_at", 0):
            Thread(target=self._ask, daemon=True).start()

    def print_status(self) -> None:
        """Show once that there is a newer image."""
        digest = self._read().get("newer_digest")
        if not digest:
            return
        self._write({"ask_at": self._read().get("ask_at", 0.0)})
        with suppress(Exception):  # the result is already shown
            if digest not in self._digests():
                print_status(f"There is a newer `{self._image}`: `docker pull {self._image}`")

    def _ask(self) -> None:
        self._write({"ask_at": time.time() + _PENDING_SECONDS})
        state: _State = {"ask_at": time.time() + _REFUSED_SECONDS}
        # The registry, the login or the call may not exist; no command depends on the answer.
        with suppress(Exception):
            # None: the login of `docker login`
            login: dict[str, str] | None = {} if _is_official(self._image) else None
            facts = self._engine.sdk.inspect_distribution(self._image, login)  # type: ignore[no-untyped-call]  # so it is in docker's stubs
            digest = str(facts["Descriptor"]["digest"])
            newer = None if digest in self._digests() else digest
            state = {"ask_at": time.time() + _ANSWERED_SECONDS, "newer_digest": newer}
        self._write(state)

    def _digests(self) -> set[str]:
        facts = self._engine.api.image(self._image)
        return {digest.partition("@")[2] for digest in facts["RepoDigests"] or ()}

    def _read(self) -> _State:
        try:
            return cast("_State", json.loads(self._file.read_text()))
        except (OSError, ValueError):
            return {}

    def _write(self, state: _State) -> None:
        with suppress(OSError):  # the home may be read-only
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = self._file.with_suffix(f".{os.getpid()}")
            part.write_text(json.dumps(state))
            part.replace(self._file)
