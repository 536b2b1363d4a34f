"""Homes and caches that can't be read or written: missing, somebody else's, on a read-only file system."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from samlocal.data import temporary_cache
from samlocal.errors import CacheError
from tests.docker.command import SAMLOCAL

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docker.command import Samlocal
    from tests.unit.cli.conftest import InProject

ENGINE = "no container engine answers at `unix:///nowhere/docker.sock`"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\n"


def run(samlocal: Samlocal, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command without root's permission to read and write every file."""
    without_rights = "--bounding-set=-dac_override,-dac_read_search"
    prefix = ["setpriv", without_rights] if os.getuid() == 0 else []
    return subprocess.run(
        [*prefix, SAMLOCAL, *arguments],
        cwd=samlocal.directory,
        env=samlocal._environment(),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def closed_home(tmp_path: Path) -> Path:
    """Create a home directory that belongs to another user."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700 if os.getuid() == 0 else 0o000)
    if os.getuid() == 0:
        os.chown(home, 65534, 65534)
    return home


@pytest.mark.parametrize("home", ["/dev/null", "/sys", "somebody else's"])
def test_a_temporary_directory_replaces_the_cache(
    project: InProject, tmp_path: Path, closed_home: Path, home: str
) -> None:
    """Code and certificates go to a temporary cache with one warning; the command continues."""
    (tmp_path / "ca.pem").write_text(CERTIFICATE)
    home = str(closed_home) if home == "somebody else's" else home
    samlocal = project("cfn-inline", HOME=home, TMPDIR=str(tmp_path))
    options = ("--no-credentials", "--ca-bundle", str(tmp_path / "ca.pem"))
    ended = run(samlocal, "local", "invoke", "Cleanup", *options)

    folder = tmp_path / f"samlocal-{os.getuid()}"
    warning = f"the cache `{home}/.cache/samlocal` cannot be written; using `{folder}`"
    assert ended.stderr.count(warning) == 1
    assert f"Error: {ENGINE}" in ended.stderr
    assert {each.name for each in folder.iterdir()} == {"ca-bundles", "inline"}
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "command",
    [("local", "invoke", "--print-env"), ("local", "invoke"), ("prune",), ("doctor",)],
    ids=" ".join,
)
def test_a_closed_home_causes_no_traceback(
    project: InProject, closed_home: Path, command: tuple[str, ...]
) -> None:
    """Profiles, contexts and sockets in an inaccessible home count as missing."""
    samlocal = project("broken-inputs", HOME=str(closed_home), DOCKER_HOST="")
    ended = run(samlocal, *command)
    assert "Traceback" not in ended.stderr
    if "--print-env" in command:
        assert f"`{closed_home}/.aws/config` cannot be read: Permission denied" in ended.stderr
        assert "STAGE" in ended.stdout


LAYERS = """
Resources:
  Reports:
    Type: AWS::Lambda::Function
    Properties: {Runtime: python3.13, Handler: app.handler, Code: one, Layers: [!Ref One, !Ref Two]}
  One: {Type: AWS::Lambda::LayerVersion, Properties: {Content: one}}
  Two: {Type: AWS::Lambda::LayerVersion, Properties: {Content: two}}
"""


def test_a_layer_cache_that_cannot_be_written_is_an_error(
    project: InProject, tmp_path: Path
) -> None:
    """An unwritable --layer-cache-basedir is an error that names the option, without a fallback."""
    (tmp_path / "template.yaml").write_text(LAYERS)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    samlocal = replace(project("sam-layers"), directory=tmp_path)
    options = ("--no-credentials", "--layer-cache-basedir", "/sys/layers")
    ended = run(samlocal, "local", "invoke", *options)
    assert ended.returncode == 1
    assert ended.stderr == (
        "Error: the cache `/sys/layers/layers` cannot be written: permission denied\n"
        "hint: choose another folder with --layer-cache-basedir\n"
    )


def test_an_inaccessible_file_is_named(project: InProject, closed_home: Path) -> None:
    """Any other inaccessible file is one error message."""
    path = f"{closed_home}/a/template.yaml"
    ended = run(project("sam-config"), "local", "invoke", "-t", path)
    assert ended.returncode == 1
    assert ended.stderr.endswith(f"Error: cannot read `{path}`: Permission denied\n")


def test_an_inaccessible_working_directory(project: InProject, closed_home: Path) -> None:
    """Files that nobody has named are an error with the way to find out what needs them."""
    ended = run(replace(project("sam-config"), directory=closed_home), "local", "invoke")
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"Error: `{closed_home}")
    assert ended.stderr.endswith("Permission denied\nhint: `--debug` shows what needs it\n")


def test_inaccessible_code_is_named_with_its_place(
    project: InProject, tmp_path: Path, closed_home: Path
) -> None:
    """So is code that a template names."""
    template = tmp_path / "template.yaml"
    template.write_text(
        "Resources:\n  F:\n    Type: AWS::Serverless::Function\n"
        f"    Properties: {{Runtime: python3.13, Handler: app.handler, CodeUri: {closed_home}/code}}\n"
    )
    ended = run(project("sam-config"), "local", "invoke", "-t", str(template), "--no-credentials")
    assert ended.returncode == 1
    assert "template.yaml:4:70: `" in ended.stderr
    assert "cannot be read: Permission denied\n" in ended.stderr


def test_a_temporary_cache_of_another_user_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A temporary cache that another user could write to is an error."""
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    (tmp_path / f"samlocal-{os.getuid()}").symlink_to("/")
    with pytest.raises(CacheError, match="is not a private directory of your user"):
        temporary_cache()
