"""The box of a function as the function itself sees it, on a real engine."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.docker.command import CHECKOUT, Samlocal
from tests.docker.conftest import STAND_INS
from tests.docker.test_invoke import leftovers, report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import docker

LAMBDAS_USER = 993
TMP = "/tmp"  # noqa: S108  # the container's


@pytest.fixture
def samlocal(
    stand_in: Callable[[str], str], engine: docker.APIClient, tmp_path: Path
) -> Iterator[Samlocal]:
    """The command in a copy of the project; none of its containers may be left afterwards."""
    for image in ("python:3.11", "nodejs:22", "provided:al2023"):
        stand_in(image)
    project = shutil.copytree(CHECKOUT / "tests" / "projects" / "box", tmp_path / "project")
    home = {"SAMLOCAL_IMAGE_REPOSITORY": STAND_INS, "HOME": str(tmp_path)}
    yield Samlocal(directory=project, environment=home)
    assert not leftovers(engine, project)


def result(samlocal: Samlocal, function: str, *options: str, event: object = None) -> Any:  # noqa: ANN401
    ended = samlocal.invoke(function, "-e", "-", *options, stdin=json.dumps(event or {}).encode())
    assert ended.exit_code == 0, ended.stderr
    return json.loads(ended.stdout)


def test_box_by_default(samlocal: Samlocal) -> None:
    """The code is read-only, memory is limited as the template says; the image's user may do the rest."""
    box = result(samlocal, "Looks")

    assert box["writable"] == ["/", "/opt", "/dev", TMP]
    assert (box["memory_mb"], box["user"], box["shared_memory"]) == (128, [0, 0], True)


def test_strict_box(samlocal: Samlocal) -> None:
    """Lambda's user without capabilities, and a /tmp of the default size as the only place to write."""
    box = result(samlocal, "Looks", "--strict")

    assert box["writable"] == [TMP]
    assert (box["user"], box["groups"]) == ([LAMBDAS_USER, 990], [990])
    assert (box["capabilities"], box["no_new_privileges"]) == (0, "1")
    assert (box["tmp_mb"], box["runs_from_tmp"], box["shared_memory"]) == (512, True, False)
    assert (box["open_files"], box["memory_mb"]) == (1024, 128 + 512)


@pytest.mark.parametrize("function", ["OnNode", "OnShell"])
def test_other_runtimes_work_in_a_strict_box(samlocal: Samlocal, function: str) -> None:
    """Node.js and a `bootstrap` run as Lambda's user, and write to /tmp."""
    event = {"message": "hey"}
    expected = {"user": LAMBDAS_USER, "event": event}
    assert result(samlocal, function, "--strict", event=event) == expected


def test_400_mb_in_tmp_are_no_memory(samlocal: Samlocal) -> None:
    """A function of 128 MB may write more than that to /tmp."""
    event = {"mb": 400}
    assert result(samlocal, "Fills", event=event) == {"written_mb": 400, "error": None}


def test_strict_tmp_is_full_at_its_size(samlocal: Samlocal) -> None:
    """What goes beyond `EphemeralStorage` fails as in Lambda; what fits isn't reported as memory."""
    ended = samlocal.invoke("Fills", "-e", "-", "--strict", stdin=b'{"mb": 600}')

    written = json.loads(ended.stdout)
    assert written["error"] == "ENOSPC"
    assert 500 <= written["written_mb"] <= 512
    assert int(report(ended.stderr)["used"]) < 128


def test_strict_tmp_has_the_size_of_the_template(samlocal: Samlocal) -> None:
    """`EphemeralStorage` of the template is the size of /tmp."""
    template = samlocal.directory / "template.yaml"
    small = "{Handler: app.looks}"
    sized = "{Handler: app.looks, EphemeralStorage: {Size: 1024}}"
    template.write_text(template.read_text().replace(small, sized))
    assert result(samlocal, "Looks", "--strict")["tmp_mb"] == 1024


def test_cpu_is_in_proportion_to_memory(samlocal: Samlocal) -> None:
    """A function of 128 MB has 7 % of a CPU once it is initialised, so 0.1 s take over a second."""
    burnt = result(samlocal, "Burns")

    assert burnt["cpus"] == pytest.approx(128 / 1769, rel=0.01)
    assert burnt["seconds"] > 1


def test_no_limits(samlocal: Samlocal) -> None:
    """With the option the function may use what the machine has."""
    assert result(samlocal, "Burns", "--no-limits")["cpus"] is None
    assert result(samlocal, "Uses300MB", "--no-limits") == 300 * 1024 * 1024
    assert result(samlocal, "Looks", "--no-limits", "--strict")["tmp_mb"] != 512


def test_no_memory_limit_keeps_the_cpu_limit(samlocal: Samlocal) -> None:
    """The option, which sam has too, is about memory alone."""
    assert result(samlocal, "Uses300MB", "--no-memory-limit") == 300 * 1024 * 1024
    assert result(samlocal, "Burns", "--no-memory-limit")["cpus"] < 1


def test_code_that_lambdas_user_cannot_read_is_named(samlocal: Samlocal) -> None:
    """The file without permission is named with what to do, and the function fails as in Lambda."""
    (samlocal.directory / "code" / "app.py").chmod(0o600)

    ended = samlocal.invoke("Looks", "--no-event", "--strict")

    assert ended.exit_code == 5
    assert f"`{samlocal.directory}/code/app.py` can't be read by Lambda's user" in ended.stderr
    assert f"hint: `chmod -R o+rX {samlocal.directory}/code`" in ended.stderr


def test_file_system_is_the_directory(samlocal: Samlocal, tmp_path: Path) -> None:
    """What a function writes to its file system stands in the directory, and the next one finds it."""
    store = tmp_path / "my store"
    store.mkdir()
    option = f"/mnt/store={store}"

    result(samlocal, "Stores", "--file-system", option, event={"review": "great"})
    read = result(samlocal, "Stores", "--file-system", option, event={"review": "tea"})

    assert read == (store / "reviews.txt").read_text() == "great\ntea\n"


def test_file_system_that_is_not_given_is_named(samlocal: Samlocal) -> None:
    """The place in the template, and the option that mounts a directory there."""
    ended = samlocal.invoke("Stores", "--no-event")

    assert "template.yaml:29:11: no file system is mounted at `/mnt/store`" in ended.stderr
    assert "hint: `--file-system /mnt/store=DIR` mounts a directory there" in ended.stderr


def test_hosts_of_the_containers_own(samlocal: Samlocal, gateway: str) -> None:
    """A name has the address that it is given, and `host-gateway` is this machine."""
    options = ("--add-host", "db.local:10.1.2.3", "--add-host", "me:host-gateway")
    expected = {"db.local": "10.1.2.3", "me": gateway}
    assert result(samlocal, "Resolves", *options, event=["db.local", "me"]) == expected


def test_dns_servers(samlocal: Samlocal) -> None:
    """The container asks the given servers, in their order."""
    options = ("--container-dns", "10.9.8.7", "--container-dns", "10.9.8.6")
    assert result(samlocal, "Looks", *options)["dns"] == ["10.9.8.7", "10.9.8.6"]
