"""`samlocal doctor`: checks whether this machine can run functions."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.cli.console import show_output, show_verdict
from samlocal.cli.doctor_checks import Check
from samlocal.cli.options.container import (
    ApiConnectionOption,
    EngineOption,
    ImageRepositoryOption,
)
from samlocal.cli.signals import DeferredSignals
from samlocal.sandbox.backend import choose_backend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.engine.engine import Engine
    from samlocal.errors import SandboxError
    from samlocal.sandbox.container_spec import ApiConnection

_GIB: Final = 1024**3
# A runtime image unpacks to 0.5 to 1 GB, and a pull needs room for the archive as well.
_ENOUGH_SPACE_GIB: Final = 5
_SHOWN_DIGITS: Final = 12


def doctor(
    *,
    engine: EngineOption = None,
    api_connection: ApiConnectionOption = "auto",
    image_repository: ImageRepositoryOption = None,
) -> None:
    """Check whether this machine can run functions.

    Checks Python, processes, the engine, the runtime images, the API connection and free space.

    Exit status: 0 functions can run; 1 something prevents it.
    """
    failed = False
    with DeferredSignals() as signals:  # one of the checks starts a container
        for check in _checks(engine, api_connection, image_repository):
            signals.raise_if_any()
            failed |= check.verdict == "failure"
            _show(check)
    raise SystemExit(1 if failed else 0)


def _show(check: Check) -> None:
    show_verdict(check.verdict, f"{check.subject:<14} {check.diagnostic}")
    if check.hint:
        show_output(f"{'':8} {'':14} hint: {check.hint}")


def _checks(
    name: str | None, api_connection: ApiConnection, image_repository: str | None
) -> Iterator[Check]:
    yield _python()
    from samlocal.cli import process_check
    from samlocal.errors import SandboxError
    from samlocal.host import current_host

    can_run_processes = True
    try:
        yield process_check.check_processes(current_host())
    except SandboxError as error:
        can_run_processes = False
        yield _refused(process_check.SUBJECT, error)
    from samlocal.cli.connection_check import check_api_connection
    from samlocal.engine.engine import Engine

    try:
        with Engine(name) as engine:
            yield _engine(engine)
            images = _local_images(engine, image_repository)
            yield _image_source(images, image_repository)
            yield check_api_connection(engine, list(images), image_repository, api_connection)
            yield _space(engine)
    except SandboxError as error:
        # Functions run as processes then, unless an engine is named or processes cannot run either.
        runs_processes = choose_backend("auto", name, os.environ).kind == "process"
        yield _refused("engine", error, is_needed=not (runs_processes and can_run_processes))


def _refused(subject: str, error: SandboxError, *, is_needed: bool = False) -> Check:
    """Return the result of a check that failed, of what functions need or may do without."""
    return Check(
        verdict="failure" if is_needed else "warning",
        subject=subject,
        diagnostic=error.message,
        hint=error.hint,
    )


def _python() -> Check:
    return Check(
        verdict="ok",
        subject="Python",
        diagnostic=f"{platform.python_version()} at {sys.executable}",
    )


def _engine(engine: Engine) -> Check:
    return Check(
        verdict="ok",
        subject="engine",
        diagnostic=f"{engine.name_and_version()} at {engine.address}",
    )


def _local_images(engine: Engine, image_repository: str | None) -> dict[str, str | None]:
    """Return the runtime images of a repository on this machine, with their digests."""
    from samlocal.runtimes import all_runtimes

    wanted = {runtime.image_uri(image_repository) for runtime in all_runtimes()}
    here = engine.image_digests()
    return {image: here[image] for image in sorted(wanted & here.keys())}


def _image_source(images: dict[str, str | None], image_repository: str | None) -> Check:
    from samlocal.runtimes import OFFICIAL_REPOSITORY

    source = image_repository or OFFICIAL_REPOSITORY
    if images:
        names = ", ".join(
            f"{image.removeprefix(f'{source}/')} ({_short(digest)})"
            for image, digest in images.items()
        )
        return Check(verdict="ok", subject="images", diagnostic=f"{source}, local: {names}")
    return Check(
        verdict="warning",
        subject="images",
        diagnostic=f"{source}, no runtime image on this machine yet",
        hint="the first invocation pulls its image; behind a firewall use a mirror"
        " (`--image-repository PREFIX`, SAMLOCAL_IMAGE_REPOSITORY) or build stand-ins (`make images`)",
    )


def _short(digest: str | None) -> str:
    return digest[: len("sha256:") + _SHOWN_DIGITS] if digest else "built here"


def _space(engine: Engine) -> Check:
    root = Path(engine.data_folder())
    if engine.socket_path is None or not root.is_dir():
        return Check(
            verdict="ok",
            subject="free space",
            diagnostic="not known: the engine is on another machine or in a VM",
        )
    free = shutil.disk_usage(root).free / _GIB
    diagnostic = f"{free:.0f} GiB in {root}"
    if free < _ENOUGH_SPACE_GIB:
        hint = "`docker system prune` removes unused images, containers and networks"
        return Check(verdict="warning", subject="free space", diagnostic=diagnostic, hint=hint)
    return Check(verdict="ok", subject="free space", diagnostic=diagnostic)
