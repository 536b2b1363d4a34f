"""The limits and the isolation of a function, from the inside, on a real engine."""

from __future__ import annotations

import json
import signal
import socket
from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.test_invoke import report
from tests.docker import private_tls
from tests.docker.command import CHECKOUT, PATIENCE_SECONDS, Samlocal
from tests.docker.private_tls import HOST
from tests.free_ports import free_port

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from tests.docker.fixtures import SamlocalIn
    from tests.docker.private_tls import PrivateServer

ENGINES = ("docker", "podman")

TO_SERVER = ("--add-host", f"{HOST}:host-gateway")
LAMBDAS_USER = 993
TMP = "/tmp"  # noqa: S108  # the container's


@pytest.fixture
def samlocal(samlocal_in: SamlocalIn) -> Samlocal:
    """The command in a copy of the project."""
    project = CHECKOUT / "tests" / "projects" / "isolation"
    return samlocal_in(project, "python:3.11", "nodejs:22", "provided:al2023")


@pytest.fixture
def server(gateway: str, tmp_path: Path) -> Iterator[PrivateServer]:
    """A company's server, on the address that is `host-gateway` for containers."""
    folder = tmp_path / "tls"
    folder.mkdir()
    with private_tls.serve(gateway, folder) as running:
        yield running


def result(samlocal: Samlocal, function: str, *options: str, event: object = None) -> Any:  # noqa: ANN401
    ended = samlocal.invoke(function, "-e", "-", *options, stdin=json.dumps(event or {}).encode())
    assert ended.exit_code == 0, ended.stderr
    return json.loads(ended.stdout)


def test_isolation_by_default(samlocal: Samlocal) -> None:
    """The code is read-only and memory is limited as in the template; there are no other restrictions."""
    seen = result(samlocal, "Looks")

    assert seen["writable"] == ["/", "/opt", "/dev", TMP]
    assert (seen["memory_mb"], seen["user"], seen["shared_memory"]) == (128, [0, 0], True)


def test_strict_isolation(samlocal: Samlocal) -> None:
    """Lambda's user without capabilities, and a /tmp of the default size as the only place to write."""
    seen = result(samlocal, "Looks", "--strict")

    assert seen["writable"] == [TMP]
    assert (seen["user"], seen["groups"]) == ([LAMBDAS_USER, 990], [990])
    assert (seen["capabilities"], seen["no_new_privileges"]) == (0, "1")
    assert (seen["tmp_mb"], seen["runs_from_tmp"], seen["shared_memory"]) == (512, True, False)
    assert (seen["open_files"], seen["memory_mb"]) == (1024, 128 + 512)


@pytest.mark.parametrize("options", [(), ("--strict",)], ids=["default", "strict"])
def test_layers_are_read_only(samlocal: Samlocal, options: tuple[str, ...]) -> None:
    """Lambda's user can read layers, and no user can change them."""
    expected = {"words": "great tea\n", "writable": False}
    assert result(samlocal, "Layered", *options) == expected


@pytest.mark.parametrize("function", ["OnNode", "OnShell"])
def test_other_runtimes_work_in_a_strict_sandbox(samlocal: Samlocal, function: str) -> None:
    """Node.js and a `bootstrap` run as Lambda's user, and write to /tmp."""
    event = {"message": "hey"}
    expected = {"user": LAMBDAS_USER, "event": event}
    assert result(samlocal, function, "--strict", event=event) == expected


def test_400_mb_in_tmp_do_not_count_as_memory(samlocal: Samlocal) -> None:
    """Files in /tmp do not count as memory: a function of 128 MB may write 400 MB."""
    event = {"mb": 400}
    assert result(samlocal, "Fills", event=event) == {"written_mb": 400, "error": None}


def test_strict_tmp_is_full_at_its_size(samlocal: Samlocal) -> None:
    """Writes beyond `EphemeralStorage` fail as in Lambda, and files in /tmp are not reported as memory."""
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
    """A function of 128 MB has 7 % of a CPU once it is initialised: 0.1 s take many periods, in each of which it waits."""
    burnt = result(samlocal, "Burns")

    assert burnt["cpus"] == pytest.approx(128 / 1769, rel=0.01)
    assert burnt["throttled"] > 10


def test_no_limits(samlocal: Samlocal) -> None:
    """With `--no-limits` the function has no limits."""
    assert result(samlocal, "Burns", "--no-limits", event={"seconds": 5})["cpus"] is None
    assert result(samlocal, "Uses300MB", "--no-limits") == 300 * 1024 * 1024
    assert result(samlocal, "Looks", "--no-limits", "--strict")["tmp_mb"] != 512


def test_no_memory_limit_keeps_the_cpu_limit(samlocal: Samlocal) -> None:
    """`--no-memory-limit` removes only the memory limit, as in sam."""
    assert result(samlocal, "Uses300MB", "--no-memory-limit") == 300 * 1024 * 1024
    assert result(samlocal, "Burns", "--no-memory-limit")["cpus"] < 1


def test_code_that_lambdas_user_cannot_read_is_named(samlocal: Samlocal) -> None:
    """An unreadable file is reported with a hint, and the function fails as in Lambda."""
    (samlocal.directory / "code" / "app.py").chmod(0o600)

    ended = samlocal.invoke("Looks", "--no-event", "--strict")

    assert ended.exit_code == 5
    assert f"Lambda's user cannot read `{samlocal.directory}/code/app.py`" in ended.stderr
    assert f"hint: run `chmod -R o+rX {samlocal.directory}/code`" in ended.stderr


def test_file_system_is_the_directory(samlocal: Samlocal, tmp_path: Path) -> None:
    """Files on a file system are in the directory, and later functions can read them."""
    store = tmp_path / "my store"
    store.mkdir()
    option = f"/mnt/store={store}"

    result(samlocal, "Stores", "--file-system", option, event={"review": "great"})
    read = result(samlocal, "Stores", "--file-system", option, event={"review": "tea"})

    assert read == (store / "reviews.txt").read_text() == "great\ntea\n"


def test_file_system_that_is_not_given_is_named(samlocal: Samlocal) -> None:
    """A missing file system is reported with its place, and the option in the hint."""
    ended = samlocal.invoke("Stores", "--no-event")

    assert "template.yaml:39:11: no file system is mounted at `/mnt/store`" in ended.stderr
    assert "hint: `--file-system /mnt/store=DIR` mounts a directory there" in ended.stderr


def test_hosts_of_the_containers_own(samlocal: Samlocal, gateway: str) -> None:
    """A name has the address that it is given, and `host-gateway` is this machine."""
    options = ("--add-host", "db.local:10.1.2.3", "--add-host", "me:host-gateway")
    expected = {"db.local": "10.1.2.3", "me": gateway}
    assert result(samlocal, "Resolves", *options, event=["db.local", "me"]) == expected


def test_dns_servers(samlocal: Samlocal) -> None:
    """The container uses the given name servers in order."""
    options = ("--container-dns", "10.9.8.7", "--container-dns", "10.9.8.6")
    assert result(samlocal, "Looks", *options)["dns"] == ["10.9.8.7", "10.9.8.6"]


def test_shutdown_asks_before_it_kills(samlocal: Samlocal) -> None:
    """With the option a runtime has time to handle SIGTERM; otherwise it is killed."""
    assert "goodbye\nEND" in samlocal.invoke("SaysGoodbye", "--no-event", "--shutdown").stderr
    assert "goodbye" not in samlocal.invoke("SaysGoodbye", "--no-event").stderr


def test_shutdown_kills_what_does_not_end(samlocal: Samlocal) -> None:
    """A runtime that does not handle SIGTERM is killed after three seconds, with its result shown."""
    ended = samlocal.invoke("OnNode", "--no-event", "--shutdown")
    assert ended.exit_code == 0
    assert json.loads(ended.stdout)["user"] == 0


def test_docker_arguments(samlocal: Samlocal, tmp_path: Path) -> None:
    """Each Docker argument overrides the option of the container."""
    (tmp_path / "shared").mkdir()
    # Podman gives a container that names some limits none of its defaults, and raises the others to its
    # own maximum, which root cannot do on a machine that withholds CAP_SYS_RESOURCE. So both are named.
    limits = [{"name": "nofile", "soft": 77, "hard": 77}, {"name": "nproc", "soft": 99, "hard": 99}]
    arguments = (
        *("--docker-arg", "user=1234"),
        *("--docker-arg", f"ulimits={json.dumps(limits)}"),
        *("--docker-arg", f"volumes=[{tmp_path}/shared:/mnt/store:ro]"),
        *("--docker-arg", "mem_limit=200m"),
        *("--docker-arg", "tmpfs={/tmp: 'size=7m,exec'}"),
        *("--docker-arg", "dns=[10.9.8.5]"),
    )
    seen = result(samlocal, "Looks", *arguments)

    assert (seen["user"], seen["open_files"], seen["tmp_mb"]) == ([1234, 0], 77, 7)
    assert (seen["memory_mb"], seen["dns"]) == (200, ["10.9.8.5"])
    assert result(samlocal, "Looks", "--strict", "--docker-arg", "cap_drop=[]")["capabilities"] > 0


def test_docker_argument_that_the_engine_refuses(samlocal: Samlocal) -> None:
    """The error for a value that the engine refuses has the engine's message."""
    ended = samlocal.invoke("Looks", "--no-event", "--docker-arg", "cap_add=[FLY]")

    assert (ended.exit_code, ended.stdout) == (1, b"")
    assert "Error: the container engine refused: " in ended.stderr
    assert "FLY" in ended.stderr


@pytest.mark.parametrize(
    ("function", "clients", "options"),
    [
        pytest.param("Trusts", ("urllib", "boto3"), (), id="python"),
        pytest.param("TrustsOnNode", ("fetch",), (), id="nodejs"),
        pytest.param("Trusts", ("urllib", "boto3"), ("--strict", "--mount", "copy"), id="copied"),
    ],
)
def test_every_sdk_trusts_the_bundle(
    samlocal: Samlocal,
    server: PrivateServer,
    function: str,
    clients: tuple[str, ...],
    options: tuple[str, ...],
) -> None:
    """The languages' own clients and the AWS SDK trust the server with the option, and not without."""
    event = {"url": server.url}
    bundle = ("--ca-bundle", str(server.authority))

    assert result(samlocal, function, *TO_SERVER, event=event) == dict.fromkeys(clients, False)
    trusted = result(samlocal, function, *TO_SERVER, *bundle, *options, event=event)
    assert trusted == dict.fromkeys(clients, True)


def test_variables_of_the_user_stay(samlocal: Samlocal, server: PrivateServer) -> None:
    """A variable that is already set keeps its value."""
    options = ("--ca-bundle", str(server.authority), "--env", "CURL_CA_BUNDLE=/var/task/own.pem")
    event = ["CURL_CA_BUNDLE", "GIT_SSL_CAINFO"]
    variables = result(samlocal, "Variables", *options, event=event)
    assert variables["CURL_CA_BUNDLE"] == "/var/task/own.pem"
    assert variables["GIT_SSL_CAINFO"] == "/etc/samlocal/ca-bundle.pem"


def test_proxies_of_the_docker_client(samlocal: Samlocal, tmp_path: Path, gateway: str) -> None:
    """A function gets the proxies of the Docker client, but not for its Runtime API."""
    config = tmp_path / ".docker" / "config.json"
    config.parent.mkdir()
    proxies = {"httpProxy": "http://127.0.0.1:9", "noProxy": "intranet.example"}
    config.write_text(json.dumps({"proxies": {"default": proxies}}))

    variables = result(samlocal, "Variables", event=["HTTP_PROXY", "http_proxy", "NO_PROXY"])
    assert variables == {
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
        "NO_PROXY": f"intranet.example,{gateway}",
    }
    # Its runtime is curl, which would take the proxy to the Runtime API as well.
    assert result(samlocal, "OnShell", event=1) == {"user": 0, "event": 1}


def test_debuggers_port_is_open_where_it_is_wanted(samlocal: Samlocal) -> None:
    """The debugger's port is published on the given address only, and shown with the given host."""
    port = free_port()
    options = ("--container-host-interface", "127.0.0.2", "--container-host", "engine.example")
    arguments = ("local", "invoke", "OnNode", "--no-event", "--no-credentials", "-d", str(port))
    process = samlocal.start(*arguments, *options)
    try:
        line = _line_with(process, b"Waiting for a debugger")
        assert f"to engine.example:{port}" in line
        socket.create_connection(("127.0.0.2", port)).close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_SECONDS)


def _line_with(process: subprocess.Popen[bytes], words: bytes) -> str:
    assert process.stderr
    for line in process.stderr:
        if words in line:
            return line.decode()
    raise AssertionError(words)
