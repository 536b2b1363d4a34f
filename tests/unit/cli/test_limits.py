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
from samlocal.sandbox.ca_bundle import store_bundle

if TYPE_CHECKING:
    from pathlib import Path

NAMES = st.text(string.ascii_lowercase + string.digits, min_size=1)


def test_hosts() -> None:
    """A host has an IPv4 or IPv6 address or `host-gateway`; the last address applies."""
    values = ["db:10.0.0.4", "db:10.0.0.5", "v6:fd00::1", "v6b:[fd00::2]", "me:host-gateway"]
    assert parse_hosts(values) == {
        "db": "10.0.0.5",
        "v6": "fd00::1",
        "v6b": "fd00::2",
        "me": "host-gateway",
    }


@given(NAMES, st.ip_addresses())
def test_any_host_with_any_address(name: str, address: object) -> None:
    """The first colon ends the name; the rest is the address."""
    assert parse_hosts([f"{name}:{address}"]) == {name: str(address)}


@pytest.mark.parametrize(
    "value", ["", "db", "db:", ":10.0.0.5", "db:db2", "a b:10.0.0.5", "-:1.1.1.1"]
)
def test_malformed_hosts(value: str) -> None:
    """A malformed host is an error with the value and an example."""
    with pytest.raises(UsageError, match="is not HOST:IP") as caught:
        parse_hosts([value])
    assert "--add-host db.local:10.0.0.5" in str(caught.value.hint)


def test_dns_servers() -> None:
    """DNS servers keep their order."""
    assert parse_dns(["10.0.0.2", "fd00::1"]) == ("10.0.0.2", "fd00::1")


@pytest.mark.parametrize("value", ["", "dns.local", "10.0.0", "10.0.0.2:53"])
def test_malformed_dns_servers(value: str) -> None:
    """A DNS server must be an IP address."""
    with pytest.raises(UsageError, match="is not an IP address"):
        parse_dns([value])


@pytest.mark.parametrize(
    ("interface", "host"),
    [("127.0.0.1", "localhost"), ("0.0.0.0", "localhost"), ("10.0.0.7", "10.0.0.7")],  # noqa: S104
)
def test_interface(interface: str, host: str) -> None:
    """Ports on a certain address are reached at that address."""
    assert find_host(parse_interface(interface)) == host


def test_malformed_interface() -> None:
    """The interface must be an IP address."""
    with pytest.raises(UsageError, match="`--container-host-interface eth0` is not an IP address"):
        parse_interface("eth0")


def test_file_systems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Directories become absolute, `~` is the home, and a name may contain `=`."""
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
def test_malformed_file_systems(value: str) -> None:
    """A mount path other than /mnt/NAME is an error, as in Lambda."""
    with pytest.raises(UsageError, match="is not /mnt/NAME=DIR"):
        parse_file_systems([value])


def test_file_system_without_directory(tmp_path: Path) -> None:
    """A missing directory is an error; the engine would create an empty one."""
    with pytest.raises(UsageError, match="no directory") as caught:
        parse_file_systems([f"/mnt/a={tmp_path}/b"])
    assert caught.value.hint == f"`mkdir -p {tmp_path}/b` creates it"


def test_ca_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bundle is copied to a world-readable directory, the same one for the same content."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    bundle = tmp_path / "ca.pem"
    bundle.write_text("# Corp\n-----BEGIN CERTIFICATE-----\n")
    bundle.chmod(0o600)

    content = read_ca_bundle(bundle)
    directory = store_bundle(content, tmp_path / "cache")

    (copy,) = directory.iterdir()
    assert copy.read_text() == bundle.read_text()
    assert (copy.stat().st_mode & 0o777, directory.stat().st_mode & 0o777) == (0o644, 0o755)
    assert store_bundle(content, tmp_path / "cache") == directory


def test_invalid_ca_bundles(tmp_path: Path) -> None:
    """A missing file and a file in DER format are errors."""
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_ca_bundle(tmp_path / "ca.pem")
    (tmp_path / "ca.cer").write_bytes(b"\x30\x82\x03")
    with pytest.raises(UsageError, match="has no certificate in PEM format") as caught:
        read_ca_bundle(tmp_path / "ca.cer")
    assert "openssl x509 -inform der" in str(caught.value.hint)


@pytest.mark.parametrize("path", [None, "/srv/app", "C:\\app", "//wsl$/app"])
def test_volume_basedir(path: str | None) -> None:
    """--docker-volume-basedir may be a path of another operating system."""
    assert parse_volume_basedir(path) == path


@pytest.mark.parametrize("path", [".", "app", ""])
def test_a_relative_volume_basedir(path: str) -> None:
    """A relative --docker-volume-basedir is a usage error that names the option."""
    with pytest.raises(UsageError, match=r"--docker-volume-basedir.* needs an absolute path"):
        parse_volume_basedir(path)
