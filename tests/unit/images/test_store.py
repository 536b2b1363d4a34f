from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runtimes.images.store import IngredientError, Store, cache_folder, run


def test_a_thing_is_made_once(tmp_path: Path) -> None:
    """Whoever asks for the same thing at the same time gets the one that is made."""
    made: list[Path] = []

    def make(path: Path) -> None:
        made.append(path)
        time.sleep(0.05)
        path.write_text("made")

    store = Store(tmp_path)
    with ThreadPoolExecutor() as threads:
        paths = set(threads.map(lambda _: store.get("thing", ["key"], make), range(4)))
    assert [path.read_text() for path in paths] == ["made"]
    assert len(made) == 1
    assert Store(tmp_path).get("thing", ["key"], make) in paths
    assert store.get("thing", ["another key"], make) not in paths


def test_half_of_a_thing_is_not_kept(tmp_path: Path) -> None:
    """What fails half-way leaves nothing behind, and is tried again the next time."""

    def fail(path: Path) -> None:
        path.write_text("half")
        raise IngredientError("no network")

    store = Store(tmp_path)
    with pytest.raises(IngredientError):
        store.get("thing", "key", fail)
    assert list(tmp_path.iterdir()) == []
    assert store.get("thing", "key", Path.touch).exists()


@pytest.mark.parametrize(
    ("complaint", "afterwards"),
    [
        pytest.param("E: no such package", "I: removing tempdir", id="mmdebstrap"),
        pytest.param("ERROR: No matching distribution", "errors everywhere", id="pip"),
        pytest.param("[ERROR] Failed to execute goal", "[ERROR] Re-run Maven using -X", id="mvn"),
    ],
)
def test_a_tool_that_fails_is_quoted(complaint: str, afterwards: str) -> None:
    """The reason is the line in which the tool complains first, not the last one it writes."""
    script = f"echo Reading; echo '{complaint}'; echo '{afterwards}'; exit 25"
    with pytest.raises(IngredientError, match=rf"^tool: {re.escape(complaint)}$"):
        run("tool", ["sh", "-c", script])


def test_a_tool_that_succeeds_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    """What a tool writes is shown only when it fails."""
    run("pip", ["sh", "-c", "echo out; echo err >&2"])
    assert capfd.readouterr() == ("", "")


def test_the_cache_is_where_the_platform_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """XDG_CACHE_HOME moves the cache; an empty one doesn't."""
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert cache_folder() == Path("/cache/samlocal/images")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert cache_folder() == Path("/home/me/.cache/samlocal/images")
    monkeypatch.setattr("sys.platform", "darwin")
    assert cache_folder() == Path("/home/me/Library/Caches/samlocal/images")
