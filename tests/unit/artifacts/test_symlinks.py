from __future__ import annotations

from pathlib import Path

import pytest

from samlocal.artifacts.symlinks import (
    OutgoingLink,
    leads_to_the_containers_own,
    link_diagnostics,
    links_to_mount,
    outgoing_links,
)
from samlocal.errors import Place

PLACE = Place(Path("template.yaml"), 4, 5)


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A function's directory with something beside it."""
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
    """What is mounted is where the link leads to in the container."""
    (code / name).parent.mkdir(parents=True, exist_ok=True)
    (code / name).symlink_to(target)
    (link,) = outgoing_links(code, "/var/task")
    assert (link.path, link.target) == (code / name, leads_to)
    assert link.source == (code / name).resolve()


def test_an_absolute_link_leads_to_the_same_path(code: Path, tmp_path: Path) -> None:
    """Also where it leads back into the code, which is somewhere else in the container."""
    (code / "shared").symlink_to(tmp_path / "shared")
    (code / "app.py").touch()
    (code / "copy.py").symlink_to(code / "app.py")
    found = {link.target for link in outgoing_links(code, "/var/task")}
    assert found == {str(tmp_path / "shared"), str(code / "app.py")}


@pytest.mark.parametrize("target", ["app.py", "./lib/../app.py", "../nowhere", "/nowhere", "link"])
def test_links_that_need_nothing(code: Path, target: str) -> None:
    """Those that stay inside, and those that lead nowhere here either."""
    (code / "app.py").touch()
    (code / "lib").mkdir()
    (code / "link").symlink_to(target)
    assert list(outgoing_links(code, "/var/task")) == []


def test_a_directory_that_is_itself_a_link_is_not_entered(code: Path, tmp_path: Path) -> None:
    """`node_modules` that is a link is one link, whatever is in it."""
    (tmp_path / "shared" / "more").symlink_to("inner")
    (code / "node_modules").symlink_to(tmp_path / "shared")
    assert [link.target for link in outgoing_links(code, "/var/task")] == [str(tmp_path / "shared")]


def link(target: str, name: str = "link") -> OutgoingLink:
    return OutgoingLink(path=Path("/app", name), source=Path("/source"), target=target)


def test_each_place_is_mounted_once() -> None:
    """Engines refuse a place twice, and what is inside another is there already."""
    links = [link("/shared/b"), link("/shared"), link("/shared"), link("/shared-not"), link("/a")]
    assert [each.target for each in links_to_mount(links)] == ["/a", "/shared", "/shared-not"]


@pytest.mark.parametrize(
    "target", ["/var/runtime", "/var", "/", "/usr/bin/python3", "/opt/x", "/var/task/x", "/lib"]
)
def test_what_is_the_containers_own_is_not_hidden(target: str) -> None:
    """Such a link is named instead."""
    assert links_to_mount([link(target)]) == ()
    (diagnostic,) = link_diagnostics([link(target)], PLACE)
    assert diagnostic.message == (
        f"what the link `/app/link` leads to isn't mounted: in the container it would hide `{target}`"
    )
    assert diagnostic.place == PLACE


@pytest.mark.parametrize(
    "target", ["/var/shared", "/home/ada/shop", "/data/x", "/libs", "/srv/lib"]
)
def test_what_is_nobodys_is_mounted(target: str) -> None:
    """A name that only begins like one of the container's own isn't one."""
    assert not leads_to_the_containers_own(target)
    assert link_diagnostics([link(target)], PLACE) == ()
