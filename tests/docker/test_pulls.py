"""Pulls from real registries: their output, interruptions and errors."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from tests.docker import own_engine
from tests.docker import registry as registries
from tests.docker.command import BEHAVIOURS, PATIENCE_SECONDS, SAMLOCAL, Finished, Samlocal
from tests.docker.registry import PASSWORD, USER
from tests.docker.throttle import throttle
from tests.missing import missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import docker

    from tests.docker.own_engine import OwnEngine
    from tests.docker.registry import Registry
    from tests.docker.throttle import Throttle

MIB = 1024 * 1024
# Docker tries a download five times, and waits for 5, 10, 15 and 20 seconds in between:
# https://github.com/moby/moby/blob/master/distribution/xfer/download.go
_SECONDS_OF_RETRIES = 150
NAME = "lambda/python:3.11"


@pytest.fixture
def samlocal(environment: dict[str, str], tmp_path: Path) -> Callable[..., Samlocal]:
    """The command with a registry's images, and Docker's configuration in an empty home."""

    def at(address: str, **variables: str) -> Samlocal:
        known = {
            "SAMLOCAL_IMAGE_REPOSITORY": f"{address}/lambda",
            "DOCKER_CONFIG": str(tmp_path / ".docker"),
        }
        return Samlocal(directory=BEHAVIOURS, environment=environment | known | variables)

    return at


@pytest.fixture
def pulled(engine: docker.APIClient) -> Iterator[list[str]]:
    """The images to remove at the end."""
    images: list[str] = []
    yield images
    for image in images:
        if engine.images(name=image):
            engine.remove_image(image, force=True)


@pytest.fixture(scope="module")
def private_registry(
    machines_engine: docker.APIClient,
    built_image: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Registry]:
    """A registry that requires a login, with the image of Python."""
    with registries.serve(
        tmp_path_factory.mktemp("private"), machines_engine, private=True
    ) as running:
        running.push(built_image("python:3.11"), NAME)
        yield running


def error(ended: Finished) -> str:
    """Return the only message of a command that ran nothing."""
    assert (ended.exit_code, ended.stdout) == (1, b"")
    assert "Traceback" not in ended.stderr
    return ended.stderr[ended.stderr.index("Error: ") :]


def test_pull_on_a_terminal(
    samlocal: Callable[..., Samlocal],
    registry: Registry,
    built_image: Callable[[str], str],
    pulled: list[str],
    *,
    on_podman: bool,
) -> None:
    """A terminal shows progress bars during the pull, and afterwards the lines of a log."""
    registry.push(built_image("python:3.11"), NAME, size=20 * MIB)
    with throttle(registry.address, allowed=2 * MIB) as proxy:
        pulled.append(f"{proxy.address}/{NAME}")
        command = samlocal(proxy.address)
        with _on_a_terminal(command, "local", "invoke", "Echo", "--no-event") as (
            process,
            terminal,
        ):
            text = ""
            # Podman tells of a layer once a second, and only when more of it comes.
            Thread(target=_open_later, args=(proxy,), daemon=True).start()
            with suppress(OSError):  # the command has ended
                while piece := os.read(terminal, 65536):
                    text += piece.decode()
        assert process.wait(10) == 0

    docker, podman = f"Status: Downloaded newer image for {pulled[0]}", f"Pulled {pulled[0]}"
    before, last, after = text.partition(f"{podman if on_podman else docker}\r\n")
    assert f"Pulling {pulled[0]}\r\n" in before
    bar = re.compile(r"[0-9a-f]{12} Downloading +\S+ [\d.]+/\d+\.\d MB")
    assert bar.search(_without_colors(before))
    wiped_out = f"\x1b[2K{last}" if on_podman else "\x1b[2KDigest: sha256:"
    assert wiped_out in before + last
    assert "START RequestId: " in after
    assert "\x1b" not in after


def _open_later(proxy: Throttle) -> None:
    assert proxy.holding.wait(30)
    time.sleep(1.5)
    proxy.open()


@contextmanager
def _on_a_terminal(
    command: Samlocal, *arguments: str
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Runs the command with its stderr on a terminal, of which the other end is given."""
    master, terminal = os.openpty()
    process = subprocess.Popen(
        [SAMLOCAL, *arguments, "--no-credentials"],
        cwd=command.directory,
        env={**os.environ, **command.environment, "TERM": "xterm"},
        stdout=subprocess.DEVNULL,
        stderr=terminal,
    )
    os.close(terminal)
    try:
        yield process, master
    finally:
        os.close(master)


def _without_colors(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def test_interrupted_pull_is_resumed(
    engine: docker.APIClient,
    samlocal: Callable[..., Samlocal],
    registry: Registry,
    built_image: Callable[[str], str],
    pulled: list[str],
) -> None:
    """Ctrl-C ends the command and the download at once; the next invocation pulls, and runs."""
    registry.push(built_image("python:3.11"), NAME, size=20 * MIB)
    with throttle(registry.address, allowed=2 * MIB) as proxy:
        pulled.append(f"{proxy.address}/{NAME}")
        command = samlocal(proxy.address)
        process = command.start("local", "invoke", "Echo", "--no-credentials", "--no-event")
        assert proxy.holding.wait(30)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=PATIENCE_SECONDS)

        assert (process.returncode, stdout) == (130, b"")
        assert f"Pulling {pulled[0]}\n" in stderr.decode()
        assert not engine.images(name=pulled[0])
        proxy.open()
        assert proxy.left.wait(30)

        ended = command.invoke("Echo", "--no-event")
    assert (ended.exit_code, ended.stdout) == (0, b"{}")
    assert ": Pull complete\n" in ended.stderr


@pytest.mark.parametrize("answers_ping", [True, False], ids=["later", "at once"])
def test_registry_that_hangs(samlocal: Callable[..., Samlocal], *, answers_ping: bool) -> None:
    """A pull from a registry that accepts connections but does not answer has a time limit."""
    with _silent_registry(answers_ping=answers_ping) as address:
        ended = samlocal(address, SAMLOCAL_PULL_TIMEOUT="2").invoke("Echo", "--no-event")

    assert error(ended) == (
        f"Error: `{address}/{NAME}` cannot be pulled: no progress for 2 seconds\n"
        "hint: the registry or the network does not respond; SAMLOCAL_PULL_TIMEOUT sets a longer limit in seconds\n"
    )
    assert f"Pulling {address}/{NAME}\n" in ended.stderr


@contextmanager
def _silent_registry(*, answers_ping: bool) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    connections = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connections.append(connection)
                if answers_ping and connection.recv(65536).startswith(b"GET /v2/ "):
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    Thread(target=serve, daemon=True).start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        for each in (listener, *connections):
            each.close()


def test_registry_that_requires_a_login(
    samlocal: Callable[..., Samlocal], private_registry: Registry
) -> None:
    """The hint without a login is how to log in."""
    ended = samlocal(private_registry.address).invoke("Echo", "--no-event")

    message = error(ended)
    assert f"`{private_registry.address}/{NAME}` cannot be pulled: " in message
    assert f"hint: the registry requires `docker login {private_registry.address}`" in message


def test_login_of_docker_is_used(
    samlocal: Callable[..., Samlocal],
    private_registry: Registry,
    pulled: list[str],
    tmp_path: Path,
) -> None:
    """What `docker login` wrote to config.json opens a private registry."""
    secret = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    _configure(tmp_path, {"auths": {private_registry.address: {"auth": secret}}})
    pulled.append(f"{private_registry.address}/{NAME}")

    ended = samlocal(private_registry.address).invoke("Echo", "--no-event")

    assert (ended.exit_code, ended.stdout) == (0, b"{}")


@pytest.mark.parametrize("kind", ["credsStore", "credHelpers"])
def test_credential_helper_is_asked(
    samlocal: Callable[..., Samlocal],
    private_registry: Registry,
    pulled: list[str],
    tmp_path: Path,
    kind: str,
) -> None:
    """The credential helper in config.json is used, for all registries or for one."""
    address = private_registry.address
    helper = tmp_path / "docker-credential-tests"
    helper.write_text(f"""#!/bin/sh
read -r server
[ "$1 $server" = "get {address}" ] || {{ echo "credentials not found in native keychain"; exit 1; }}
echo '{{"ServerURL": "{address}", "Username": "{USER}", "Secret": "{PASSWORD}"}}'
""")
    helper.chmod(0o755)
    _configure(tmp_path, {kind: "tests" if kind == "credsStore" else {address: "tests"}})
    pulled.append(f"{address}/{NAME}")

    ended = samlocal(address, PATH=f"{tmp_path}:{os.environ['PATH']}").invoke("Echo", "--no-event")

    assert (ended.exit_code, ended.stdout) == (0, b"{}")


def test_credential_helper_that_is_missing(
    samlocal: Callable[..., Samlocal],
    registry: Registry,
    built_image: Callable[[str], str],
    pulled: list[str],
    tmp_path: Path,
) -> None:
    """A public image is pulled without the missing helper, with a note."""
    pulled.append(registry.push(built_image("python:3.11"), NAME))
    _configure(tmp_path, {"credsStore": "nowhere"})

    ended = samlocal(registry.address).invoke("Echo", "--no-event")

    assert (ended.exit_code, ended.stdout) == (0, b"{}")
    assert (
        "Pulling without a login: the credential helper of Docker's config.json failed:"
        " docker-credential-nowhere not installed" in ended.stderr
    )


def _configure(home: Path, config: dict[str, object]) -> None:
    (home / ".docker").mkdir()
    (home / ".docker" / "config.json").write_text(json.dumps(config))


def test_pull_always(
    samlocal: Callable[..., Samlocal],
    registry: Registry,
    built_image: Callable[[str], str],
    pulled: list[str],
    *,
    on_podman: bool,
) -> None:
    """`--pull always` pulls an existing image too, unlike the default."""
    pulled.append(registry.push(built_image("python:3.11"), NAME))
    command = samlocal(registry.address)
    command.invoke("Echo", "--no-event")

    missing_only = command.invoke("Echo", "--no-event")
    always = command.invoke("Echo", "--no-event", "--pull", "always")

    assert (missing_only.exit_code, always.exit_code) == (0, 0)
    assert "Pulling" not in missing_only.stderr
    assert f"Pulling {pulled[0]}\n" in always.stderr
    up_to_date = f"Status: Image is up to date for {pulled[0]}\n"
    assert (": Already exists\n" if on_podman else up_to_date) in always.stderr


@pytest.fixture(scope="module")
def small_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnEngine]:
    """An engine that gives up at once, and has room for 48 MiB."""
    if not own_engine.can_run():
        missing("an engine of the tests' own needs root, dockerd, ip and iptables")
    folder = tmp_path_factory.mktemp("small")
    (folder / "data").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", folder / "data"], check=True)
    with own_engine.serve(folder, "--max-download-attempts=1") as engine:
        yield engine


@pytest.fixture
def on_small_engine(small_engine: OwnEngine, tmp_path: Path) -> Callable[[str], Samlocal]:
    """The command with that engine, and with a registry's images."""

    def at(address: str) -> Samlocal:
        return Samlocal(
            directory=BEHAVIOURS,
            environment={
                "SAMLOCAL_IMAGE_REPOSITORY": f"{address}/lambda",
                "HOME": str(tmp_path),
                "DOCKER_HOST": small_engine.address,
            },
        )

    return at


@pytest.mark.timeout(_SECONDS_OF_RETRIES + 60)
def test_registry_that_dies_midway(
    machines_engine: docker.APIClient,
    on_small_engine: Callable[[str], Samlocal],
    built_image: Callable[[str], str],
    tmp_path: Path,
) -> None:
    """The error for an interrupted download has the engine's reason."""
    with registries.serve(tmp_path, machines_engine) as registry:
        registry.push(built_image("provided:al2023"), NAME)
        with throttle(registry.address, allowed=4 * MIB) as proxy:
            process = on_small_engine(proxy.address).start(
                "local", "invoke", "Echo", "--no-credentials", "--no-event"
            )
            assert proxy.holding.wait(30)
            registry.process.kill()
            proxy.cut()
            stdout, stderr = process.communicate(timeout=_SECONDS_OF_RETRIES)

            assert (process.returncode, stdout) == (1, b"")
            assert f"Error: `{proxy.address}/{NAME}` cannot be pulled: " in stderr.decode()
            assert b"Traceback" not in stderr


def test_no_space_for_an_image(
    on_small_engine: Callable[[str], Samlocal],
    registry: Registry,
    built_image: Callable[[str], str],
) -> None:
    """An image that is too large for the engine's disk."""
    registry.push(built_image("provided:al2023"), NAME, size=60 * MIB)

    ended = on_small_engine(registry.address).invoke("Echo", "--no-event")

    message = error(ended)
    assert "no space left on device" in message
    assert "hint: `docker system df` shows what uses the disk\n" in message


def test_newer_image_is_reported_once(
    samlocal: Callable[..., Samlocal],
    registry: Registry,
    built_image: Callable[[str], str],
    pulled: list[str],
    *,
    on_podman: bool,
) -> None:
    """A newer image is reported once, after the result."""
    if on_podman:
        # https://github.com/containers/podman/blob/v4.3.1/pkg/api/server/register_distribution.go
        pytest.skip("Podman's API answers `/distribution` with 404: it cannot ask a registry")
    registry.push(built_image("python:3.11"), NAME)
    with throttle(registry.address, allowed=1024 * MIB) as proxy:
        pulled.append(f"{proxy.address}/{NAME}")
        quiet = samlocal(proxy.address).invoke("Echo", "--no-event")
        registry.push(built_image("python:3.11"), NAME)
        asking = samlocal(proxy.address, SAMLOCAL_UPDATE_CHECK="1")
        first = asking.invoke("SleepsTooLong", "--no-event")
        while "newer" not in first.stderr:  # the registry answered after the invocation
            first = asking.invoke("SleepsTooLong", "--no-event")
        second = asking.invoke("SleepsTooLong", "--no-event")

    assert quiet.exit_code == 0
    newer = f"There is a newer `{pulled[0]}`: `docker pull {pulled[0]}`\n"
    assert first.stderr.endswith(newer)
    assert newer not in quiet.stderr + second.stderr


def test_doctor_shows_digests(
    engine: docker.APIClient,
    samlocal: Callable[..., Samlocal],
    registry: Registry,
    built_image: Callable[[str], str],
    pulled: list[str],
) -> None:
    """`doctor` shows the digests of images, so that users can compare them."""
    pulled.append(registry.push(built_image("python:3.11"), NAME))
    engine.pull(pulled[0])
    facts = engine.inspect_image(pulled[0])  # type: ignore[no-untyped-call]  # so it is in docker's stubs
    digest = facts["RepoDigests"][0].partition("@")[2]

    shown = samlocal(registry.address)("doctor").stdout.decode()

    assert (
        f"images         {registry.address}/lambda, local: python:3.11 ({digest[:19]})\n" in shown
    )
