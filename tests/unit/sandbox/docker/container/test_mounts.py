from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.sandbox.docker.container.mounts import mount_options
from samlocal.sandbox.sandbox import Mount


@pytest.mark.parametrize("path", ["/a:b", "/with space", "/süß", "/a:b,c"])
def test_path_that_podman_reads_or_a_bind_does_not_is_a_mount(path: str) -> None:
    """A path that Podman can read as CSV, or that has a colon, is in `Mounts`."""
    options = mount_options([Mount(source=Path(path), target="/var/task")])

    (mount,) = options["Mounts"]
    assert (mount["Source"], mount["Target"], mount["ReadOnly"]) == (path, "/var/task", True)
    assert options["Binds"] == []


@pytest.mark.parametrize("path", ["/a, b", '/"a"', "/a\nb"])
def test_path_that_is_not_csv_is_a_bind(path: str) -> None:
    """A path that Podman cannot read as CSV is in `Binds`."""
    options = mount_options([Mount(source=Path(path), target="/mnt/a", read_only=False)])
    assert options == {"Mounts": [], "Binds": [f"{path}:/mnt/a:rw"]}


def test_binds_of_the_user_stay() -> None:
    """The user's binds come before samlocal's."""
    mounts = [Mount(source=Path("/a,b"), target="/var/task")]
    assert mount_options(mounts, ["/x:/y:ro"])["Binds"] == ["/x:/y:ro", "/a,b:/var/task:ro"]


@given(st.text(min_size=1).map("/{}".format))
def test_every_path_is_mounted_once(path: str) -> None:
    """Every path is mounted exactly once, in either form."""
    options = mount_options([Mount(source=Path("/x"), target="/opt", engine_path=path)])
    binds = options["Binds"]
    assert [each["Source"] for each in options["Mounts"]] + [
        each.removesuffix(":/opt:ro") for each in binds
    ] == [path]
