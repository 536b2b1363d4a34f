from __future__ import annotations

import string
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.cli.plain_options import read_ca_bundle
from samlocal.cli.sandbox_settings import (
    find_host,
    parse_dns,
    parse_file_systems,
    parse_hosts,
    parse_interface,
    parse_volume_basedir,
)
from samlocal.errors import UsageError
from samlocal.sandbox.ca_bundle import keep_bundle

if TYPE_CHECKING:
    from pathlib import Path

NAMES = st.text(string.ascii_lowercase + string.digits, min_size=1)


def test_hosts() -> None:
    """An address of either version, in brackets or not, or this machine's; the last one wins."""
    values = ["db:10.0.0.4", "db:10.0.0.5", "v6:fd00::1", "v6b:[fd00::2]", "me:host-gateway"]
    assert parse_hosts(values) == {
        "db": "10.0.0.5",
        "v6": "fd00::1",
        "v6b": "fd00::2",
        "me": "host-gateway",
    }


@given(NAMES, st.ip_addresses())
def test_any_host_with_any_address(name: str, address: object) -> None:
    """The first colon ends the name, however many follow."""
    assert parse_hosts([f"{name}:{address}"]) == {name: str(address)}


@pytest.mark.parametrize(
    "value", ["", "db", "db:", ":10.0.0.5", "db:db2", "a b:10.0.0.5", "-:1.1.1.1"]
)
def test_hosts_that_are_none(value: str) -> None:
    """The message has the value, the hint an example."""
    with pytest.raises(UsageError, match="is not HOST:IP") as caught:
        parse_hosts([value])
    assert "--add-host db.local:10.0.0.5" in str(caught.value.hint)


def test_dns_servers() -> None:
    """They stay in their order."""
    assert parse_dns(["10.0.0.2", "fd00::1"]) == ("10.0.0.2", "fd00::1")


@pytest.mark.parametrize("value", ["", "dns.local", "10.0.0", "10.0.0.2:53"])
def test_dns_servers_that_are_none(value: str) -> None:
    """A container takes addresses only."""
    with pytest.raises(UsageError, match="is not an IP address"):
        parse_dns([value])


@pytest.mark.parametrize(
    ("interface", "host"),
    [("127.0.0.1", "localhost"), ("0.0.0.0", "localhost"), ("10.0.0.7", "10.0.0.7")],  # noqa: S104
)
def test_interface(interface: str, host: str) -> None:
    """A port that is open on one address only is reached there."""
    assert find_host(parse_interface(interface)) == host


def test_interface_that_is_none() -> None:
    """Engines take addresses, no names."""
    with pytest.raises(UsageError, match="`--container-host-interface eth0` is not an IP address"):
        parse_interface("eth0")


def test_file_systems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Directories become absolute; the home may be `~`, and a name may hold what separates."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("store", "a=b"):
        (tmp_path / name).mkdir()
    assert parse_file_systems(["/mnt/a=store", "/mnt/b=~/store", "/mnt/c=a=b"]) == {
        "/mnt/a": tmp_path / "store",
        "/mnt/b": tmp_path / "store",
        "/mnt/c": tmp_path / "a=b",
    }


@pytest.mark.parametrize("value", ["", "/mnt/a", "/mnt/a=", "/mnt/=.", "/data/a=.", "/mnt/a/b=."])
def test_file_systems_that_are_none(value: str) -> None:
    """Lambda mounts below /mnt only, and not deeper."""
    with pytest.raises(UsageError, match="is not /mnt/NAME=DIR"):
        parse_file_systems([value])


def test_file_system_without_directory(tmp_path: Path) -> None:
    """A typo is an error, and not an empty directory that the engine makes."""
    with pytest.raises(UsageError, match="no directory") as caught:
        parse_file_systems([f"/mnt/a={tmp_path}/b"])
    assert caught.value.hint == f"`mkdir -p {tmp_path}/b` makes it"


def test_ca_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The directory to be mounted holds a copy that everybody may read, the same for the same bundle."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    bundle = tmp_path / "ca.pem"
    bundle.write_text("# Corp\n-----BEGIN CERTIFICATE-----\n")
    bundle.chmod(0o600)

    content = read_ca_bundle(bundle)
    directory = keep_bundle(content, tmp_path / "cache")

    (copy,) = directory.iterdir()
    assert copy.read_text() == bundle.read_text()
    assert (copy.stat().st_mode & 0o777, directory.stat().st_mode & 0o777) == (0o644, 0o755)
    assert keep_bundle(content, tmp_path / "cache") == directory


def test_ca_bundles_that_are_none(tmp_path: Path) -> None:
    """A file that isn't there, and one in the format that Windows exports."""
    with pytest.raises(UsageError, match="can't be read: No such file"):
        read_ca_bundle(tmp_path / "ca.pem")
    (tmp_path / "ca.cer").write_bytes(b"\x30\x82\x03")
    with pytest.raises(UsageError, match="has no certificate in PEM format") as caught:
        read_ca_bundle(tmp_path / "ca.cer")
    assert "openssl x509 -inform der" in str(caught.value.hint)


@pytest.mark.parametrize("path", [None, "/srv/app", "C:\\app", "//wsl$/app"])
def test_where_the_engine_has_the_project(path: str | None) -> None:
    """A path of the engine's machine may be one of another system."""
    assert parse_volume_basedir(path) == path


@pytest.mark.parametrize("path", [".", "app", ""])
def test_the_engine_has_the_project_at_an_absolute_path(path: str) -> None:
    """A relative path is refused by its option's name, not by the engine."""
    with pytest.raises(UsageError, match=r"--docker-volume-basedir.* needs an absolute path"):
        parse_volume_basedir(path)
