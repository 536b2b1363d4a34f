from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from samlocal.errors import Place, RuntimeNotFoundError
from samlocal.runtimes import Runtime, all_runtimes, find_runtime


def test_the_facts_of_one_runtime() -> None:
    """A runtime is found by its ID, with the facts from AWS's table."""
    runtime = find_runtime("python3.11")
    assert [recipe.debugger for recipe in runtime.debug] == ["debugpy"]
    assert replace(runtime, debug=()) == Runtime(
        id="python3.11",
        family="python",
        image="python:3.11",
        program="python3",
        operating_system="Amazon Linux 2",
        architectures=("x86_64", "arm64"),
        deprecated=date(2027, 6, 30),
        replacement="python3.14",
        handler="app.handler",
        bootstraps=(),
    )


@pytest.mark.parametrize(
    ("runtime_id", "concurrency"),
    [
        ("python3.12", None),
        ("python3.13", 16),
        ("nodejs20.x", None),
        ("nodejs24.x", 64),
        ("java17", None),
        ("java21", 32),
        ("dotnet8", 32),
        ("provided.al2", None),
        ("provided.al2023", 8),
        ("ruby3.4", None),
    ],
)
def test_concurrency_on_managed_instances(runtime_id: str, concurrency: int | None) -> None:
    """New runtimes handle several invocations at once on a vCPU of a managed instance."""
    assert find_runtime(runtime_id).managed_concurrency == concurrency


def test_an_os_only_runtime_lists_its_bootstraps() -> None:
    """An OS-only runtime lists the function's bootstrap before a layer's."""
    assert find_runtime("provided.al2023").bootstraps == ("/var/task/bootstrap", "/opt/bootstrap")


def test_the_first_os_only_runtime_has_one_architecture() -> None:
    """A runtime may have its own architectures within a family."""
    assert find_runtime("provided").architectures == ("x86_64",)
    assert find_runtime("provided.al2").architectures == ("x86_64", "arm64")


@pytest.mark.parametrize(
    ("repository", "uri"),
    [
        pytest.param(None, "public.ecr.aws/lambda/nodejs:22", id="official"),
        pytest.param("localhost/samlocal", "localhost/samlocal/nodejs:22", id="mirror"),
        pytest.param("127.0.0.1:5000/", "127.0.0.1:5000/nodejs:22", id="trailing slash"),
    ],
)
def test_the_image_of_a_runtime(repository: str | None, uri: str) -> None:
    """A user's repository replaces AWS's; the rest of the image's name stays."""
    assert find_runtime("nodejs22.x").image_uri(repository) == uri


def test_every_runtime_is_found_by_its_id() -> None:
    """Every ID is found, and no two runtimes share an image."""
    runtimes = all_runtimes()
    assert [find_runtime(runtime.id) for runtime in runtimes] == list(runtimes)
    assert len({runtime.image for runtime in runtimes}) == len(runtimes) >= 32
    assert all(set(runtime.architectures) <= {"x86_64", "arm64"} for runtime in runtimes)
    assert all(find_runtime(each.replacement) for each in runtimes if each.replacement)


@pytest.mark.parametrize(
    ("runtime_id", "hint"),
    [
        pytest.param("python3.41", "did you mean `python3.14`?", id="no such version"),
        pytest.param("Python3.11", "did you mean `python3.11`?", id="capital"),
        pytest.param("nodejs22", "did you mean `nodejs22.x`?", id="ending forgotten"),
        pytest.param("pyhton3.12", "did you mean `python3.12`?", id="no such family"),
    ],
)
def test_a_misspelt_runtime_gets_a_suggestion(runtime_id: str, hint: str) -> None:
    """The error for a misspelt ID suggests the right one."""
    with pytest.raises(RuntimeNotFoundError) as caught:
        find_runtime(runtime_id)
    assert caught.value.message == f"unknown runtime `{runtime_id}`"
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("runtime_id", "replacement"),
    [
        pytest.param("python3.9", "python3.14", id="newest of its family that is no preview"),
        pytest.param("java17", "java17.al2023", id="same version on a newer system"),
        pytest.param("python3.14", None, id="the newest"),
        pytest.param("python3.15", "python3.14", id="preview"),
    ],
)
def test_what_replaces_a_runtime(runtime_id: str, replacement: str | None) -> None:
    """A runtime has a replacement for when its support ends."""
    assert find_runtime(runtime_id).replacement == replacement


@pytest.mark.parametrize(
    ("runtime_id", "ended", "hint"),
    [
        pytest.param("python3.7", "2023-12-04", "use `python3.14`", id="newest of its family"),
        pytest.param("java8", "2024-01-08", "use `java8.al2023`", id="its own replacement"),
        pytest.param("dotnetcore3.1", "2023-04-03", "use `dotnet10`", id="another family"),
        pytest.param("dotnet7", "2024-05-14", "use `dotnet10`", id="for images only"),
        pytest.param("nodejs", "2016-08-30", "use `nodejs24.x`", id="without a version"),
        pytest.param(
            "go1.x",
            "2024-01-08",
            "use `provided.al2023`, and compile the function to a file `bootstrap`"
            " (`GOOS=linux go build -tags lambda.norpc -o bootstrap`)",
            id="another way",
        ),
    ],
)
def test_a_retired_runtime_has_a_replacement(runtime_id: str, ended: str, hint: str) -> None:
    """The error for a retired runtime has the date and the replacement."""
    with pytest.raises(RuntimeNotFoundError) as caught:
        find_runtime(runtime_id)
    assert caught.value.message == (
        f"the runtime `{runtime_id}` is retired: AWS ended its support on {ended}"
    )
    assert caught.value.hint == hint


@pytest.mark.parametrize("runtime_id", ["", "3.11", "../../etc", "cobol85", "images"])
def test_an_unknown_runtime_lists_the_known_ones(runtime_id: str) -> None:
    """The error for an unknown ID has its place, and its hint lists all runtimes."""
    place = Place(Path("template.yaml"), 12, 16)
    with pytest.raises(RuntimeNotFoundError) as caught:
        find_runtime(runtime_id, place=place)
    assert str(caught.value) == f"template.yaml:12:16: unknown runtime `{runtime_id}`"
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("samlocal knows dotnet10, dotnet8, ")
