from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from samlocal.data import cache_folder, data_folder

pytestmark = pytest.mark.xdist_group("wheel")  # it is built once

_CHECKOUT = Path(__file__).parents[2]


def test_a_checkout_reads_its_own_data_folders() -> None:
    """An editable install uses the folders at the top level of the checkout."""
    assert data_folder("runtimes") == _CHECKOUT / "runtimes"
    assert (data_folder("templates") / "ratings" / "template.yaml").is_file()


@pytest.mark.parametrize(
    ("home", "chosen", "expected"),
    [
        pytest.param("/home/me", "/cache", "/cache/samlocal", id="chosen"),
        pytest.param("/home/me", "", "/home/me/.cache/samlocal", id="empty"),
        pytest.param("/home/me", "cache", "/home/me/.cache/samlocal", id="relative"),
        pytest.param("me", "", f"{Path.cwd()}/me/.cache/samlocal", id="relative-home"),
    ],
)
def test_the_cache_has_an_absolute_path(
    monkeypatch: pytest.MonkeyPatch, home: str, chosen: str, expected: str
) -> None:
    """A relative XDG_CACHE_HOME is ignored, as in the XDG specification: engines mount absolute paths only."""
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("HOME", home)
    monkeypatch.setenv("XDG_CACHE_HOME", chosen)
    assert cache_folder() == Path(expected)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with only the unpacked wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, _CHECKOUT],
        check=True,
    )
    (wheel,) = folder.glob("*.whl")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "-t", folder / "site", wheel],
        check=True,
    )
    return folder / "site"


def test_a_wheel_contains_its_data_folders(installed: Path) -> None:
    """Installed from a wheel, the package reads the folders inside it, and finds its runtimes."""
    program = (
        "from samlocal.data import data_folder; from samlocal.runtimes import find_runtime;"
        "print(data_folder('templates'), find_runtime('python3.11').image)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        cwd=installed,
        env=os.environ | {"PYTHONPATH": str(installed)},
        text=True,
    )
    assert answer.stdout == f"{installed}/samlocal/_data/templates python:3.11\n"


def test_a_wheel_contains_the_command(installed: Path) -> None:
    """Installed from a wheel, `samlocal` runs."""
    answer = subprocess.run(
        [installed / "bin" / "samlocal", "--version"],
        check=True,
        capture_output=True,
        env=os.environ | {"PYTHONPATH": str(installed)},
        text=True,
    )
    assert answer.stdout.startswith("samlocal ")


def test_a_wheel_keeps_the_wrapper_executable(installed: Path) -> None:
    """The wrapper for debuggers is executable after installation from a wheel."""
    assert os.access(installed / "samlocal/_data/runtimes/debug/wrapper", os.X_OK)


def test_a_wheel_contains_the_table_of_ref_values(installed: Path) -> None:
    """A wheel contains the data files beside the modules."""
    assert (installed / "samlocal/cloudformation/stack/ref_values.json").is_file()


def test_a_wheel_contains_the_program_for_node(installed: Path) -> None:
    """A wheel contains the program that reads files in JavaScript."""
    assert (installed / "samlocal/serverless/node/loader.cjs").is_file()


def test_a_wheel_contains_the_sample_apps(installed: Path) -> None:
    """A wheel contains every committed file of the sample apps."""
    listing = subprocess.run(
        ["git", "ls-files", "templates"], check=True, capture_output=True, cwd=_CHECKOUT, text=True
    )
    names = listing.stdout.splitlines()
    assert "templates/hello-provided/src/bootstrap" in names
    missing = [name for name in names if not (installed / "samlocal/_data" / name).is_file()]
    assert missing == []
