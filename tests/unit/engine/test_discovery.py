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
    """The environment of a user with an empty home directory."""
    return {
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "TMPDIR": str(tmp_path / "tmp"),
    }


def make_context(home: Path, name: str, url: str, *, skip_verify: bool = False) -> Path:
    """Write a context as `docker context create` does; return the folder of its certificates."""
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
    """Create a file in the place of an engine's socket; return its address."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return f"unix://{path}"


def test_default_socket_comes_first(variables: dict[str, str]) -> None:
    """Without settings, Docker's socket is tried first."""
    assert urls(None, variables)[0] == DEFAULT


def test_known_sockets_that_exist_come_next(variables: dict[str, str], tmp_path: Path) -> None:
    """The existing sockets of Podman, Colima and other engines are tried next."""
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
    """`--engine ADDRESS` overrides `DOCKER_HOST` and every context."""
    variables |= {"DOCKER_HOST": "tcp://other:1", "DOCKER_CONTEXT": "other"}
    assert urls(engine, variables) == [address]


def test_docker_host_overrules_contexts(variables: dict[str, str], tmp_path: Path) -> None:
    """`DOCKER_HOST` overrides `docker context use`, as in the `docker` command."""
    use_context(tmp_path, "other")
    variables |= {"DOCKER_HOST": "tcp://10.0.0.1:2375", "DOCKER_CONTEXT": "other"}
    assert urls(None, variables) == ["tcp://10.0.0.1:2375"]


def test_current_context_is_used(variables: dict[str, str], tmp_path: Path) -> None:
    """The engine that `docker context use` chose is the only one that is tried."""
    make_context(tmp_path, "colima", "unix:///c.sock")
    use_context(tmp_path, "colima")
    assert urls(None, variables) == ["unix:///c.sock"]


def test_docker_context_overrules_the_current_one(
    variables: dict[str, str], tmp_path: Path
) -> None:
    """`DOCKER_CONTEXT` overrides the current context."""
    make_context(tmp_path, "far", "ssh://me@far.example")
    make_context(tmp_path, "colima", "unix:///c.sock")
    use_context(tmp_path, "colima")
    assert urls(None, variables | {"DOCKER_CONTEXT": "far"}) == ["ssh://me@far.example"]


def test_docker_config_is_the_folder_of_contexts(variables: dict[str, str], tmp_path: Path) -> None:
    """`DOCKER_CONFIG` replaces `~/.docker`."""
    make_context(tmp_path, "far", "tcp://far:1")
    (tmp_path / ".docker").rename(tmp_path / "elsewhere")
    assert urls("far", variables | {"DOCKER_CONFIG": str(tmp_path / "elsewhere")}) == [
        "tcp://far:1"
    ]


def test_default_context_chooses_nothing(variables: dict[str, str], tmp_path: Path) -> None:
    """The context `default` is the same as no context."""
    use_context(tmp_path, "default")
    assert urls(None, variables)[0] == DEFAULT


@pytest.mark.parametrize("content", ["", "[]", "{", '{"currentContext": 7}', "null"])
def test_unreadable_docker_settings_choose_nothing(
    content: str, variables: dict[str, str], tmp_path: Path
) -> None:
    """Malformed settings of Docker choose no context."""
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text(content)
    assert urls(None, variables)[0] == DEFAULT


def test_contexts_certificates_are_found(variables: dict[str, str], tmp_path: Path) -> None:
    """A context has its certificates, and whether to verify the engine's certificate."""
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
def test_malformed_contexts_are_skipped(
    meta: str, variables: dict[str, str], tmp_path: Path
) -> None:
    """Malformed contexts are skipped, and the others are found."""
    make_context(tmp_path, "far", "tcp://far:1")
    broken = tmp_path / ".docker" / "contexts" / "meta" / "0" / "meta.json"
    broken.parent.mkdir()
    broken.write_text(meta)
    assert urls("far", variables) == ["tcp://far:1"]


def test_context_takes_precedence_over_an_engine_of_its_name(
    variables: dict[str, str], tmp_path: Path
) -> None:
    """A context takes precedence over a known engine of the same name."""
    make_context(tmp_path, "colima", "unix:///c.sock")
    assert urls("colima", variables) == ["unix:///c.sock"]


def test_named_engine_without_a_socket_has_all_its_addresses(
    variables: dict[str, str], tmp_path: Path
) -> None:
    """A named engine without a socket has all its addresses, and the hint how to start it."""
    candidates = find_engines("colima", variables)
    assert [each.url for each in candidates.addresses] == [
        f"unix://{tmp_path}/.colima/default/docker.sock",
        f"unix://{tmp_path}/.config/colima/default/docker.sock",
    ]
    assert "`colima start`" in candidates.hint


def test_unknown_name_is_a_usage_error(variables: dict[str, str], tmp_path: Path) -> None:
    """An unknown name is a usage error; the hint lists the engines and the contexts."""
    make_context(tmp_path, "far", "tcp://far:1")
    with pytest.raises(
        UsageError, match="no container engine or Docker context `dockre`"
    ) as caught:
        find_engines("dockre", variables)
    assert "`podman`" in (caught.value.hint or "")
    assert "`far`" in (caught.value.hint or "")


def test_missing_current_context_is_an_error(variables: dict[str, str], tmp_path: Path) -> None:
    """A missing current context is an error, not the default socket."""
    use_context(tmp_path, "gone")
    with pytest.raises(EngineNotReachableError, match="no Docker context `gone`"):
        find_engines(None, variables)
