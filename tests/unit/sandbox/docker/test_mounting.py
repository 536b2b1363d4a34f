from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.sandbox.docker.mounting import mount_options
from samlocal.sandbox.sandbox import Mount


@pytest.mark.parametrize("path", ["/a:b", "/with space", "/süß", "/a:b,c"])
def test_path_that_podman_reads_or_a_bind_does_not_is_a_mount(path: str) -> None:
    """The form that has source and target apart is the ordinary one."""
    options = mount_options([Mount(source=Path(path), target="/var/task")])

    (mount,) = options["mounts"]
    assert (mount["Source"], mount["Target"], mount["ReadOnly"]) == (path, "/var/task", True)
    assert "binds" not in options


@pytest.mark.parametrize("path", ["/a, b", '/"a"', "/a\nb"])
def test_path_that_is_no_csv_is_a_bind(path: str) -> None:
    """Podman would read it as several fields, or none."""
    options = mount_options([Mount(source=Path(path), target="/mnt/a", read_only=False)])
    assert options == {"mounts": [], "binds": [f"{path}:/mnt/a:rw"]}


@pytest.mark.parametrize(
    "binds",
    [["/x:/y:ro"], {"/x": {"bind": "/y", "mode": "ro"}}],
    ids=["list", "mapping"],
)
def test_binds_of_the_user_stay(binds: object) -> None:
    """In whatever form docker-py takes them."""
    options = mount_options([Mount(source=Path("/a,b"), target="/var/task")], binds)
    assert options["binds"] == ["/x:/y:ro", "/a,b:/var/task:ro"]


@given(st.text(min_size=1).map("/{}".format))
def test_every_path_is_mounted_once(path: str) -> None:
    """In one form or in the other."""
    options = mount_options([Mount(source=Path("/x"), target="/opt", engine_path=path)])
    binds = options.get("binds", [])
    assert [each["Source"] for each in options["mounts"]] + [
        each.removesuffix(":/opt:ro") for each in binds
    ] == [path]
