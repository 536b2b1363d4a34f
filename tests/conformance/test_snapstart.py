"""SnapStart with the clients of runtimes that have hooks, and with SDKs that ask for credentials."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from tests.docker.apps import java_client
from tests.docker.build_cache import NoCompilerError, built_once, content, require, run
from tests.docker.command import API_CONNECTION
from tests.docker.test_metadata import PROJECT
from tests.missing import missing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docker.command import Finished, Samlocal
    from tests.docker.fixtures import SamlocalIn

SANDBOXES = ("docker", "podman", "process")
ORDER: Final = ["init", "second before", "first before", "first after", "second after"]
SESSION: Final = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI",
    "AWS_SESSION_TOKEN": "session",
}
ENDPOINT: Final = ["AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_CREDENTIALS_FULL_URI"]


@pytest.fixture
def samlocal(samlocal_in: SamlocalIn) -> Samlocal:
    return samlocal_in(PROJECT, "python:3.13")


def signed_in(samlocal: Samlocal) -> Samlocal:
    return replace(samlocal, environment={**samlocal.environment, **SESSION})


@pytest.fixture(scope="session")
def java_code() -> Path:
    """A folder with the function in Java, built with CRaC and the SDK."""
    try:
        require("mvn", "javac")
    except NoCompilerError as reason:
        missing(str(reason))
    source = PROJECT / "java"

    def build(folder: Path) -> None:
        shutil.copytree(source, folder, dirs_exist_ok=True)
        run(["mvn", "--batch-mode", "--quiet", "package"], cwd=folder)

    return built_once("snapstart-java", content(source), build)


def lines(ended: Finished) -> list[str]:
    """Return the platform's lines without figures, up to `START`."""
    log, start, _ = ended.stderr.partition("START RequestId")
    assert start, ended.stderr
    platform = [each for each in log.splitlines() if each.startswith(("INIT_", "RESTORE_"))]
    return [re.sub(r"[0-9.]+ ms", "N ms", each).rstrip() for each in platform]


def test_hooks_of_python(samlocal: Samlocal) -> None:
    """Hooks before the snapshot run after Init, the last one first; those after it in order."""
    ended = samlocal.invoke("Hooks:live")
    result = json.loads(ended.stdout)
    assert (result["ran"], result["type"]) == (ORDER, "snap-start")
    assert lines(ended) == [
        "INIT_REPORT Init Duration: N ms\tPhase: init",
        "RESTORE_START Runtime Version: python:3.13",
        "RESTORE_REPORT Restore Duration: N ms",
    ]
    assert re.search(
        r"\tRestore Duration: [0-9.]+ ms\tBilled Restore Duration: \d+ ms", ended.stderr
    )
    assert "\tInit Duration" not in ended.stderr


def test_what_is_not_published(samlocal: Samlocal) -> None:
    """`$LATEST` is initialised on demand, and runs no hooks; `--snapstart` changes that."""
    latest = json.loads(samlocal.invoke("Hooks").stdout)
    chosen = json.loads(samlocal.invoke("Hooks", "--snapstart").stdout)
    refused = json.loads(samlocal.invoke("Hooks:live", "--no-snapstart").stdout)
    assert (latest["ran"], latest["type"]) == (["init"], "on-demand")
    assert (chosen["ran"], chosen["type"]) == (ORDER, "snap-start")
    assert refused["type"] == "on-demand"


@pytest.mark.parametrize(
    ("hook", "phase", "error_type"),
    [
        pytest.param("second before", "INIT", "Runtime.BeforeSnapshotError", id="before"),
        pytest.param("first after", "RESTORE", "Runtime.AfterRestoreError", id="after"),
    ],
)
def test_a_hook_of_python_fails(samlocal: Samlocal, hook: str, phase: str, error_type: str) -> None:
    """The result is the error of the hook; the report of the phase has the type of the runtime."""
    ended = samlocal.invoke("Hooks:live", "--env", f"FAILS={hook}")
    assert ended.exit_code == 5
    assert json.loads(ended.stdout)["errorMessage"] == f"{hook} failed"
    report = next(each for each in lines(ended) if each.startswith(f"{phase}_REPORT"))
    assert report.endswith(f"Status: error\tError Type: {error_type}")


@pytest.mark.container("AWS SDK (`boto3`, `@aws-sdk/…`, `aws-sdk-*`)")
def test_credentials_of_boto3(samlocal: Samlocal) -> None:
    """boto3 asks the endpoint, which is at a loopback address; no variable has a credential."""
    ended = signed_in(samlocal)("local", "invoke", "Credentials:live", API_CONNECTION, "auto")
    assert json.loads(ended.stdout) == {
        "keys": list(SESSION.values()),
        "method": "container-role",
        "variables": ENDPOINT,
    }


@pytest.mark.container("network")
def test_credentials_without_a_loopback_address(samlocal: Samlocal) -> None:
    """A direct connection does not lead to a loopback address, so the credentials are variables."""
    ended = signed_in(samlocal)("local", "invoke", "Credentials:live", API_CONNECTION, "direct")
    assert json.loads(ended.stdout) == {
        "keys": list(SESSION.values()),
        "method": "env",
        "variables": sorted(SESSION),
    }


@pytest.fixture
def java(samlocal_in: SamlocalIn, java_code: Path, sandbox: str) -> Samlocal:
    samlocal = samlocal_in(PROJECT, "java:21", "python:3.13")
    shutil.rmtree(samlocal.directory / "java")
    shutil.copytree(java_code, samlocal.directory / "java")
    if sandbox == "process":
        for jar in java_client().glob("*.jar"):
            shutil.copy(jar, samlocal.directory / "java" / "lib" / jar.name)
    return samlocal


def test_java(java: Samlocal) -> None:
    """CRaC's resources are the hooks of Java, and its SDK asks the endpoint for credentials."""
    ended = signed_in(java)("local", "invoke", "Java:live", API_CONNECTION, "auto")
    assert json.loads(ended.stdout) == {
        "ran": ORDER,
        "key": SESSION["AWS_ACCESS_KEY_ID"],
        "kind": "AwsSessionCredentials",
        "provider": "ContainerCredentialsProvider",
    }
    assert lines(ended)[-1] == "RESTORE_REPORT Restore Duration: N ms"


def test_placeholders_of_java(java: Samlocal) -> None:
    """Keys without a session are basic credentials."""
    ended = java.invoke("Java:live", API_CONNECTION, "auto")
    result = json.loads(ended.stdout)
    assert (result["key"], result["kind"]) == ("defaultkey", "AwsBasicCredentials")


@pytest.mark.parametrize(
    ("hook", "phase", "error_type"),
    [
        pytest.param("second before", "INIT", "Runtime.BeforeCheckpointError", id="before"),
        pytest.param("first after", "RESTORE", "Runtime.AfterRestoreError", id="after"),
    ],
)
def test_a_hook_of_java_fails(java: Samlocal, hook: str, phase: str, error_type: str) -> None:
    """The error of a resource ends Init or Restore, with Java's own names for it."""
    ended = java.invoke("Java:live", "--env", f"FAILS={hook}")
    assert ended.exit_code == 5
    report = next(each for each in lines(ended) if each.startswith(f"{phase}_REPORT"))
    assert report.endswith(f"Status: error\tError Type: {error_type}")
