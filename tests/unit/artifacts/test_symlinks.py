from __future__ import annotations

from pathlib import Path

import pytest

from samlocal.artifacts.symlinks import (
    OutgoingLink,
    check_links,
    find_outgoing_links,
    is_container_path,
    select_links_to_mount,
)
from samlocal.errors import Place

PLACE = Place(Path("template.yaml"), 4, 5)


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """Create a function's directory with shared code beside it."""
    (tmp_path / "shared" / "inner").mkdir(parents=True)
    (tmp_path / "app" / "src").mkdir(parents=True)
    return tmp_path / "app" / "src"


@pytest.mark.parametrize(
    ("name", "target", "leads_to"),
    [
        ("shared", "../../shared", "/shared"),
        ("shared", "../../shared/inner", "/shared/inner"),
        ("node_modules/shared", "../../../shared", "/shared"),
        ("node_modules/@shop/shared", "../../../../shared", "/shared"),
        ("nodejs/node_modules", "../../../shared", "/shared"),
        ("python/shared", "../../../shared", "/shared"),
    ],
)
def test_links_that_leave_the_code(code: Path, name: str, target: str, leads_to: str) -> None:
    """The target of a link is mounted where the link points in the container."""
    (code / name).parent.mkdir(parents=True, exist_ok=True)
    (code / name).symlink_to(target)
    (link,) = find_outgoing_links(code, "/var/task")
    assert (link.path, link.target) == (code / name, leads_to)
    assert link.source == (code / name).resolve()


def test_an_absolute_link_keeps_its_path(code: Path, tmp_path: Path) -> None:
    """An absolute link keeps its path, even if it points into the code, which the container has elsewhere."""
    (code / "shared").symlink_to(tmp_path / "shared")
    (code / "app.py").touch()
    (code / "copy.py").symlink_to(code / "app.py")
    found = {link.target for link in find_outgoing_links(code, "/var/task")}
    assert found == {str(tmp_path / "shared"), str(code / "app.py")}


@pytest.mark.parametrize("target", ["app.py", "./lib/../app.py", "../nowhere", "/nowhere", "link"])
def test_links_that_need_no_mount(code: Path, target: str) -> None:
    """Links within the directory and broken links need no mount."""
    (code / "app.py").touch()
    (code / "lib").mkdir()
    (code / "link").symlink_to(target)
    assert list(find_outgoing_links(code, "/var/task")) == []


def test_a_directory_that_is_itself_a_link_is_not_entered(code: Path, tmp_path: Path) -> None:
    """If `node_modules` itself is a link, only that link counts, not its content."""
    (tmp_path / "shared" / "more").symlink_to("inner")
    (code / "node_modules").symlink_to(tmp_path / "shared")
    assert [link.target for link in find_outgoing_links(code, "/var/task")] == [
        str(tmp_path / "shared")
    ]


def link(target: str, name: str = "link") -> OutgoingLink:
    return OutgoingLink(path=Path("/app", name), source=Path("/source"), target=target)


def test_each_target_is_mounted_once() -> None:
    """Links with the same target, or one inside another, need one mount."""
    links = [link("/shared/b"), link("/shared"), link("/shared"), link("/shared-not"), link("/a")]
    assert [each.target for each in select_links_to_mount(links)] == [
        "/a",
        "/shared",
        "/shared-not",
    ]


@pytest.mark.parametrize(
    "target", ["/var/runtime", "/var", "/", "/usr/bin/python3", "/opt/x", "/var/task/x", "/lib"]
)
def test_no_mount_hides_the_containers_own_files(target: str) -> None:
    """A link whose target would hide the container's own files is reported, not mounted."""
    assert select_links_to_mount([link(target)]) == ()
    (diagnostic,) = check_links([link(target)], PLACE)
    assert diagnostic.message == (
        f"skipping the target of the symlink `/app/link`: mounting it would hide `{target}` in the container"
    )
    assert diagnostic.place == PLACE


@pytest.mark.parametrize(
    "target", ["/var/shared", "/home/ada/shop", "/data/x", "/libs", "/srv/lib"]
)
def test_similar_paths_are_mounted(target: str) -> None:
    """A path that only starts with the same letters as the container's own is mounted."""
    assert not is_container_path(target)
    assert check_links([link(target)], PLACE) == ()
