from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

import pytest

from samlocal.engine.discovery import Certificates, EngineAddress, find_engines
from samlocal.errors import EngineNotReachableError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DEFAULT = "unix:///var/run/docker.sock"


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has a home and nothing in it."""
    return {
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "TMPDIR": str(tmp_path / "tmp"),
    }


def make_context(home: Path, name: str, url: str, *, skip_verify: bool = False) -> Path:
    """Write a context as `docker context create` does; the folder of its certificates."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = home / ".docker" / "contexts" / "meta" / digest / "meta.json"
    meta.parent.mkdir(parents=True)
    endpoint = {"Host": url, "SkipTLSVerify": skip_verify}
    meta.write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": {"docker": endpoint}}))
    return home / ".docker" / "contexts" / "tls" / digest / "docker"


def use_context(home: Path, name: str) -> None:
    (home / ".docker").mkdir(exist_ok=True)
    (home / ".docker" / "config.json").write_text(json.dumps({"currentContext": name}))


def urls(engine: str | None, variables: Mapping[str, str]) -> list[str]:
    return [each.url for each in find_engines(engine, variables).addresses]


def make_socket(path: Path) -> str:
    """Make what looks like an engine's socket; its address."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return f"unix://{path}"


def test_default_socket_comes_first(variables: dict[str, str]) -> None:
    """Where nothing says otherwise, Docker's socket is tried before all others."""
    assert urls(None, variables)[0] == DEFAULT


def test_known_sockets_that_exist_come_next(variables: dict[str, str], tmp_path: Path) -> None:
    """The sockets of Podman, Colima and the others are tried where they are."""
    podman = make_socket(tmp_path / "run" / "podman" / "podman.sock")
    colima = make_socket(tmp_path / ".colima" / "default" / "docker.sock")

    found = urls(None, variables)

    assert [url for url in found if str(tmp_path) in url] == [podman, colima]


@pytest.mark.parametrize(
    ("engine", "places"),
    [
        ("docker", ["/var/run/docker.sock", "RUN/docker.sock", "HOME/.docker/run/docker.sock"]),
        ("desktop", ["HOME/.docker/desktop/docker.sock", "HOME/.docker/run/docker.sock"]),
        (
            "podman",
            [
                "RUN/podman/podman.sock",
                "/run/podman/podman.sock",
                "TMP/podman/podman-machine-default-api.sock",
                "HOME/.local/share/containers/podman/machine/podman.sock",
            ],
        ),
        (
            "finch",
            [
                "/Applications/Finch/lima/data/finch/sock/finch.sock",
                "/var/run/finch.sock",
            ],
        ),
        (
            "colima",
            ["HOME/.colima/default/docker.sock", "HOME/.config/colima/default/docker.sock"],
        ),
        ("rancher", ["HOME/.rd/docker.sock"]),
        ("orbstack", ["HOME/.orbstack/run/docker.sock"]),
    ],
)
def test_where_engines_listen(
    engine: str, places: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where none of an engine's sockets exists, all of them are tried, and the hint starts it."""
    monkeypatch.setattr("samlocal.engine.discovery.exists", lambda _path: False)
    folders = {"HOME": "/h", "XDG_RUNTIME_DIR": "/r", "TMPDIR": "/t/"}
    found = find_engines(engine, folders)
    wanted = [
        place.replace("HOME/", "/h/").replace("RUN/", "/r/").replace("TMP/", "/t/")
        for place in places
    ]
    assert [each.url for each in found.addresses] == [f"unix://{each}" for each in wanted]
    assert "start" in found.hint or found.hint == "`orb start`"


def test_where_engines_listen_without_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service has no home and no folders of its own: the system's are looked at."""
    monkeypatch.setattr("samlocal.engine.discovery.exists", lambda _path: False)
    assert urls("podman", {}) == [
        f"unix:///run/user/{os.getuid()}/podman/podman.sock",
        "unix:///run/podman/podman.sock",
        "unix:///tmp/podman/podman-machine-default-api.sock",
        "unix:///.local/share/containers/podman/machine/podman.sock",
    ]


def test_sockets_of_a_named_engine_that_exist(variables: dict[str, str], tmp_path: Path) -> None:
    """Where one is there, the others are not tried."""
    colima = make_socket(tmp_path / ".config" / "colima" / "default" / "docker.sock")
    assert urls("colima", variables) == [colima]


@pytest.mark.parametrize(
    ("engine", "address"),
    [
        pytest.param("tcp://10.0.0.1:2375", "tcp://10.0.0.1:2375", id="tcp"),
        pytest.param("ssh://me@far.example", "ssh://me@far.example", id="ssh"),
        pytest.param("unix:///x/y.sock", "unix:///x/y.sock", id="unix"),
        pytest.param("/x/y.sock", "unix:///x/y.sock", id="path"),
    ],
)
def test_address_is_the_only_one_tried(
    engine: str, address: str, variables: dict[str, str]
) -> None:
    """`--engine ADDRESS` overrules `DOCKER_HOST` and every context."""
    variables |= {"DOCKER_HOST": "tcp://other:1", "DOCKER_CONTEXT": "other"}
    assert urls(engine, variables) == [address]


def test_docker_host_overrules_contexts(variables: dict[str, str], tmp_path: Path) -> None:
    """As with the `docker` command, the variable counts more than `docker context use`."""
    use_context(tmp_path, "other")
    variables |= {"DOCKER_HOST": "tcp://10.0.0.1:2375", "DOCKER_CONTEXT": "other"}
    assert urls(None, variables) == ["tcp://10.0.0.1:2375"]


def test_current_context_is_used(variables: dict[str, str], tmp_path: Path) -> None:
    """What `docker context use` chose is the one engine that is tried."""
    make_context(tmp_path, "colima", "unix:///c.sock")
    use_context(tmp_path, "colima")
    assert urls(None, variables) == ["unix:///c.sock"]


def test_docker_context_overrules_the_current_one(
    variables: dict[str, str], tmp_path: Path
) -> None:
    """The variable counts more than the file."""
    make_context(tmp_path, "far", "ssh://me@far.example")
    make_context(tmp_path, "colima", "unix:///c.sock")
    use_context(tmp_path, "colima")
    assert urls(None, variables | {"DOCKER_CONTEXT": "far"}) == ["ssh://me@far.example"]


def test_docker_config_is_where_contexts_are(variables: dict[str, str], tmp_path: Path) -> None:
    """`DOCKER_CONFIG` names the folder in place of `~/.docker`."""
    make_context(tmp_path, "far", "tcp://far:1")
    (tmp_path / ".docker").rename(tmp_path / "elsewhere")
    assert urls("far", variables | {"DOCKER_CONFIG": str(tmp_path / "elsewhere")}) == [
        "tcp://far:1"
    ]


def test_default_context_is_no_choice(variables: dict[str, str], tmp_path: Path) -> None:
    """The context `default` is the absence of one."""
    use_context(tmp_path, "default")
    assert urls(None, variables)[0] == DEFAULT


@pytest.mark.parametrize("content", ["", "[]", "{", '{"currentContext": 7}', "null"])
def test_unreadable_docker_settings_choose_nothing(
    content: str, variables: dict[str, str], tmp_path: Path
) -> None:
    """Docker's own settings may be anything: they choose no context then."""
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text(content)
    assert urls(None, variables)[0] == DEFAULT


def test_contexts_certificates_are_found(variables: dict[str, str], tmp_path: Path) -> None:
    """A context brings its certificates, and says whether the engine must prove itself."""
    folder = make_context(tmp_path, "far", "tcp://far:2376", skip_verify=True)
    folder.mkdir(parents=True)
    for name in ("ca", "cert", "key"):
        (folder / f"{name}.pem").touch()

    assert find_engines("far", variables).addresses == (
        EngineAddress(
            url="tcp://far:2376",
            certificates=Certificates(
                authority=folder / "ca.pem",
                certificate=folder / "cert.pem",
                key=folder / "key.pem",
                verify=False,
            ),
        ),
    )


@pytest.mark.parametrize(
    "meta", ["", "[]", '{"Name": "x"}', '{"Name": "x", "Endpoints": {"docker": {}}}']
)
def test_what_is_no_context_is_passed_over(
    meta: str, variables: dict[str, str], tmp_path: Path
) -> None:
    """A folder of contexts may hold anything; the others are still found."""
    make_context(tmp_path, "far", "tcp://far:1")
    broken = tmp_path / ".docker" / "contexts" / "meta" / "0" / "meta.json"
    broken.parent.mkdir()
    broken.write_text(meta)
    assert urls("far", variables) == ["tcp://far:1"]


def test_context_goes_before_an_engine_of_its_name(
    variables: dict[str, str], tmp_path: Path
) -> None:
    """Colima makes a context `colima`, which knows best where it listens."""
    make_context(tmp_path, "colima", "unix:///c.sock")
    assert urls("colima", variables) == ["unix:///c.sock"]


def test_named_engine_that_is_not_there_lists_where_it_would_be(
    variables: dict[str, str], tmp_path: Path
) -> None:
    """The message can name every place, and the hint how to start that engine."""
    sought = find_engines("colima", variables)
    assert [each.url for each in sought.addresses] == [
        f"unix://{tmp_path}/.colima/default/docker.sock",
        f"unix://{tmp_path}/.config/colima/default/docker.sock",
    ]
    assert "`colima start`" in sought.hint


def test_unknown_name_lists_the_known(variables: dict[str, str], tmp_path: Path) -> None:
    """A name that nobody has is wrong usage; the hint has the engines and the contexts."""
    make_context(tmp_path, "far", "tcp://far:1")
    with pytest.raises(UsageError, match="is called `dockre`") as caught:
        find_engines("dockre", variables)
    assert "`podman`" in (caught.value.hint or "")
    assert "`far`" in (caught.value.hint or "")


def test_context_that_is_gone_is_named(variables: dict[str, str], tmp_path: Path) -> None:
    """A current context without a folder is an error, not the default socket."""
    use_context(tmp_path, "gone")
    with pytest.raises(EngineNotReachableError, match="no Docker context `gone`"):
        find_engines(None, variables)
