from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from samlocal.errors import SandboxError
from samlocal.sandbox.container_spec import ContainerSpec, Delivery, ImageRequest
from samlocal.sandbox.docker.container.mount_delivery import mounts_to_copy
from samlocal.sandbox.sandbox import Mount, SandboxSpec

if TYPE_CHECKING:
    from samlocal.engine.engine import Engine

CODE = Mount(source=Path("/shop/src"), target="/var/task")
ELSEWHERE = Mount(source=Path("/shop/lib"), target="/opt", engine_path="/host/shop/lib")
WRITABLE = Mount(source=Path("/data"), target="/mnt/data", read_only=False)


class _Engine:
    address = "tcp://build:2375"

    def __init__(self, *, shares_files: bool) -> None:
        self.shares_files = shares_files


def copied(*mounts: Mount, delivery: Delivery, shares_files: bool) -> tuple[Mount, ...]:
    spec = ContainerSpec(
        sandbox=SandboxSpec(
            function="F",
            project=Path("/shop/template.yaml"),
            environment={},
            memory_mb=128,
            mounts=mounts,
        ),
        image=ImageRequest(name="python:3.11"),
        delivery=delivery,
    )
    return mounts_to_copy(spec, cast("Engine", _Engine(shares_files=shares_files)))


@pytest.mark.parametrize(
    ("delivery", "shares_files", "copies"),
    [
        ("auto", True, ()),
        ("auto", False, (CODE,)),
        ("mount", False, ()),
        ("copy", True, (CODE,)),
    ],
)
def test_mounts_that_are_copied(
    *, delivery: Delivery, shares_files: bool, copies: tuple[Mount, ...]
) -> None:
    """Mounts that the engine does not see are copied, unless the user gives their path or the delivery."""
    assert copied(CODE, ELSEWHERE, delivery=delivery, shares_files=shares_files) == copies


def test_writable_mounts_are_not_copied() -> None:
    """A writable mount cannot be a copy, and is an error on a remote engine."""
    assert copied(CODE, WRITABLE, delivery="copy", shares_files=True) == (CODE,)
    with pytest.raises(SandboxError, match=r"cannot write to `/data`: the engine at `tcp://build"):
        copied(CODE, WRITABLE, delivery="auto", shares_files=False)
