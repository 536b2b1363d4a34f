from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import SandboxError
from samlocal.sandbox.docker.container.mount_delivery import mounts_to_copy
from samlocal.sandbox.sandbox import Mount
from tests.unit.engine.fakes import fake_engine
from tests.unit.sandbox.specs import CONTAINER, SANDBOX

if TYPE_CHECKING:
    from samlocal.sandbox.container_spec import Delivery

CODE = Mount(source=Path("/shop/src"), target="/var/task")
ELSEWHERE = Mount(source=Path("/shop/lib"), target="/opt", engine_path="/host/shop/lib")
WRITABLE = Mount(source=Path("/data"), target="/mnt/data", read_only=False)


def copied(*mounts: Mount, delivery: Delivery, shares_files: bool) -> tuple[Mount, ...]:
    spec = replace(CONTAINER, sandbox=replace(SANDBOX, mounts=mounts), delivery=delivery)
    return mounts_to_copy(spec, fake_engine(address="tcp://build:2375", shares_files=shares_files))


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
