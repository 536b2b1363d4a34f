"""Running endpoints are found by other processes, and those that have ended are not."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.endpoints import (
    announce,
    encrypted_path,
    encrypted_socket,
    endpoint_socket,
    find_endpoint,
    remove_own_files,
)
from samlocal.errors import CacheError

if TYPE_CHECKING:
    from collections.abc import Iterator

ENGINE = "unix:///var/run/docker.sock"
# Announces an endpoint until its input ends.
PROGRAM = """
import sys
from pathlib import Path
from samlocal.endpoints import announce, endpoint_socket
with endpoint_socket() as (_, socket), announce(Path(sys.argv[1]), sys.argv[2], socket):
    print(socket, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def folder(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The runtime folder, which does not exist yet."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short_path))
    return short_path / "samlocal"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    path = tmp_path / "project" / "template.yaml"
    path.touch()
    return path


@pytest.fixture
def other_process(template: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that announces an endpoint, whose socket it prints."""
    with subprocess.Popen(  # our own program
        [sys.executable, "-c", PROGRAM, str(template), ENGINE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_nothing_is_announced(template: Path, folder: Path) -> None:
    """The look leaves no folder behind."""
    assert find_endpoint(template, ENGINE) is None
    assert not folder.exists()


def test_endpoint_of_the_same_project_and_engine(template: Path, folder: Path) -> None:
    """It is found as long as it runs, by any path of the template, and for no other project or engine."""
    link = template.with_name("link.yaml")
    link.symlink_to(template)
    with announce(template, ENGINE, Path("/run/one")):
        assert find_endpoint(template, ENGINE) == Path("/run/one")
        assert find_endpoint(link, ENGINE) == Path("/run/one")
        assert find_endpoint(template.with_name("other.yaml"), ENGINE) is None
        assert find_endpoint(template, "unix:///podman.sock") is None
        assert find_endpoint(template, lambda: ENGINE) == Path("/run/one")
        assert find_endpoint(template.with_name("other.yaml"), lambda: pytest.fail("asked")) is None
    assert find_endpoint(template, ENGINE) is None
    assert list(folder.iterdir()) == []


def test_path_in_a_folder_that_is_a_symlink(
    folder: Path, template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process recognises its own endpoint among those that are found, as on macOS, whose /tmp is a symlink."""
    (folder.parent / "real").mkdir()
    (folder.parent / "link").symlink_to("real")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder.parent / "link"))
    with endpoint_socket() as (_, own), announce(template, ENGINE, own):
        assert find_endpoint(template, ENGINE) == own


def test_newest_of_several(template: Path) -> None:
    """Of two endpoints the one that started last is found, and then the other."""
    with announce(template, ENGINE, Path("/run/one")):
        with announce(template, ENGINE, Path("/run/two")):
            for name, time in (("one", 1), ("two", 2)):
                _set_time(name, time)
            assert find_endpoint(template, ENGINE) == Path("/run/two")
        assert find_endpoint(template, ENGINE) == Path("/run/one")


def _set_time(name: str, seconds: int) -> None:
    for file in (Path(os.environ["XDG_RUNTIME_DIR"]) / "samlocal").iterdir():
        if json.loads(file.read_text())["socket"] == f"/run/{name}":
            os.utime(file, (seconds, seconds))


def test_endpoint_of_another_process(
    template: Path, folder: Path, other_process: subprocess.Popen[bytes]
) -> None:
    """It is found until the process is killed; then its file and its socket are removed."""
    assert other_process.stdout
    path = other_process.stdout.readline().decode().rstrip()
    assert find_endpoint(template, ENGINE) == Path(path)
    other_process.send_signal(signal.SIGKILL)
    other_process.wait()
    assert len(list(folder.iterdir())) == 2
    assert find_endpoint(template, ENGINE) is None
    assert list(folder.iterdir()) == []


def test_socket_of_an_endpoint(folder: Path) -> None:
    """Only the user can connect to it, and it goes with its block."""
    with endpoint_socket() as (listener, path):
        assert (path.parent, stat.S_IMODE(path.stat().st_mode)) == (folder, 0o600)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            listener.accept()[0].close()
    assert list(folder.iterdir()) == []


def test_socket_for_tls(folder: Path) -> None:
    """It is beside the other one, only the user can connect to it, and it goes with its block or its process."""
    with endpoint_socket() as (_, path):
        encrypted = encrypted_path(path)
        with encrypted_socket(path) as listener:
            assert stat.S_IMODE(encrypted.stat().st_mode) == 0o600
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(encrypted))
                listener.accept()[0].close()
        assert list(folder.iterdir()) == [path]
        with encrypted_socket(path):
            remove_own_files()
            assert list(folder.iterdir()) == []


def test_socket_of_a_killed_process(folder: Path) -> None:
    """The next endpoint removes it; sockets that somebody listens on, and other files, stay."""
    with endpoint_socket() as (_, path):
        dead, other = folder / "lambda-1-a", folder / "other"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(dead))
        other.touch()
        with endpoint_socket() as (_, second):
            assert {*folder.iterdir()} == {path, second, other}


def test_socket_with_a_long_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's limit is a message, and nothing is left."""
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    with pytest.raises(CacheError, match="AF_UNIX path too long"), endpoint_socket():
        pass
    assert list((long / "samlocal").iterdir()) == []


def test_socket_elsewhere_is_left_alone(template: Path, folder: Path, tmp_path: Path) -> None:
    """A file of an ended endpoint cannot make a command remove anything outside of the runtime folder."""
    folder.mkdir(mode=0o700)
    others = (tmp_path / "other.sock", folder / "other")
    for number, other in enumerate(others):
        other.touch()
        content = {"project": "p", "engine": "e", "socket": str(other)}
        (folder / f"endpoint-{number}").write_text(json.dumps(content))
    assert find_endpoint(template, ENGINE) is None
    assert all(other.exists() for other in others)
    assert list(folder.iterdir()) == [folder / "other"]


def test_child_does_not_keep_an_endpoint_alive(template: Path) -> None:
    """A program that was started by the endpoint's process, and outlives it, does not hold its file."""
    program = "import os, sys; print(len(os.listdir('/dev/fd')))"
    number = [subprocess.check_output([sys.executable, "-c", program], close_fds=False)]
    with announce(template, ENGINE, Path("/run/one")):
        number.append(subprocess.check_output([sys.executable, "-c", program], close_fds=False))
    assert number[0] == number[1]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"project": 1}', '{"project": "p", "engine": "e"}']
)
def test_file_of_no_endpoint(template: Path, folder: Path, content: str) -> None:
    """A file that nobody holds is removed, whatever is in it."""
    folder.mkdir(mode=0o700)
    (folder / "endpoint-1-a").write_text(content)
    (folder / "other").write_text("")
    (folder / "endpoint-2-b").symlink_to("/dev/zero")
    (folder / "endpoint-3-c").mkdir()
    assert find_endpoint(template, ENGINE) is None
    assert not (folder / "endpoint-1-a").exists()
    assert (folder / "other").exists()


def test_file_that_is_being_written(template: Path, folder: Path) -> None:
    """It is left alone for a minute: its process has not locked it yet."""
    folder.mkdir(mode=0o700)
    unfinished = folder / ".endpoint-1-a"
    unfinished.touch()
    assert find_endpoint(template, ENGINE) is None
    assert unfinished.exists()
    os.utime(unfinished, (1, 1))
    assert find_endpoint(template, ENGINE) is None
    assert not unfinished.exists()


def test_folder_that_others_can_enter(template: Path, folder: Path) -> None:
    """An endpoint in it could be anybody's, who would get the payloads of functions."""
    with announce(template, ENGINE, Path("/run/one")):
        folder.chmod(0o755)
        assert find_endpoint(template, ENGINE) is None
        folder.chmod(0o700)
        assert find_endpoint(template, ENGINE) == Path("/run/one")


def test_folder_that_cannot_be_written(template: Path, folder: Path) -> None:
    """The message names the folder."""
    folder.touch()
    with (
        pytest.raises(CacheError, match="runtime folder"),
        announce(template, ENGINE, Path("/run/one")),
    ):
        pass


def test_endpoints_come_and_go(template: Path, folder: Path) -> None:
    """Processes that announce and find at the same time do not disturb each other."""
    failures: list[BaseException] = []

    def come_and_go(number: int) -> None:
        project = template.with_name(f"{number}.yaml")
        try:
            for _ in range(100):
                with announce(project, ENGINE, Path(f"/run/{number}")):
                    assert find_endpoint(project, ENGINE) == Path(f"/run/{number}")
        except BaseException as error:  # noqa: BLE001  # raised in the test
            failures.append(error)

    threads = [threading.Thread(target=come_and_go, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert list(folder.iterdir()) == []


def test_process_that_ends_at_once(
    template: Path, folder: Path, other_process: subprocess.Popen[bytes]
) -> None:
    """A process that cannot wait removes its own files, and those of no other process."""
    assert other_process.stdout
    others = Path(other_process.stdout.readline().decode().strip())
    with endpoint_socket() as (_, own), announce(template, ENGINE, own):
        remove_own_files()
        assert find_endpoint(template, ENGINE) == others
        assert not own.exists()
    assert {each.name.partition("-")[2].partition("-")[0] for each in folder.iterdir()} == {
        str(other_process.pid)
    }
